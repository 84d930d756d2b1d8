//! The state of a run on screen: the model, the visible part of the time axis, and what the keys act on.

mod arrangement;
mod compared_run;
mod navigation;
mod playing;
mod possible_states;
mod prediction;
mod ranking;
mod selection;
mod shown_moment;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::axis::TimeAxis;
use super::cell_cache::CellCache;
use super::figures::RunFigures;
use super::lateness::Lateness;
use super::level_history::{LevelHistory, describe_other_knobs};
use super::player::{PlayableRun, Player};
use super::totals_history::{self, TotalsHistory};
use crate::model::{Budget, CellWindow, Model, StateTimes, WhoCostsWhom};
use crate::platform::Machine;
use crate::report::Answer;
use crate::scenario::{Scenario, Settings};
use crate::trace::{KnobId, Message, Notice, Registry, RunEnd, Span, Stamp, WorkerId};

use arrangement::Arrangement;
pub(super) use arrangement::LaneOrder;
pub(super) use compared_run::{ComparedRun, OpenedRecording, PartFigure, RunPart};
use navigation::{PlaceHistory, TimeRange};
pub(super) use playing::{JumpTarget, moment_at_speed};
pub(super) use possible_states::PossibleStates;
pub(super) use prediction::Prediction;
pub(super) use selection::{Pane, Selection};

/// Length of a cell at the start, with which the window is two to five seconds wide.
const INITIAL_CELL: Span = Span::from_millis(50);

/// Cells over which a recorded run is laid out at first.
const RECORDED_CELLS: u64 = 60;

/// Cells between the end of a window and the moment in it.
const ROOM_CELLS: u64 = 3;

/// How long figures are held: changing numbers are readable at about three per second.
const FIGURES_INTERVAL: Span = totals_history::SAMPLE_INTERVAL;

pub(super) struct RunView {
    pub(super) scenario: Arc<Scenario>,
    /// The knobs of the current run.
    pub(super) settings: Settings,
    /// The knobs of the next run, as turned by the user.
    pub(super) next_settings: Settings,
    pub(super) prediction: Prediction,
    /// The run's answer to the question; see [`RunView::update_answer`].
    pub(super) answer: Option<Answer>,
    /// What the run is compared with.
    pub(super) compared: Option<ComparedRun>,
    /// When a knob was last turned here. Until the run reports it, nothing is known about the new settings.
    pub(super) last_turn_at: Option<Stamp>,
    /// The collected model. The one on screen is [`RunView::shown_model`].
    model: Model,
    shown: Shown,
    /// The end of what is shown: the run's clock, which stands still when frozen or ended.
    pub(super) now: Stamp,
    pub(super) cell: Span,
    pub(super) viewport: Viewport,
    /// A cursor in the past determines every figure.
    pub(super) cursor: Option<Stamp>,
    /// A range of time that determines every figure, up to its end.
    range: Option<TimeRange>,
    /// The order of lanes, and what is hidden.
    pub(super) arrangement: Arrangement,
    /// Findings at the shown moment that are muted.
    pub(super) muted_findings: usize,
    place_history: PlaceHistory,
    pub(super) pane: Pane,
    pub(super) selection: Option<Selection>,
    pub(super) knob: KnobId,
    pub(super) filter: String,
    pub(super) scroll: usize,
    pub(super) figures: RunFigures,
    /// Longest time the run may take.
    pub(super) time_limit: Option<Span>,
    /// The machine of a recording; `None` for this one.
    machine: Option<Machine>,
    /// The totals of earlier moments.
    totals_history: TotalsHistory,
    /// Turns of knobs in this run: when, which, and the value as text.
    knob_changes: Vec<(Stamp, KnobId, String)>,
    /// The knobs at the start of the run.
    initial_settings: Settings,
    /// What pools achieved with each number of workers, since the scenario was opened.
    pub(super) level_history: LevelHistory,
    /// The lanes, the worst first; see [`RunView::rank_lanes`].
    pub(super) ranking: Vec<WorkerId>,
    ranked_at: Stamp,
    /// The wall clock when the figures of a played recording were captured.
    refreshed_at: Stamp,
    /// States this scenario can show.
    pub(super) states: PossibleStates,
    lateness: Lateness,
    /// 99th percentile of the lateness of the dashboard's own ticks, when the figures were captured.
    pub(super) lateness_p99: Span,
    columns: u16,
    /// Cells that the model returned before.
    cell_cache: RefCell<CellCache>,
    /// Who costs whom, as it was drawn last.
    costs: RefCell<Option<Rc<WhoCostsWhom>>>,
}

/// Which model is on screen.
enum Shown {
    /// The one that is collected.
    Newest,
    /// A copy of an earlier moment.
    Frozen(Box<Model>),
    /// The end of a run that was recorded earlier.
    Recorded,
    /// That of an earlier moment of the live run, which another view has.
    SlowMotion,
    /// That of the player's moment.
    Played(Box<Player>),
}

/// The visible part of the time axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Viewport {
    /// The newest cells.
    Follow,
    /// The cells up to this moment.
    Until(Stamp),
}

/// Whether the picture moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PlayState {
    Live,
    Frozen,
    Recorded,
    /// Shows earlier moments of the live run, step by step.
    SlowMotion,
    /// By the player.
    Played,
    Ended(RunEnd),
}

impl RunView {
    pub(super) fn new(
        scenario: Arc<Scenario>,
        settings: Settings,
        registry: Arc<Registry>,
        prediction: Prediction,
    ) -> Self {
        let budget = Budget::for_registry(&registry);
        let model = Model::new(registry, budget);
        let states = PossibleStates::of(&scenario);
        let knob = selection::first_knob(&scenario);
        Self {
            scenario,
            initial_settings: settings.clone(),
            knob_changes: Vec::new(),
            totals_history: TotalsHistory::default(),
            next_settings: settings.clone(),
            settings,
            prediction,
            answer: None,
            compared: None,
            last_turn_at: None,
            model,
            shown: Shown::Newest,
            now: Stamp(0),
            cell: INITIAL_CELL,
            viewport: Viewport::Follow,
            cursor: None,
            range: None,
            arrangement: Arrangement::default(),
            muted_findings: 0,
            place_history: PlaceHistory::default(),
            pane: Pane::Lanes,
            selection: None,
            knob,
            filter: String::new(),
            scroll: 0,
            figures: RunFigures::default(),
            time_limit: None,
            machine: None,
            level_history: LevelHistory::new(),
            ranking: Vec::new(),
            ranked_at: Stamp(0),
            refreshed_at: Stamp(0),
            states,
            lateness: Lateness::default(),
            lateness_p99: Span::ZERO,
            columns: 0,
            cell_cache: RefCell::default(),
            costs: RefCell::default(),
        }
    }

    /// Returns the view of a recorded run, all of it visible.
    pub(super) fn from_recording(scenario: Arc<Scenario>, settings: Settings, model: Model) -> Self {
        let now = model.run_end().map(|(at, _)| at).or(model.complete_until()).unwrap_or_else(|| model.newest_stamp());
        let cell = Span(super::axis::round_up_125(now.0 / RECORDED_CELLS));
        let new = Self::new(scenario, settings, Arc::default(), Prediction::default());
        let past = TotalsHistory::from_end_of(&model, now);
        Self { model, now, cell, totals_history: past, shown: Shown::Recorded, ..new }
    }

    /// Returns the view of a recording, with its player.
    pub(super) fn from_playable_run(run: PlayableRun) -> Self {
        let player =
            Player::new(run.tape, Arc::clone(&run.registry), run.conclusion, run.start).with_beginning(run.begins_at);
        let new = Self::new(run.scenario, run.settings, run.registry, Prediction::default());
        let (machine, time_limit) = (Some(run.machine), run.time_limit);
        Self { now: player.at(), shown: Shown::Played(Box::new(player)), machine, time_limit, ..new }
    }

    /// Returns a view of an earlier moment of the same run, whose model is `model` then.
    pub(super) fn at_past_moment(&self, model: Model, at: Stamp) -> Self {
        let new = Self::new(Arc::clone(&self.scenario), self.settings.clone(), Arc::default(), Prediction::default());
        Self {
            model,
            now: at,
            shown: Shown::SlowMotion,
            filter: self.filter.clone(),
            knob: self.knob,
            knob_changes: self.knob_changes.clone(),
            initial_settings: self.initial_settings.clone(),
            time_limit: self.time_limit,
            columns: self.columns,
            ..new
        }
    }

    /// Shows another moment, whose model is `model` then.
    pub(super) fn show_past_moment(&mut self, model: Model, at: Stamp) {
        (self.model, self.now) = (model, at);
        self.cursor = Some(at);
        self.totals_history = TotalsHistory::from_end_of(&self.model, at);
        self.cell_cache = RefCell::default();
        self.refresh();
    }

    /// Moves the window so that a moment is in it, with room at its right. A window that has it stays.
    pub(super) fn keep_in_window(&mut self, at: Stamp) {
        let axis = self.drawn_axis();
        let room = Span(self.cell.0.saturating_mul(ROOM_CELLS));
        let is_inside = self.viewport != Viewport::Follow && at >= axis.start() && at + room <= axis.end;
        if !is_inside {
            let end = at + Span(axis.width().0 / 10 * 9);
            self.viewport = Viewport::Until(end.max(Stamp(0) + axis.width()));
            self.refresh();
        }
    }

    /// Keeps the view for a new run.
    pub(super) fn restart(&mut self, settings: Settings, registry: Arc<Registry>, prediction: Prediction) {
        let mut next = Self::new(Arc::clone(&self.scenario), settings, registry, prediction);
        (next.cell, next.pane, next.knob) = (self.cell, self.pane, self.knob);
        self.level_history.start_new_run(&self.model, self.now);
        next.level_history = std::mem::take(&mut self.level_history);
        next.filter = std::mem::take(&mut self.filter);
        next.arrangement = std::mem::take(&mut self.arrangement);
        next.columns = self.columns;
        next.compared = self.compared.take();
        *self = next;
    }

    /// Returns everything that was collected; `None` if a recording has not been read to its end.
    pub(super) fn into_last_run(self) -> Option<super::LastRun> {
        let (model, now, ended) = match self.shown {
            Shown::Played(player) if player.is_reading() => return None,
            Shown::Played(player) => {
                let ended = player.conclusion().map(|conclusion| conclusion.ended.clone());
                (player.newest_model().clone(), player.end(), ended)
            }
            _ => (self.model, self.now, None),
        };
        let (now, ended) = match model.run_end() {
            Some((at, how)) => (at, how.clone()),
            None => (now, ended.unwrap_or(RunEnd::Stopped)),
        };
        let Self { scenario, settings, machine, time_limit, .. } = self;
        Some(super::LastRun { scenario, settings, model, now, ended, machine, time_limit })
    }

    /// Returns the model on screen.
    pub(super) fn shown_model(&self) -> &Model {
        match &self.shown {
            Shown::Newest | Shown::Recorded | Shown::SlowMotion => &self.model,
            Shown::Frozen(model) => model,
            Shown::Played(player) => player.model(),
        }
    }

    /// Returns the collected model, even while another one is on screen.
    pub(super) fn newest_model(&self) -> &Model {
        match &self.shown {
            Shown::Played(player) => player.newest_model(),
            _ => &self.model,
        }
    }

    pub(super) fn play_state(&self) -> PlayState {
        match (&self.shown, self.model.run_end()) {
            (Shown::Recorded, _) => PlayState::Recorded,
            (Shown::SlowMotion, _) => PlayState::SlowMotion,
            (Shown::Played(_), _) => PlayState::Played,
            (Shown::Frozen(_), _) => PlayState::Frozen,
            (Shown::Newest, Some((_, how))) => PlayState::Ended(how.clone()),
            (Shown::Newest, None) => PlayState::Live,
        }
    }

    pub(super) fn is_recorded(&self) -> bool {
        matches!(self.shown, Shown::Recorded | Shown::Played(_))
    }

    fn is_frozen(&self) -> bool {
        matches!(self.shown, Shown::Frozen(_))
    }

    pub(super) fn is_in_slow_motion(&self) -> bool {
        matches!(self.shown, Shown::SlowMotion)
    }

    /// Whether the picture changes without any input.
    pub(super) fn is_animating(&self) -> bool {
        match &self.shown {
            Shown::Played(player) => player.is_moving(),
            _ => self.play_state() == PlayState::Live,
        }
    }

    /// Applies a message. Returns whether it must be shown at once, before the next frame is due.
    pub(super) fn apply(&mut self, message: &Message) -> bool {
        let deadlocks = self.model.deadlocks().len();
        self.note_changes(message);
        self.model.apply(message);
        // The user sets marks in a frozen picture too.
        if let (Shown::Frozen(frozen), Message::Notice { notice: Notice::Mark(_), .. }) = (&mut self.shown, message) {
            frozen.apply(message);
        }
        if let Some(through) = self.model.complete_until().filter(|through| self.totals_history.is_due(*through)) {
            self.record_totals(through); // also while the picture is frozen
        }
        let ended = self.model.run_end().map(|(at, _)| at);
        let news = ended.is_some() || self.model.deadlocks().len() > deadlocks;
        if news && !self.is_frozen() {
            let known = self.model.complete_until().max(self.model.first_deadlock().map(|deadlock| deadlock.closed_at));
            self.now = ended.unwrap_or(self.now.max(known.unwrap_or_default()));
            self.record_totals(self.now);
            self.refresh();
        } else if let Some(at) = ended {
            self.record_totals(at);
        }
        news
    }

    /// Handles a frame that is due, with the run's clock at `now`.
    pub(super) fn tick(&mut self, now: Stamp, late: Span) {
        if !self.is_animating() {
            return;
        }
        if self.player().is_some() {
            return self.tick_player(now);
        }
        self.lateness.record(late);
        // No state is drawn beyond the time up to which all events are known.
        self.now = self.now.max(self.model.complete_until().map_or(now, |known| known.min(now)));
        if self.now.span_since(self.figures.taken_at) >= FIGURES_INTERVAL || self.figures.taken_at == Stamp(0) {
            self.lateness_p99 = self.lateness.p99();
            self.level_history.observe(&self.model, self.now, &describe_other_knobs(&self.scenario, &self.settings));
            self.record_totals(self.now);
            self.refresh();
        }
    }

    pub(super) fn toggle_freeze(&mut self) {
        if self.is_frozen() {
            self.follow_newest();
        } else if self.is_animating() {
            self.shown = Shown::Frozen(Box::new(self.model.clone()));
        }
    }

    /// Shows the newest moment of the run, also if it was frozen.
    pub(super) fn follow_newest(&mut self) {
        if self.is_frozen() {
            self.shown = Shown::Newest;
            self.now = match (self.model.run_end(), self.model.complete_until()) {
                (Some((at, _)), _) => at,
                (None, through) => self.now.max(through.unwrap_or_default()),
            };
            self.record_totals(self.now);
        }
        self.follow();
    }

    /// Moves the window to the end of what is shown, and removes the cursor.
    pub(super) fn follow(&mut self) {
        (self.viewport, self.cursor, self.range) = (Viewport::Follow, None, None);
        self.refresh();
    }

    /// Returns the time axis over this many columns.
    pub(super) fn axis(&self, columns: u16) -> TimeAxis {
        let until = match self.viewport {
            Viewport::Follow => self.now,
            Viewport::Until(end) => end,
        };
        TimeAxis::new(self.cell, until, columns)
    }

    /// Draws with the lane's cells in this window.
    pub(super) fn with_cells<T>(
        &self,
        worker: WorkerId,
        window: &CellWindow,
        draw: impl FnOnce(&[StateTimes]) -> T,
    ) -> T {
        draw(self.cell_cache.borrow_mut().exact_cells(self.shown_model(), worker, window, self.now))
    }

    /// Adds the lane's cells in this window, exact enough for a row that combines many lanes.
    pub(super) fn with_rough_cells(&self, worker: WorkerId, window: &CellWindow, add: impl FnOnce(&[StateTimes])) {
        add(self.cell_cache.borrow_mut().rough_cells(self.shown_model(), worker, window, self.now));
    }

    /// Returns the time axis as it was drawn last.
    pub(super) fn drawn_axis(&self) -> TimeAxis {
        self.axis(self.columns.max(1))
    }

    pub(super) fn set_columns(&mut self, columns: u16) {
        if self.columns != columns {
            self.columns = columns;
            self.refresh();
        }
    }

    /// Returns the moment of the figures: the cursor, the end of a window in the past, or now.
    pub(super) fn figures_time(&self) -> Stamp {
        if let Some((_, to)) = self.shown_range() {
            return to;
        }
        match (self.cursor, self.viewport) {
            (Some(at), _) | (None, Viewport::Until(at)) => at.min(self.now),
            (None, Viewport::Follow) => self.now,
        }
    }

    /// Captures the figures anew.
    pub(super) fn refresh(&mut self) {
        let at = self.figures_time();
        let axis = self.drawn_axis();
        let from = self.shown_range().map_or_else(|| at.earlier_by(axis.width()), |(from, _)| from);
        if self.player().is_some() {
            self.record_totals(self.now);
        }
        let then = self.played_figures_at(from, at);
        let shares = |worker| {
            if at < self.now || self.shown_range().is_some() {
                return self.shown_model().lane(worker).state_times(from, at, self.now);
            }
            let sum = |cells: &[StateTimes]| {
                cells.iter().fold(StateTimes::default(), |mut sum, cell| {
                    sum.add(cell);
                    sum
                })
            };
            self.with_cells(worker, &axis.window(), sum)
        };
        self.figures = then.unwrap_or_else(|| {
            RunFigures::capture(self.shown_model(), (from, at, self.now), self.totals_history.totals_at(at), shares)
        });
        if let Some((from, to)) = self.shown_range() {
            let figures = std::mem::take(&mut self.figures);
            self.figures = figures.of_range(self.shown_model(), (from, to, self.now));
        }
        let found = self.figures.findings.len();
        self.figures.findings.retain(|finding| !self.arrangement.is_muted(finding.id));
        self.muted_findings = found - self.figures.findings.len();
        self.rank_lanes();
        self.sort_lanes();
        self.drop_stale_selection();
        if self.prediction.is_answer_pending {
            self.update_answer();
        }
    }
}
