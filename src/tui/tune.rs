//! The screen of a tuning: what is known so far, and which level is looked at.

mod axis;
mod plan;
mod spent;

use std::sync::Arc;
use std::time::Duration;

use crate::scenario::{Knob, Scenario, Settings};
use crate::trace::KnobId;
use crate::tune::{Level, Phase, Preflight, Question, Standing, Subject, Tuning, Work, standing};

pub(super) use axis::{Columns, Rows, nice};
pub(super) use plan::{LABELS, Plots, TunePlan, p99};
pub(super) use spent::{Part as Spent, what, widths};

/// What is tuned, and how.
#[derive(Debug, Clone)]
pub struct Tuned {
    pub scenario: Arc<Scenario>,
    /// All knobs but the one that is swept.
    pub settings: Settings,
    pub knob: KnobId,
    pub work: Work,
    pub question: Question,
}

/// What whoever measures has to say.
#[derive(Debug)]
pub enum Told {
    /// The first look at the machine is over.
    Preflight(Preflight),
    Known(Box<Tuning>),
}

/// What stands in the upper part of the screen where there is no room for all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Upper {
    Curve,
    /// The figures of the chosen level.
    Level,
    /// All that is said of the answer.
    Answer,
}

pub(super) struct Sheet {
    pub(super) tuned: Tuned,
    pub(super) tuning: Tuning,
    /// How each level of the curve stands: found out once, not in every frame.
    standings: Vec<Standing>,
    /// None before the first look at the machine is over.
    pub(super) preflight: Option<Preflight>,
    /// The value of the level that was chosen. Until one is, the one that matters most is looked at.
    chosen: Option<f64>,
    pub(super) upper: Upper,
    pub(super) scroll: usize,
    /// The first level in sight: it stays where it is until another must be seen.
    pub(super) first: usize,
    /// Time since it began.
    pub(super) now: Duration,
    /// Nobody measures any more.
    pub(super) over: bool,
}

impl Sheet {
    pub(super) fn new(tuned: Tuned) -> Self {
        Self {
            tuned,
            tuning: Tuning::default(),
            standings: Vec::new(),
            preflight: None,
            chosen: None,
            upper: Upper::Curve,
            scroll: 0,
            first: 0,
            now: Duration::ZERO,
            over: false,
        }
    }

    pub(super) fn hear(&mut self, told: Told) {
        match told {
            Told::Preflight(preflight) => self.preflight = Some(preflight),
            Told::Known(tuning) => {
                self.now = self.now.max(tuning.elapsed);
                self.over |= tuning.phase == Some(Phase::Done);
                self.tuning = *tuning;
                let (curve, demands) = (&self.tuning.curve, &self.tuned.question.demands);
                self.standings = curve.levels().iter().map(|level| standing(curve, level, demands)).collect();
            }
        }
    }

    /// Time has passed; whether that is to be seen.
    pub(super) fn tick(&mut self, now: Duration) -> bool {
        let before = self.now.as_secs();
        self.now = self.now.max(now);
        self.now.as_secs() != before
    }

    pub(super) fn knob(&self) -> &Knob {
        &self.tuned.scenario.knobs[self.tuned.knob.index()]
    }

    /// What is put into words.
    pub(super) fn subject(&self) -> Subject<'_> {
        let Tuned { scenario, work, question, .. } = &self.tuned;
        Subject {
            scenario: &scenario.name,
            knob: self.knob(),
            work,
            demands: question.demands,
            over: question.over,
            cores: question.cores,
            preflight: self.preflight.unwrap_or_default(),
        }
    }

    pub(super) fn levels(&self) -> &[Level] {
        self.tuning.curve.levels()
    }

    /// How a level of the curve compares with the best.
    pub(super) fn standing(&self, level: &Level) -> Standing {
        let place = self.levels().iter().position(|other| other.value.total_cmp(&level.value).is_eq());
        place.and_then(|place| self.standings.get(place).copied()).unwrap_or(Standing::Undecided)
    }

    /// The level that is looked at: the chosen one, else the answer so far, else the best so far, else the first.
    pub(super) fn level(&self) -> Option<&Level> {
        let curve = &self.tuning.curve;
        let chosen = self.chosen.and_then(|value| curve.find(value));
        chosen.or_else(|| self.tuning.recommended()).or_else(|| curve.best()).or_else(|| curve.levels().first())
    }

    pub(super) fn is_looked_at(&self, level: &Level) -> bool {
        self.level().is_some_and(|looked| looked.value.total_cmp(&level.value).is_eq())
    }

    /// Whether it was chosen, not only looked at.
    pub(super) fn is_chosen(&self, level: &Level) -> bool {
        self.chosen.is_some_and(|value| value.total_cmp(&level.value).is_eq())
    }

    /// Chooses the level so many places further.
    pub(super) fn choose_by(&mut self, by: isize) {
        let levels = self.levels();
        let Some(last) = levels.len().checked_sub(1) else { return };
        let here = levels.iter().position(|level| self.is_looked_at(level)).unwrap_or(0);
        self.chosen = Some(levels[here.saturating_add_signed(by).min(last)].value);
    }

    pub(super) fn choose(&mut self, place: usize) {
        self.chosen = self.levels().get(place).map(|level| level.value).or(self.chosen);
    }

    /// Lets go of what was chosen and turned to; whether there was any.
    pub(super) fn let_go(&mut self) -> bool {
        let had = self.chosen.is_some() || self.upper != Upper::Curve;
        (self.chosen, self.upper, self.scroll) = (None, Upper::Curve, 0);
        had
    }

    /// The next part of the answer in the upper part of the screen; `beside` says that a level's figures are there anyway.
    pub(super) fn turn(&mut self, beside: bool) {
        self.scroll = 0;
        self.upper = match self.upper {
            Upper::Curve if !beside => Upper::Level,
            Upper::Curve | Upper::Level => Upper::Answer,
            Upper::Answer => Upper::Curve,
        };
    }

    /// The settings of a run at this level.
    pub(super) fn settings_at(&self, level: &Level) -> Settings {
        let mut settings = self.tuned.settings.clone();
        if let Some(number) = settings.numbers.get_mut(self.tuned.knob.index()) {
            *number = level.value;
        }
        settings
    }
}
