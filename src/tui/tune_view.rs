//! The screen of a tuning: what is known so far, and which level is looked at.

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
pub(super) use time_breakdown::{TimeSlice as Spent, slice_widths, time_slices};

/// What is tuned, and how.
#[derive(Debug, Clone)]
pub struct TuneSetup {
    pub scenario: Arc<Scenario>,
    /// All knobs but the one that is swept.
    pub settings: Settings,
    pub knob: KnobId,
    pub work: WorkUnit,
    pub question: TuningRequest,
}

/// What whoever measures has to say.
#[derive(Debug)]
pub enum TuneUpdate {
    /// The first look at the machine is over.
    Preflight(Preflight),
    Progress(Box<Tuning>),
}

/// What stands in the upper part of the screen where there is no room for all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UpperPane {
    Curve,
    /// The figures of the chosen level.
    Level,
    /// All that is said of the answer.
    Answer,
}

pub(super) struct TuneView {
    pub(super) setup: TuneSetup,
    pub(super) tuning: Tuning,
    /// How each level of the curve stands: found out once, not in every frame.
    standings: Vec<LevelStatus>,
    /// None before the first look at the machine is over.
    pub(super) preflight: Option<Preflight>,
    /// The value of the level that was chosen. Until one is, the one that matters most is looked at.
    chosen: Option<f64>,
    pub(super) upper: UpperPane,
    pub(super) scroll: usize,
    /// The first level in sight: it stays where it is until another must be seen.
    pub(super) first_visible: usize,
    /// Time since it began.
    pub(super) elapsed: Duration,
    /// Nobody measures any more.
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

    pub(super) fn apply_update(&mut self, told: TuneUpdate) {
        match told {
            TuneUpdate::Preflight(preflight) => self.preflight = Some(preflight),
            TuneUpdate::Progress(tuning) => {
                self.elapsed = self.elapsed.max(tuning.elapsed);
                self.is_over |= tuning.phase == Some(Phase::Done);
                self.tuning = *tuning;
                let (curve, demands) = (&self.tuning.curve, &self.setup.question.demands);
                self.standings = curve.levels().iter().map(|level| level_status(curve, level, demands)).collect();
            }
        }
    }

    /// Time has passed; whether that is to be seen.
    pub(super) fn tick(&mut self, now: Duration) -> bool {
        let before = self.elapsed.as_secs();
        self.elapsed = self.elapsed.max(now);
        self.elapsed.as_secs() != before
    }

    pub(super) fn knob(&self) -> &Knob {
        &self.setup.scenario.knobs[self.setup.knob.index()]
    }

    /// What is put into words.
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
        }
    }

    pub(super) fn levels(&self) -> &[Level] {
        self.tuning.curve.levels()
    }

    /// How a level of the curve compares with the best.
    pub(super) fn standing(&self, level: &Level) -> LevelStatus {
        let place = self.levels().iter().position(|other| other.value.total_cmp(&level.value).is_eq());
        place.and_then(|place| self.standings.get(place).copied()).unwrap_or(LevelStatus::Undecided)
    }

    /// The level that is looked at: the chosen one, else the answer so far, else the best so far, else the first.
    pub(super) fn current_level(&self) -> Option<&Level> {
        let curve = &self.tuning.curve;
        let chosen = self.chosen.and_then(|value| curve.find(value));
        chosen.or_else(|| self.tuning.recommended_level()).or_else(|| curve.best()).or_else(|| curve.levels().first())
    }

    pub(super) fn is_current(&self, level: &Level) -> bool {
        self.current_level().is_some_and(|looked| looked.value.total_cmp(&level.value).is_eq())
    }

    /// Whether it was chosen, not only looked at.
    pub(super) fn is_chosen(&self, level: &Level) -> bool {
        self.chosen.is_some_and(|value| value.total_cmp(&level.value).is_eq())
    }

    /// Chooses the level so many places further.
    pub(super) fn choose_by(&mut self, by: isize) {
        let levels = self.levels();
        let Some(last) = levels.len().checked_sub(1) else { return };
        let here = levels.iter().position(|level| self.is_current(level)).unwrap_or(0);
        self.chosen = Some(levels[here.saturating_add_signed(by).min(last)].value);
    }

    pub(super) fn choose(&mut self, place: usize) {
        self.chosen = self.levels().get(place).map(|level| level.value).or(self.chosen);
    }

    /// Lets go of what was chosen and turned to; whether there was any.
    pub(super) fn clear_choice(&mut self) -> bool {
        let had = self.chosen.is_some() || self.upper != UpperPane::Curve;
        (self.chosen, self.upper, self.scroll) = (None, UpperPane::Curve, 0);
        had
    }

    /// The next part of the answer in the upper part of the screen; `beside` says that a level's figures are there anyway.
    pub(super) fn show_next_pane(&mut self, beside: bool) {
        self.scroll = 0;
        self.upper = match self.upper {
            UpperPane::Curve if !beside => UpperPane::Level,
            UpperPane::Curve | UpperPane::Level => UpperPane::Answer,
            UpperPane::Answer => UpperPane::Curve,
        };
    }

    /// The settings of a run at this level.
    pub(super) fn settings_at(&self, level: &Level) -> Settings {
        let mut settings = self.setup.settings.clone();
        if let Some(number) = settings.numbers.get_mut(self.setup.knob.index()) {
            *number = level.value;
        }
        settings
    }
}
