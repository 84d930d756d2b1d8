//! What is shown of one run: the model, the part of the time axis in sight, and what the keys act on.

mod choose;
mod lesson;
mod moment;
mod states;

use std::cell::RefCell;
use std::sync::Arc;

use super::axis::Axis;
use super::figures::Figures;
use super::lateness::Lateness;
use super::past::{self, Past};
use super::seen::{Seen, others};
use super::strips::Strips;
use crate::model::{Budget, Model, Shares, Window};
use crate::report::Answer;
use crate::scenario::{Scenario, Settings};
use crate::trace::{Cast, KnobId, Message, RunEnd, Span, Stamp, WorkerId};

pub(super) use choose::{Chosen, Pane};
pub(super) use lesson::Lesson;
pub(super) use states::States;

/// Length of a cell at the start: the window is two to five seconds wide.
const CELL: Span = Span::millis(50);

/// Cells over which a recorded run is laid out at first.
const WHOLE: u64 = 60;

/// How long figures stand still. Changing numbers are readable at about three a second.
const HOLD_FIGURES: Span = past::STEP;

/// How long the choice of lanes stands when there are more of them than rows.
const HOLD_RANKING: Span = Span::millis(3_000);

pub(super) struct Watch {
    pub(super) scenario: Arc<Scenario>,
    /// The knobs as the run has them.
    pub(super) settings: Settings,
    /// The knobs as they were turned: what the next run is to have.
    pub(super) wanted: Settings,
    pub(super) lesson: Lesson,
    /// What the run answers to the question; see [`Watch::judge`].
    pub(super) answer: Option<Answer>,
    /// What is collected. What is shown is [`Watch::shown`].
    model: Model,
    frozen: Option<Box<Model>>,
    /// It was collected before, and nobody adds to it.
    recorded: bool,
    /// The end of what is shown: the run's clock, standing still when frozen or ended.
    pub(super) now: Stamp,
    pub(super) cell: Span,
    pub(super) view: View,
    /// In the past, it drives every figure.
    pub(super) cursor: Option<Stamp>,
    pub(super) pane: Pane,
    pub(super) chosen: Option<Chosen>,
    pub(super) knob: KnobId,
    pub(super) filter: String,
    pub(super) scroll: usize,
    pub(super) figures: Figures,
    /// How long the run goes on at most.
    pub(super) limit: Option<Span>,
    /// What the run had come to at earlier moments.
    past: Past,
    /// Knobs that were turned in the run: when, and the value as it is shown.
    turns: Vec<(Stamp, KnobId, String)>,
    /// The knobs as the run began with them.
    begun: Settings,
    /// What pools did with each number of workers, since this scenario is looked at.
    pub(super) seen: Seen,
    /// Worst first; see [`Watch::rank`].
    pub(super) ranking: Vec<WorkerId>,
    ranked: Stamp,
    /// States this scenario can show.
    pub(super) states: States,
    lateness: Lateness,
    /// How late the dashboard's own ticks came, all but one of a hundred, when the figures were taken.
    pub(super) late: Span,
    columns: u16,
    /// A memory of what the model gave before; changes nothing that is seen.
    strips: RefCell<Strips>,
}

/// What part of the time axis is in sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// The newest.
    Follow,
    /// The cells up to this moment.
    Until(Stamp),
}

/// Whether the picture moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Life {
    Live,
    Frozen,
    Recorded,
    Ended(RunEnd),
}

impl Watch {
    pub(super) fn new(scenario: Arc<Scenario>, settings: Settings, cast: Arc<Cast>, lesson: Lesson) -> Self {
        let budget = Budget::for_cast(&cast);
        let model = Model::new(cast, budget);
        let states = States::of(&scenario);
        let knob = choose::first_knob(&scenario);
        Self {
            scenario,
            begun: settings.clone(),
            turns: Vec::new(),
            past: Past::default(),
            wanted: settings.clone(),
            settings,
            lesson,
            answer: None,
            model,
            frozen: None,
            recorded: false,
            now: Stamp(0),
            cell: CELL,
            view: View::Follow,
            cursor: None,
            pane: Pane::Lanes,
            chosen: None,
            knob,
            filter: String::new(),
            scroll: 0,
            figures: Figures::default(),
            limit: None,
            seen: Seen::new(),
            ranking: Vec::new(),
            ranked: Stamp(0),
            states,
            lateness: Lateness::default(),
            late: Span::ZERO,
            columns: 0,
            strips: RefCell::default(),
        }
    }

    /// A run that was collected before: all of it is in sight, and it stands still.
    pub(super) fn recorded(scenario: Arc<Scenario>, settings: Settings, model: Model) -> Self {
        let now = model.ended().map(|(at, _)| at).or(model.through()).unwrap_or_else(|| model.newest());
        let cell = Span(super::format::round_up(now.0 / WHOLE));
        let new = Self::new(scenario, settings, Arc::default(), Lesson::default());
        let past = Past::end_of(&model, now);
        Self { model, now, cell, past, recorded: true, ..new }
    }

    /// The same view of a new run.
    pub(super) fn again(&mut self, settings: Settings, cast: Arc<Cast>, lesson: Lesson) {
        let mut next = Self::new(Arc::clone(&self.scenario), settings, cast, lesson);
        (next.cell, next.pane, next.knob) = (self.cell, self.pane, self.knob);
        self.seen.anew(&self.model, self.now);
        next.seen = std::mem::take(&mut self.seen);
        next.filter = std::mem::take(&mut self.filter);
        next.columns = self.columns;
        *self = next;
    }

    /// All that was collected.
    pub(super) fn into_last_run(self) -> super::LastRun {
        let now = self.model.ended().map_or(self.now, |(at, _)| at);
        super::LastRun { scenario: self.scenario, settings: self.settings, model: self.model, now }
    }

    /// What is on screen.
    pub(super) fn shown(&self) -> &Model {
        self.frozen.as_deref().unwrap_or(&self.model)
    }

    /// What is collected, whatever is on screen.
    pub(super) fn newest(&self) -> &Model {
        &self.model
    }

    pub(super) fn life(&self) -> Life {
        match (&self.frozen, self.model.ended()) {
            _ if self.recorded => Life::Recorded,
            (Some(_), _) => Life::Frozen,
            (None, Some((_, how))) => Life::Ended(how.clone()),
            (None, None) => Life::Live,
        }
    }

    /// Whether the picture changes by itself.
    pub(super) fn moves(&self) -> bool {
        self.life() == Life::Live
    }

    /// Takes in what happened; whether it is to be seen at once, not when the next frame is due.
    pub(super) fn apply(&mut self, message: &Message) -> bool {
        let deadlocked = self.model.deadlock().is_some();
        self.hear(message);
        self.model.apply(message);
        if let Some(through) = self.model.through().filter(|through| self.past.is_due(*through)) {
            self.remember(through); // also while the picture is frozen
        }
        let ended = self.model.ended().map(|(at, _)| at);
        let news = ended.is_some() || (!deadlocked && self.model.deadlock().is_some());
        if news && self.frozen.is_none() {
            let known = self.model.through().max(self.model.deadlock().map(|deadlock| deadlock.at));
            self.now = ended.unwrap_or(self.now.max(known.unwrap_or_default()));
            self.remember(self.now);
            self.refresh();
        } else if let Some(at) = ended {
            self.remember(at);
        }
        news
    }

    /// A frame is due; the run's clock stands at `now`.
    pub(super) fn tick(&mut self, now: Stamp, late: Span) {
        if !self.moves() {
            return;
        }
        self.lateness.tick(late);
        // What is not delivered yet has not happened yet: no state is drawn further than it is known.
        self.now = self.now.max(self.model.through().map_or(now, |known| known.min(now)));
        if self.now.since(self.figures.at) >= HOLD_FIGURES || self.figures.at == Stamp(0) {
            self.late = self.lateness.p99();
            self.seen.look(&self.model, self.now, &others(&self.scenario, &self.settings));
            self.remember(self.now);
            self.refresh();
        }
    }

    pub(super) fn toggle_freeze(&mut self) {
        if self.frozen.is_some() {
            self.follow_newest();
        } else if self.moves() {
            self.frozen = Some(Box::new(self.model.clone()));
        }
    }

    /// Shows the newest of the run again, whatever stood still.
    pub(super) fn follow_newest(&mut self) {
        if self.frozen.take().is_some() {
            self.now = match (self.model.ended(), self.model.through()) {
                (Some((at, _)), _) => at,
                (None, through) => self.now.max(through.unwrap_or_default()),
            };
            self.remember(self.now);
        }
        self.follow();
    }

    /// Puts the window to the end of what is shown, and the cursor away.
    pub(super) fn follow(&mut self) {
        (self.view, self.cursor) = (View::Follow, None);
        self.refresh();
    }

    /// The time axis over this many columns.
    pub(super) fn axis(&self, columns: u16) -> Axis {
        let until = match self.view {
            View::Follow => self.now,
            View::Until(end) => end,
        };
        Axis::new(self.cell, until, columns)
    }

    /// A lane's cells in this window.
    pub(super) fn with_cells<T>(&self, worker: WorkerId, window: &Window, draw: impl FnOnce(&[Shares]) -> T) -> T {
        draw(self.strips.borrow_mut().lane(self.shown(), worker, window, self.now))
    }

    /// The same, good enough to be added to many others.
    pub(super) fn with_rough_cells(&self, worker: WorkerId, window: &Window, add: impl FnOnce(&[Shares])) {
        add(self.strips.borrow_mut().rough(self.shown(), worker, window, self.now));
    }

    /// The time axis as it was drawn last.
    pub(super) fn drawn_axis(&self) -> Axis {
        self.axis(self.columns.max(1))
    }

    pub(super) fn set_columns(&mut self, columns: u16) {
        if self.columns != columns {
            self.columns = columns;
            self.refresh();
        }
    }

    /// The moment the figures speak of: the cursor, the end of a window in the past, or now.
    pub(super) fn figures_at(&self) -> Stamp {
        match (self.cursor, self.view) {
            (Some(at), _) | (None, View::Until(at)) => at.min(self.now),
            (None, View::Follow) => self.now,
        }
    }

    /// Takes the figures anew.
    pub(super) fn refresh(&mut self) {
        let at = self.figures_at();
        let axis = self.drawn_axis();
        let from = at.back(axis.width());
        let shares = |worker| {
            if at < self.now {
                return self.shown().lane(worker).shares(from, at, self.now);
            }
            let sum = |cells: &[Shares]| {
                cells.iter().fold(Shares::default(), |mut sum, cell| {
                    sum.add(cell);
                    sum
                })
            };
            self.with_cells(worker, &axis.window(), sum)
        };
        self.figures = Figures::take(self.shown(), (from, at, self.now), self.past.at(at), shares);
        self.rank();
        self.keep_choice();
        if self.lesson.due {
            self.judge();
        }
    }

    /// Orders lanes by what hurts: crashed, waited for by others, then share of time in contention. Held for a while, so that rows do
    /// not change places under the eyes.
    fn rank(&mut self) {
        let workers = self.figures.workers().count();
        let stale = self.now.since(self.ranked) >= HOLD_RANKING || self.ranked > self.now;
        if workers == self.ranking.len() && !stale {
            return;
        }
        self.ranked = self.now;
        let mut by_pain: Vec<(u64, WorkerId)> = self.figures.workers().map(|w| (self.pain(w), w)).collect();
        by_pain.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        self.ranking = by_pain.into_iter().map(|(_, worker)| worker).collect();
    }

    /// How much a lane hurts, in percent; in steps, so that a little more or less does not change its place.
    fn pain(&self, worker: WorkerId) -> u64 {
        use crate::trace::State;
        let Some(lane) = self.figures.lane(worker) else { return 0 };
        let waited_for = |lock: &crate::model::Edge| lock.holder == worker;
        if lane.doing.is_some_and(|d| d.state == State::Crashed) {
            return 1_000;
        }
        if self.figures.waits.edges.iter().any(waited_for) {
            return 999;
        }
        let share: f64 = [State::Lock, State::Full, State::Ready].map(|s| lane.shares.share(s)).iter().sum();
        (share * 10.0) as u64 * 10
    }
}
