//! The state of a run on screen: the model, the visible part of the time axis, and what the keys act on.

mod arrangement;
mod changes;
mod compared_responses;
mod compared_run;
mod folded_cells;
mod interval;
mod kept_cells;
mod lane_shares;
mod navigation;
mod opening;
mod play_state;
mod playing;
mod possible_states;
mod prediction;
mod ranking;
mod recurrence;
mod resource_cells;
mod selection;
mod shown_moment;
mod window;
mod writes;
mod zoom;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::cell_cache::CellCache;
use super::figures::RunFigures;
use super::lateness::Lateness;
use super::level_history::{LevelHistory, describe_other_knobs};
use super::totals_history::{self, TotalsHistory};
use crate::model::{Finding, Model, WhoCostsWhom};
use crate::platform::Machine;
use crate::report::Answer;
use crate::scenario::{Scenario, Settings};
use crate::trace::{KnobId, Message, Notice, RunEnd, Span, Stamp, WorkerId};

use arrangement::Arrangement;
pub(super) use arrangement::{CoreLanes, LaneOrder};
use changes::Changes;
pub(super) use compared_run::{ComparedRun, OpenedRecording, PartFigure, RunPart};
use interval::IntervalReader;
use navigation::{PlaceHistory, TimeRange};
pub(super) use play_state::PlayState;
use play_state::Shown;
pub(super) use playing::{JumpTarget, moment_at_speed};
pub(super) use possible_states::PossibleStates;
pub(super) use prediction::Prediction;
pub(super) use resource_cells::CounterCell;
pub(super) use selection::{Pane, Selection};
pub(super) use window::Viewport;
use writes::KeptWrites;
pub(super) use writes::LaneWrite;
use zoom::WindowBeforeFit;
pub(super) use zoom::Zoom;

/// How long figures are held: changing numbers are readable at about three per second.
const FIGURES_INTERVAL: Span = totals_history::SAMPLE_INTERVAL;

/// How large a run is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum LetterSize {
    #[default]
    Small,
    /// For projectors: fewer and larger things.
    Large,
}

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
    /// The end of the shown time: the run's clock, which stands still when frozen or ended.
    pub(super) now: Stamp,
    pub(super) cell: Span,
    pub(super) zoom: Zoom,
    /// The change of settings after which the length of cells was chosen again.
    zoomed_for: Stamp,
    before_fit: Option<WindowBeforeFit>,
    pub(super) viewport: Viewport,
    /// A cursor in the past determines every figure.
    pub(super) cursor: Option<Stamp>,
    /// A range of time that determines every figure, up to its end.
    range: Option<TimeRange>,
    interval: IntervalReader,
    /// The order of lanes, and the hidden ones.
    pub(super) arrangement: Arrangement,
    /// Findings at the shown moment that are muted.
    pub(super) muted_findings: usize,
    /// The newest problem that is gone, if there is none at the shown moment.
    pub(super) past_finding: Option<Finding>,
    place_history: PlaceHistory,
    pub(super) letters: LetterSize,
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
    /// When the figures were captured: the run's clock, or the wall clock for a played recording.
    refreshed_at: Stamp,
    /// States this scenario can show.
    pub(super) states: PossibleStates,
    lateness: Lateness,
    /// 99th percentile of the lateness of the dashboard's own ticks, when the figures were captured.
    pub(super) lateness_p99: Span,
    columns: u16,
    /// Cells that the model returned before.
    cell_cache: RefCell<CellCache>,
    /// Which lanes out of view have their shares taken anew next; see [`RunView::lane_shares`].
    share_turn: usize,
    resource_cells: resource_cells::ResourceCells,
    /// Who costs whom, as it was drawn last.
    costs: RefCell<Option<Rc<WhoCostsWhom>>>,
    /// Writes that raced, as they were drawn last.
    writes: RefCell<KeptWrites>,
    changes: Changes,
}

impl RunView {
    /// Shows another moment, whose model is `model` then.
    pub(super) fn show_past_moment(&mut self, model: Model, at: Stamp) {
        (self.model, self.now) = (model, at);
        self.cursor = Some(at);
        self.totals_history = TotalsHistory::from_end_of(&self.model, at);
        self.forget_cells();
        self.refresh();
    }

    /// Returns the machine of a recording; `None` for this one.
    pub(super) const fn machine(&self) -> Option<&Machine> {
        self.machine.as_ref()
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

    /// Applies a message. Returns whether it must be shown at once, before the next frame is due.
    pub(super) fn apply(&mut self, message: &Message) -> bool {
        let deadlocks = self.model.deadlocks().len();
        self.note_changes(message);
        self.changes.note(message);
        self.model.apply(message);
        // The user sets marks in a frozen picture too.
        if let (Shown::Frozen(frozen), Message::Notice { notice: Notice::Mark(_), .. }) = (&mut self.shown, message) {
            frozen.apply(message);
        }
        if let Some(through) = self.model.complete_until().filter(|through| self.totals_history.is_due(*through)) {
            self.record_totals(through); // also while the picture is frozen
        }
        let ended = self.model.run_end().map(|(at, _)| at);
        if ended.is_some() {
            self.forget_cells(); // those that are kept may be older than the model
        }
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

    /// Handles a frame that is due, with the run's clock at `now`. Returns whether there is something to draw.
    pub(super) fn tick(&mut self, now: Stamp, late: Span) -> bool {
        if !self.is_animating() {
            return false;
        }
        if self.player().is_some() {
            self.tick_player(now);
            return true;
        }
        self.lateness.record(late);
        // No state is drawn beyond the time up to which all events are known.
        self.now = self.now.max(self.model.complete_until().map_or(now, |known| known.min(now)));
        let is_changed = self.changes.begin_frame(self.drawn_axis());
        let held = self.changes.figures_interval();
        let is_due = self.now.span_since(self.refreshed_at) >= held || self.figures.taken_at == Stamp(0);
        if is_due {
            self.lateness_p99 = self.lateness.p99();
            self.level_history.observe(&self.model, self.now, &describe_other_knobs(&self.scenario, &self.settings));
            // Mostly the last messages have just done that.
            if self.totals_history.lacks(self.now) {
                self.record_totals(self.now);
            }
            self.refresh();
        }
        is_changed || is_due
    }

    /// Returns the moment of the figures: the cursor, the end of a window in the past, or now.
    pub(super) fn figures_time(&self) -> Stamp {
        if let Some((_, to)) = self.shown_range() {
            return to;
        }
        match (self.cursor, self.viewport) {
            (Some(at), _) | (None, Viewport::Until(at)) => at.min(self.now),
            (None, Viewport::Follow | Viewport::Held(_)) => self.now,
        }
    }

    /// Captures the figures anew.
    pub(super) fn refresh(&mut self) {
        self.changes.figures_captured();
        if self.player().is_none() {
            self.refreshed_at = self.now;
        }
        self.note_knob_changes();
        self.adapt_zoom();
        self.read_interval();
        let at = self.figures_time();
        let axis = self.drawn_axis();
        let from = self.shown_range().map_or_else(|| at.earlier_by(axis.width()), |(from, _)| from);
        if self.player().is_some() {
            self.record_totals(self.now);
        }
        let then = self.played_figures_at(from, at);
        let shares = self.lane_shares((from, at), &axis.window());
        self.figures = then.unwrap_or_else(|| {
            RunFigures::capture(self.shown_model(), (from, at, self.now), self.totals_history.totals_at(at), shares)
        });
        self.share_turn = self.share_turn.wrapping_add(1);
        if self.has_many_lanes() {
            self.cell_cache.borrow_mut().forget_undrawn(self.now);
        }
        if let Some((from, to)) = self.shown_range() {
            let figures = std::mem::take(&mut self.figures);
            self.figures = figures.of_range(self.shown_model(), (from, to, self.now), self.interval_record());
        }
        let found = self.figures.findings.len();
        self.figures.findings.retain(|finding| !self.arrangement.is_muted(finding.id));
        self.muted_findings = found - self.figures.findings.len();
        self.past_finding = self.problem_before(at);
        self.rank_lanes();
        self.sort_lanes();
        self.drop_stale_selection();
        if self.prediction.is_answer_pending || self.prediction.is_result_shown || self.pane == Pane::Answer {
            self.update_answer();
        }
    }
}
