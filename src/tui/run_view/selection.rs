//! What the keys act on: a pane, one thing in it, one knob.

use super::{RunView, Viewport, Zoom};
use crate::model::FindingSubject;
use crate::scenario::Scenario;
use crate::trace::{KnobId, PoolId, ResourceId, Span, Stamp, WorkerId};
use crate::tui::axis::{TimeAxis, zoom_cell};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Pane {
    Lanes,
    Locks,
    Queues,
    Findings,
    Pools,
    /// What pools achieved with each number of workers.
    Levels,
    /// The run beside a recorded one, or before and after a turned knob.
    Comparison,
    /// The prediction beside the measurement.
    Answer,
    Graph,
    /// Who costs whom.
    Costs,
    Log,
    /// Data that workers of a cluster fetched from each other.
    Transfers,
}

impl Pane {
    /// Whether it has something to select; other panes scroll.
    const fn has_selection(self) -> bool {
        matches!(self, Self::Lanes | Self::Locks | Self::Queues | Self::Findings)
    }
}

/// The selected thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Selection {
    Lane(WorkerId),
    Lock(ResourceId),
    Queue(ResourceId),
    /// The index in the list of findings.
    Finding(usize),
}

impl Selection {
    pub(in crate::tui) const fn pane(self) -> Pane {
        match self {
            Self::Lane(_) => Pane::Lanes,
            Self::Lock(_) => Pane::Locks,
            Self::Queue(_) => Pane::Queues,
            Self::Finding(_) => Pane::Findings,
        }
    }
}

/// Returns the first knob that can be turned during the run, or the first.
pub(super) fn first_knob(scenario: &Scenario) -> KnobId {
    scenario.knobs.iter().position(|k| k.is_live).map_or(KnobId(0), KnobId::from)
}

impl RunView {
    /// Returns the lanes that exist, pass the filter and are neither hidden nor folded, as they are arranged.
    pub(in crate::tui) fn visible_lanes(&self) -> Vec<WorkerId> {
        let registry = self.shown_model().registry();
        let is_folded = |w: WorkerId| registry.worker(w).is_some_and(|info| self.arrangement.is_folded(&info.group));
        self.arrange(self.figures.workers().filter(|&w| self.lane_matches_filter(w) && !is_folded(w)).collect())
    }

    /// Whether a text passes the filter.
    pub(in crate::tui) fn matches_filter(&self, text: &str) -> bool {
        self.filter.is_empty() || text.to_lowercase().contains(&self.filter.to_lowercase())
    }

    /// Whether a lane passes the filter: by the worker's name, its state, or what it holds or waits for.
    fn lane_matches_filter(&self, worker: WorkerId) -> bool {
        let registry = self.shown_model().registry();
        if self.matches_filter(registry.worker_name(worker)) {
            return true;
        }
        let lane = self.figures.lane(worker);
        let state = lane.and_then(|lane| lane.shown_state).is_some_and(|shown| self.matches_filter(shown.state.word()));
        let awaited = lane.and_then(|lane| lane.activity?.resource);
        let resources = awaited.into_iter().chain(self.figures.locks_held_by(worker));
        state || resources.into_iter().any(|id| self.matches_filter(registry.resource_name(id)))
    }

    /// Returns everything that can be selected, from top to bottom of the screen.
    fn selectable(&self) -> Vec<Selection> {
        let lanes = self.visible_lanes().into_iter().map(Selection::Lane);
        let locks = self.figures.locks.iter().map(|(id, _)| Selection::Lock(*id));
        let queues = self.figures.queues.iter().map(|(id, _)| Selection::Queue(*id));
        let findings = (0..self.figures.findings.len()).map(Selection::Finding);
        lanes.chain(locks).chain(queues).chain(findings).collect()
    }

    /// Switches to the next or previous of the available panes.
    pub(in crate::tui) fn switch_pane(&mut self, available: &[Pane], forward: bool) {
        let here = available.iter().position(|pane| *pane == self.pane).unwrap_or(0);
        let step = if forward { 1 } else { available.len().saturating_sub(1) };
        self.open_pane(available.get((here + step) % available.len().max(1)).copied().unwrap_or(Pane::Lanes));
    }

    /// Gives a pane the focus, and selects the first thing in it.
    pub(in crate::tui) fn open_pane(&mut self, pane: Pane) {
        self.pane = pane;
        self.scroll = 0;
        self.selection =
            if self.pane == Pane::Lanes { None } else { self.selectable().into_iter().find(|c| c.pane() == self.pane) };
    }

    /// Selects the thing `by` places further down, or the first or last if none was selected. Panes without anything to
    /// select scroll.
    pub(in crate::tui) fn move_selection(&mut self, by: isize) {
        if !self.pane.has_selection() {
            self.scroll = self.scroll.saturating_add_signed(by);
            return;
        }
        let choices = self.selectable();
        let Some(last) = choices.len().checked_sub(1) else { return };
        let next = match self.selection.and_then(|c| choices.iter().position(|x| *x == c)) {
            Some(here) => here.saturating_add_signed(by).min(last),
            None if by >= 0 => 0,
            None => choices.iter().rposition(|c| c.pane() == Pane::Lanes).unwrap_or(last),
        };
        self.select(choices[next]);
    }

    pub(in crate::tui) fn select(&mut self, chosen: Selection) {
        self.pane = chosen.pane();
        self.selection = Some(chosen);
    }

    /// Clears a selection that does not exist any more.
    pub(super) fn drop_stale_selection(&mut self) {
        // In a recording, a worker that does not exist yet at this moment is the one to step to; a tour points at a
        // worker before its first event.
        let model = self.shown_model();
        let is_to_come = |worker| !model.registry().is_open && model.lane(worker).life_count() == 0;
        let is_kept = |c| match c {
            Selection::Finding(_) => false,
            Selection::Lane(worker) => self.player().is_some() || is_to_come(worker),
            _ => self.player().is_some(),
        };
        if self.figures.taken_at == Stamp(0) {
            return; // the rows are not known yet
        }
        if self.selection.is_some_and(|c| !is_kept(c) && !self.selectable().contains(&c)) {
            self.selection = None;
        }
    }

    /// Selects the lane, lock or queue of a finding, and moves the cursor to its time.
    pub(in crate::tui) fn go_to_finding(&mut self, index: usize) {
        let Some(finding) = self.figures.findings.get(index) else { return };
        let (about, at) = (finding.subject, finding.at);
        let target = match about.map(FindingSubject::worst) {
            Some(FindingSubject::Worker(worker)) => Some(Selection::Lane(worker)),
            Some(FindingSubject::Resource(id)) if self.figures.lock(id).is_some() => Some(Selection::Lock(id)),
            Some(FindingSubject::Resource(id)) => self.figures.queue(id).map(|_| Selection::Queue(id)),
            Some(FindingSubject::Pool(id)) => self.queue_of(id).map(Selection::Queue),
            _ => None,
        };
        if let Some(target) = target {
            self.filter.clear();
            self.select(target);
        }
        if let Some(at) = at {
            self.cursor = Some(self.nearest_shown_moment(at));
            self.bring_cursor_in_sight();
        }
        self.refresh();
    }

    fn queue_of(&self, pool: PoolId) -> Option<ResourceId> {
        self.shown_model().registry().pools.get(pool.index()).map(|p| p.queue)
    }

    /// Moves the cursor by cells, from the end of the window if there is none. The window then stays where it is.
    pub(in crate::tui) fn move_cursor(&mut self, cells: i64) {
        let axis = self.drawn_axis();
        let here = self.cursor.unwrap_or_else(|| self.figures_time());
        let step = Span(self.cell.0.saturating_mul(cells.unsigned_abs()));
        let next = if cells < 0 { here.earlier_by(step) } else { here + step };
        self.viewport = Viewport::Until(axis.end);
        self.cursor = Some(self.nearest_shown_moment(next));
        self.bring_cursor_in_sight();
        self.refresh();
    }

    /// Returns a moment, or the nearest that the cursor can be at.
    pub(in crate::tui) fn nearest_shown_moment(&self, at: Stamp) -> Stamp {
        at.max(self.first_moment()).min(self.now)
    }

    pub(in crate::tui) fn bring_cursor_in_sight(&mut self) {
        let Some(at) = self.cursor else { return };
        let axis = self.drawn_axis();
        if axis.column_at(at).is_some() {
            self.viewport = Viewport::Until(axis.end);
        } else if at < axis.start() {
            self.viewport = Viewport::Until(at + Span(axis.width().0.saturating_sub(axis.cell.0)));
        } else {
            self.viewport = Viewport::Until(at);
        }
    }

    /// Moves the window by cells; at the newest it follows again unless there is a cursor.
    pub(in crate::tui) fn pan_window(&mut self, cells: i64) {
        let axis = self.drawn_axis();
        let step = Span(self.cell.0.saturating_mul(cells.unsigned_abs()));
        let end = if cells < 0 { axis.end.earlier_by(step).max(axis.start().min(axis.end)) } else { axis.end + step };
        let newest = self.axis_at_newest();
        self.viewport = match self.cursor {
            None if end >= newest => Viewport::Follow,
            _ => Viewport::Until(end.min(newest).max(self.first_moment() + self.cell)),
        };
        self.refresh();
    }

    fn axis_at_newest(&self) -> Stamp {
        TimeAxis::new(self.cell, self.last_moment(), 1).end
    }

    /// Zooms so that about this much time is in sight, never less.
    pub(in crate::tui) fn zoom_to_width(&mut self, width: Span) {
        let mut before = Span::ZERO;
        while self.drawn_axis().width() < width && self.cell != before {
            before = self.cell;
            self.zoom(true);
        }
        let narrower = |view: &Self| zoom_cell(view.cell, false).0.saturating_mul(u64::from(view.columns));
        while narrower(self) >= width.0 && zoom_cell(self.cell, false) != self.cell {
            self.zoom(false);
        }
    }

    /// Changes the length of a cell; the cursor keeps its column if possible.
    pub(in crate::tui) fn zoom(&mut self, wider: bool) {
        let before = self.drawn_axis();
        let column = self.cursor.and_then(|at| before.column_at(at));
        self.cell = zoom_cell(self.cell, wider);
        self.zoom = Zoom::User;
        if let (Some(at), Some(column)) = (self.cursor, column) {
            let right = u64::from(before.columns.saturating_sub(column + 1));
            let end = at + Span(self.cell.0.saturating_mul(right));
            self.viewport = Viewport::Until(end.min(self.axis_at_newest()));
        }
        self.refresh();
    }
}
