//! The state of a tuning's screen: its progress, and the current level.

mod chart_axes;
mod layout;
mod time_breakdown;

use std::sync::Arc;
use std::time::Duration;

use crate::scenario::{Knob, Scenario, Settings};
use crate::trace::KnobId;
use crate::tune::{Level, LevelStatus, Phase, Preflight, Tuning, TuningRequest, TuningSubject, WorkUnit, level_status};

pub(super) use chart_axes::{ColumnAxis, RowAxis, nice_ceiling};
pub(super) use layout::{ChartLayout, LABEL_WIDTH, TuneLayout, level_p99};
pub(super) use time_breakdown::{TimeSlice, slice_widths, time_slices};

/// The question of a tuning.
#[derive(Debug, Clone)]
pub struct TuneSetup {
    pub scenario: Arc<Scenario>,
    /// All knobs except the swept one.
    pub settings: Settings,
    pub knob: KnobId,
    pub work: WorkUnit,
    pub question: TuningRequest,
}

/// Progress of a tuning, from the measuring thread.
#[derive(Debug)]
pub enum TuneUpdate {
    /// The check of the machine before the tuning.
    Preflight(Preflight),
    /// The unit of work, which a program shows only once it runs.
    Work(WorkUnit),
    Progress(Box<Tuning>),
}

/// The content of the upper part of a screen without room for all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UpperPane {
    Curve,
    /// The figures of the chosen level.
    Level,
    /// The complete answer.
    Answer,
}

pub(super) struct TuneView {
    pub(super) setup: TuneSetup,
    pub(super) tuning: Tuning,
    /// The status of each level, computed once and not in every frame.
    standings: Vec<LevelStatus>,
    /// `None` until the check of the machine is done.
    pub(super) preflight: Option<Preflight>,
    /// The value of the chosen level. Until one is chosen, the most important one is current.
    chosen: Option<f64>,
    pub(super) upper: UpperPane,
    pub(super) scroll: usize,
    /// The first visible level, which changes only to make another one visible.
    pub(super) first_visible: usize,
    /// Time since the beginning.
    pub(super) elapsed: Duration,
    /// Whether the measuring is over.
    pub(super) is_over: bool,
}

impl TuneView {
    pub(super) fn new(tuned: TuneSetup) -> Self {
        Self {
            setup: tuned,
            tuning: Tuning::default(),
            standings: Vec::new(),
            preflight: None,
            chosen: None,
            upper: UpperPane::Curve,
            scroll: 0,
            first_visible: 0,
            elapsed: Duration::ZERO,
            is_over: false,
        }
    }

    pub(super) fn apply_update(&mut self, update: TuneUpdate) {
        match update {
            TuneUpdate::Preflight(preflight) => self.preflight = Some(preflight),
            TuneUpdate::Work(work) => self.setup.work = work,
            TuneUpdate::Progress(tuning) => {
                self.elapsed = self.elapsed.max(tuning.elapsed);
                self.is_over |= tuning.phase == Some(Phase::Done);
                self.tuning = *tuning;
                let (curve, demands) = (&self.tuning.curve, &self.setup.question.demands);
                self.standings = curve.levels().iter().map(|level| level_status(curve, level, demands)).collect();
            }
        }
    }

    /// Advances the clock. Returns whether that changes the screen.
    pub(super) fn tick(&mut self, now: Duration) -> bool {
        let before = self.elapsed.as_secs();
        self.elapsed = self.elapsed.max(now);
        self.elapsed.as_secs() != before
    }

    pub(super) fn knob(&self) -> &Knob {
        &self.setup.scenario.knobs[self.setup.knob.index()]
    }

    /// Returns what the sentences of the answer are about.
    pub(super) fn subject(&self) -> TuningSubject<'_> {
        let TuneSetup { scenario, work, question, .. } = &self.setup;
        TuningSubject {
            scenario: &scenario.name,
            knob: self.knob(),
            work,
            demands: question.demands,
            range: question.range,
            usable_cores: question.usable_cores,
            preflight: self.preflight.unwrap_or_default(),
            replay: question.replay,
        }
    }

    pub(super) fn levels(&self) -> &[Level] {
        self.tuning.curve.levels()
    }

    /// Returns how a level compares with the best.
    pub(super) fn standing(&self, level: &Level) -> LevelStatus {
        let place = self.levels().iter().position(|other| other.value.total_cmp(&level.value).is_eq());
        place.and_then(|place| self.standings.get(place).copied()).unwrap_or(LevelStatus::Undecided)
    }

    /// Returns the current level: the chosen one, or the answer so far, or the best so far, or the first.
    pub(super) fn current_level(&self) -> Option<&Level> {
        let curve = &self.tuning.curve;
        let chosen = self.chosen.and_then(|value| curve.find(value));
        chosen.or_else(|| self.tuning.recommended_level()).or_else(|| curve.best()).or_else(|| curve.levels().first())
    }

    pub(super) fn is_current(&self, level: &Level) -> bool {
        self.current_level().is_some_and(|current| current.value.total_cmp(&level.value).is_eq())
    }

    /// Whether the user chose this level.
    pub(super) fn is_chosen(&self, level: &Level) -> bool {
        self.chosen.is_some_and(|value| value.total_cmp(&level.value).is_eq())
    }

    /// Chooses the level `by` places further.
    pub(super) fn choose_by(&mut self, by: isize) {
        let levels = self.levels();
        let Some(last) = levels.len().checked_sub(1) else { return };
        let here = levels.iter().position(|level| self.is_current(level)).unwrap_or(0);
        self.chosen = Some(levels[here.saturating_add_signed(by).min(last)].value);
    }

    pub(super) fn choose(&mut self, place: usize) {
        self.chosen = self.levels().get(place).map(|level| level.value).or(self.chosen);
    }

    /// Clears the choice and returns to the curve. Returns whether that changes anything.
    pub(super) fn clear_choice(&mut self) -> bool {
        let had = self.chosen.is_some() || self.upper != UpperPane::Curve;
        (self.chosen, self.upper, self.scroll) = (None, UpperPane::Curve, 0);
        had
    }

    /// Switches to the next pane in the upper part of the screen; `beside` is true if a level's figures are visible
    /// anyway.
    pub(super) fn show_next_pane(&mut self, beside: bool) {
        self.scroll = 0;
        self.upper = match self.upper {
            UpperPane::Curve if !beside => UpperPane::Level,
            UpperPane::Curve | UpperPane::Level => UpperPane::Answer,
            UpperPane::Answer => UpperPane::Curve,
        };
    }

    /// Returns the settings of a run at this level.
    pub(super) fn settings_at(&self, level: &Level) -> Settings {
        let mut settings = self.setup.settings.clone();
        if let Some(number) = settings.numbers.get_mut(self.setup.knob.index()) {
            *number = level.value;
        }
        settings
    }
}
