//! What a run is compared with: a recorded run, or its own time before the last turned knob.

use std::borrow::Cow;

use super::RunView;
use crate::model::{CellWindow, Model, StateTimes, TimelineMark};
use crate::trace::{PoolId, ResourceId, Span, Stamp, State, WorkerId};

/// Longest part of a run that is compared with another.
const MAX_LENGTH: Span = Span::from_millis(60_000);

/// Time after a turned knob that belongs to neither setting.
const SETTLE_TIME: Span = Span::from_millis(300);

/// Most workers whose states are compared.
const MAX_WORKERS: usize = 256;

/// A recorded run that has been read.
#[derive(Debug)]
pub(in crate::tui) struct OpenedRecording {
    /// The name of its file, safe to draw.
    pub(in crate::tui) name: String,
    pub(in crate::tui) model: Model,
    /// The moment at which the recording begins.
    pub(in crate::tui) begins_at: Stamp,
    pub(in crate::tui) end: Stamp,
}

/// The other side of a comparison.
#[derive(Debug)]
pub(in crate::tui) enum ComparedRun {
    /// The time before the last turned knob.
    BeforeKnob,
    Recording(Box<OpenedRecording>),
}

/// A knob that was turned during the run, with its values as text: `hold 5 ms`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) struct KnobTurn {
    pub(in crate::tui) at: Stamp,
    pub(in crate::tui) before: String,
    pub(in crate::tui) after: String,
}

/// A part of a run.
#[derive(Clone, Copy)]
pub(in crate::tui) struct RunPart<'a> {
    model: &'a Model,
    /// The clock of its run.
    now: Stamp,
    from: Stamp,
    to: Stamp,
}

/// A figure that both parts can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) enum PartFigure {
    /// Tasks a second, of the pool with this name.
    Tasks(String),
    /// Acquisitions a second, of the lock with this name.
    Acquisitions(String),
    /// The greatest depth, of the queue or pipe with this name.
    Depth(String),
    /// Share of the workers' time.
    Time(State),
}

impl RunView {
    /// Returns the last turned knob up to the shown moment.
    pub(in crate::tui) fn last_turn(&self) -> Option<KnobTurn> {
        let until = self.figures_time();
        let last = self.knob_changes.iter().rposition(|(at, ..)| *at <= until)?;
        let (at, id, after) = &self.knob_changes[last];
        let name = &self.scenario.knobs.get(id.index())?.name;
        let named = |value: &str| format!("{name} {value}");
        Some(KnobTurn { at: *at, before: named(&self.value_before(last)?), after: named(after) })
    }

    /// Returns the value that a knob had before a change.
    fn value_before(&self, change: usize) -> Option<String> {
        let (_, id, _) = self.knob_changes.get(change)?;
        let earlier = self.knob_changes[..change].iter().rev().find(|(_, other, _)| other == id);
        match earlier {
            Some((.., value)) => Some(value.clone()),
            None => Some(self.scenario.knobs.get(id.index())?.format_value(self.initial_settings.number(*id))),
        }
    }

    /// Returns the text of a change of the run: of a turned knob, with the value before.
    pub(in crate::tui) fn change_text<'a>(&self, mark: &'a TimelineMark, has_unicode: bool) -> Cow<'a, str> {
        let turned = |change: usize| {
            let (at, id, after) = &self.knob_changes[change];
            let name = &self.scenario.knobs.get(id.index())?.name;
            let is_this = *at == mark.at && mark.text.strip_prefix(name.as_str())?.trim_start() == after;
            let before = self.value_before(change).filter(|before| is_this && before != after)?;
            Some(format!("{name} {before}{}{after}", if has_unicode { "→" } else { "->" }))
        };
        (0..self.knob_changes.len()).rev().find_map(turned).map_or(Cow::Borrowed(mark.text.as_str()), Cow::Owned)
    }

    /// Returns the parts that are compared, the older first, and their names.
    pub(in crate::tui) fn compared_parts(&self) -> Option<([RunPart<'_>; 2], [String; 2])> {
        let (now, model) = (self.figures_time(), self.shown_model());
        let begins_at = self.first_moment();
        match self.compared.as_ref()? {
            ComparedRun::Recording(other) => {
                let part =
                    |model, from: Stamp, now: Stamp| RunPart { model, now, from, to: now.min(from + MAX_LENGTH) };
                let parts = [part(&other.model, other.begins_at, other.end), part(model, begins_at, now)];
                Some((parts, [other.name.clone(), "this run".to_owned()]))
            }
            ComparedRun::BeforeKnob => {
                let KnobTurn { at: turned, before, after } = self.last_turn()?;
                let earlier = self.knob_changes.iter().rev().map(|(at, ..)| *at + SETTLE_TIME).find(|at| *at < turned);
                let from = earlier.unwrap_or(begins_at).max(turned.earlier_by(MAX_LENGTH));
                let settled = (turned + SETTLE_TIME).min(now);
                let parts = [(from, turned), (settled, now.min(settled + MAX_LENGTH))];
                let parts = parts.map(|(from, to)| RunPart { model, now, from, to });
                Some((parts, [before, after]))
            }
        }
    }
}

impl RunPart<'_> {
    pub(in crate::tui) fn length(&self) -> Span {
        self.to.span_since(self.from)
    }

    /// Returns the figures of this part, the result first.
    pub(in crate::tui) fn figures(&self) -> Vec<PartFigure> {
        let registry = self.model.registry();
        let pools = registry.pools.iter().map(|pool| PartFigure::Tasks(pool.name.clone()));
        let locks = registry.locks().map(|id| PartFigure::Acquisitions(registry.resource_name(id).to_owned()));
        let queues = registry.queues_and_pipes().map(|id| PartFigure::Depth(registry.resource_name(id).to_owned()));
        let states = [State::Running, State::Ready, State::Lock, State::Io, State::Empty, State::Full];
        pools.take(2).chain(queues.take(2)).chain(locks.take(2)).chain(states.map(PartFigure::Time)).collect()
    }

    /// Returns the figure in consecutive spans of this length from the beginning of the part, whole ones only. Empty if
    /// this part does not have the figure.
    pub(in crate::tui) fn series(&self, figure: &PartFigure, cell: Span, most: usize) -> Vec<f64> {
        let cells = (self.length().0 / cell.0.max(1)).min(most as u64) as usize;
        let rate = |count: &dyn Fn(Stamp, Stamp) -> u64| -> Vec<f64> {
            let at = |n: usize| self.from + Span(cell.0.saturating_mul(n as u64));
            (0..cells).map(|n| count(at(n), at(n + 1)) as f64 / cell.as_secs_f64()).collect()
        };
        let registry = self.model.registry();
        match figure {
            PartFigure::Tasks(name) => {
                let pool = registry.pools.iter().position(|pool| pool.name == *name).map(PoolId::from);
                let pool = pool.and_then(|id| self.model.pool(id));
                pool.map_or(Vec::new(), |pool| rate(&|from, to| pool.tasks_ended_between(from, to, self.now)))
            }
            PartFigure::Acquisitions(name) => {
                let named = |id: &ResourceId| registry.resource_name(*id) == name;
                let lock = registry.locks().find(named).and_then(|id| self.model.lock(id));
                lock.map_or(Vec::new(), |lock| rate(&|from, to| lock.releases(from, to)))
            }
            PartFigure::Depth(name) => {
                let named = |id: &ResourceId| registry.resource_name(*id) == name;
                let queue = registry.queues_and_pipes().find(named).and_then(|id| self.model.queue(id));
                let mut depths = Vec::new();
                if let Some(queue) = queue {
                    queue.depth_cells(&self.cells(cell, cells), self.now, &mut depths);
                }
                depths.into_iter().map(f64::from).collect()
            }
            PartFigure::Time(state) => self.state_series(*state, cell, cells),
        }
    }

    /// Returns this many cells from the beginning of the part.
    fn cells(&self, cell: Span, cells: usize) -> CellWindow {
        let to = self.from + Span(cell.0.saturating_mul(cells as u64));
        CellWindow { from: self.from, to, cells }
    }

    fn state_series(&self, state: State, cell: Span, cells: usize) -> Vec<f64> {
        let window = self.cells(cell, cells);
        let mut sums = vec![StateTimes::default(); cells];
        let mut times = Vec::new();
        for worker in (0..self.model.registry().workers.len().min(MAX_WORKERS)).map(WorkerId::from) {
            times.clear();
            self.model.lane(worker).cells(&window, self.now, &mut times);
            sums.iter_mut().zip(&times).for_each(|(sum, time)| sum.add(time));
        }
        sums.iter().map(|sum| sum.share(state)).collect()
    }
}
