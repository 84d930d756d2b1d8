//! The procedure: calibrate, sweep in random order, close in, repeat what cannot be told apart, confirm with fresh
//! repetitions, then look at latency in open loop. All within a budget of time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::curve::{Curve, DISTURBED, Level};
use super::decide::{Answer, Demands, LEAST, Standing, Verdict, best, decide, standing};
use super::figures::Repetition;
use super::levels;
use super::trial::Tried;

/// Repetitions of every level that the answer rests on.
const ENOUGH: usize = 5;

/// More repetitions of one level do not make it clearer.
const MOST: usize = 24;

/// Part of the budget that is kept for confirming.
const KEPT: f64 = 0.3;

/// Fresh repetitions for the confirmation, each level.
const FRESH: usize = 4;

/// Parts of the highest rate at which latency is looked at.
const LOADS: [f64; 4] = [0.5, 0.7, 0.8, 0.9];

/// Where repetitions are made: on this machine, or in a test from known laws.
pub trait Lab {
    /// One repetition at a level: in closed loop, or with work due at a rate.
    fn try_at(&mut self, level: f64, rate: Option<f64>) -> Tried;
    /// Time since the tuning began.
    fn elapsed(&self) -> Duration;
    /// Whether someone wants it to end now.
    fn stopped(&self) -> bool;
}

/// The lab's clock on a real machine.
#[derive(Debug)]
pub struct Stopwatch(Instant);

impl Default for Stopwatch {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Stopwatch {
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Question {
    pub over: (f64, f64),
    /// Whether only whole numbers make sense.
    pub whole: bool,
    /// Cores that may be used.
    pub cores: f64,
    pub demands: Demands,
    pub budget: Duration,
    /// Whether the work can be made to come at a rate.
    pub open: bool,
    /// Whether repetitions count that others disturbed.
    pub even_disturbed: bool,
    pub seed: u64,
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Calibrating,
    Sweeping,
    ClosingIn,
    Repeating,
    Confirming,
    OpenLoop,
    Done,
}

impl Phase {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Calibrating => "calibrating at the lowest level",
            Self::Sweeping => "sweeping the levels in random order",
            Self::ClosingIn => "closing in on where the curve turns",
            Self::Repeating => "repeating what cannot be told apart yet",
            Self::Confirming => "confirming with fresh repetitions",
            Self::OpenLoop => "measuring latency under steady load",
            Self::Done => "done",
        }
    }
}

/// Latency at a part of the highest rate.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    pub level: f64,
    /// Part of the highest throughput.
    pub load: f64,
    pub per_second: f64,
    /// None if it could not do its work at this rate.
    pub repetition: Option<Repetition>,
}

/// All that is known so far.
#[derive(Debug, Clone, Default)]
pub struct Tuning {
    pub curve: Curve,
    pub verdict: Option<Verdict>,
    /// Fresh repetitions at the recommended level and its neighbours.
    pub confirmed: Curve,
    pub loaded: Vec<Loaded>,
    pub phase: Option<Phase>,
    /// The level that is being measured.
    pub trying: Option<f64>,
    pub elapsed: Duration,
    /// It ended before it was done: the budget was used up, or someone stopped it.
    pub cut: Option<&'static str>,
}

/// Why a phase was left before it was done.
#[derive(Debug)]
struct Cut(&'static str);

/// Answers the question. `tell` is called whenever something new is known.
pub fn tune(lab: &mut impl Lab, question: &Question, mut tell: impl FnMut(&Tuning)) -> Tuning {
    let mut session =
        Session { lab, question, tuning: Tuning::default(), dice: fastrand::Rng::with_seed(question.seed) };
    let cut = session.all(&mut tell).err();
    let mut tuning = session.tuning;
    tuning.cut = cut.map(|cut| cut.0);
    tuning.phase = Some(Phase::Done);
    tuning.trying = None;
    tell(&tuning);
    tuning
}

struct Session<'a, L> {
    lab: &'a mut L,
    question: &'a Question,
    tuning: Tuning,
    dice: fastrand::Rng,
}

impl<L: Lab> Session<'_, L> {
    fn all(&mut self, tell: &mut impl FnMut(&Tuning)) -> Result<(), Cut> {
        let Question { over, whole, cores, .. } = *self.question;
        let first = levels::first(over, cores as usize, whole);
        self.phase(Phase::Calibrating, tell);
        self.round(&first[..1], tell)?;
        self.phase(Phase::Sweeping, tell);
        for _ in 0..LEAST {
            self.round(&first, tell)?;
        }
        self.phase(Phase::ClosingIn, tell);
        while self.close_in(tell)? {}
        self.phase(Phase::Repeating, tell);
        while self.repeat(tell)? {}
        let Some(level) = self.tuning.verdict.as_ref().and_then(|verdict| verdict.answer.level()) else {
            return Ok(());
        };
        self.phase(Phase::Confirming, tell);
        self.confirm(level, tell)?;
        if self.question.open {
            self.phase(Phase::OpenLoop, tell);
            self.load(level, tell)?;
        }
        Ok(())
    }

    fn phase(&mut self, phase: Phase, tell: &mut impl FnMut(&Tuning)) {
        self.tuning.phase = Some(phase);
        tell(&self.tuning);
    }

    /// Whether so much of the budget is used up.
    fn spent(&self, part: f64) -> bool {
        self.lab.elapsed() >= self.question.budget.mul_f64(part)
    }

    /// One repetition of each level, in random order: what drifts must not look like a trend.
    fn round(&mut self, levels: &[f64], tell: &mut impl FnMut(&Tuning)) -> Result<(), Cut> {
        let mut order = levels.to_vec();
        self.dice.shuffle(&mut order);
        for level in order {
            let known = self.tuning.curve.find(level);
            if known.is_some_and(|known| !known.failures.is_empty()) {
                continue; // once is enough to know that it does not work
            }
            let tried = self.attempt(level, None, tell)?;
            enter(self.tuning.curve.at(level), tried, self.question.even_disturbed);
            let Question { demands, cores, whole, .. } = self.question;
            let verdict = decide(&self.tuning.curve, demands, *cores);
            self.tuning.verdict = verdict.map(|verdict| verdict.no_finer_than(&self.tuning.curve, *whole));
            self.tuning.elapsed = self.lab.elapsed();
            tell(&self.tuning);
        }
        Ok(())
    }

    fn attempt(&mut self, level: f64, rate: Option<f64>, tell: &mut impl FnMut(&Tuning)) -> Result<Tried, Cut> {
        if self.spent(1.0) {
            return Err(Cut("the time was used up"));
        }
        (self.tuning.trying, self.tuning.elapsed) = (Some(level), self.lab.elapsed());
        tell(&self.tuning);
        match self.lab.try_at(level, rate) {
            Tried::Stopped => Err(Cut("it was stopped")),
            _ if self.lab.stopped() => Err(Cut("it was stopped")),
            tried => Ok(tried),
        }
    }

    /// Adds levels where the curve turns; whether there may be more to add.
    fn close_in(&mut self, tell: &mut impl FnMut(&Tuning)) -> Result<bool, Cut> {
        let demands = self.question.demands;
        let curve = &self.tuning.curve;
        let Some(best) = best(curve, &demands) else { return Ok(false) };
        let (top, good) = (best.value, best.throughput() * (1.0 - demands.epsilon));
        let values: Vec<f64> = curve.working().map(|level| level.value).collect();
        let is_worse = |value: f64| curve.find(value).is_none_or(|level| level.throughput() < good);
        let new = levels::between(&values, is_worse, self.question.whole);
        if new.is_empty() || self.spent(1.0 - KEPT) {
            return Ok(false);
        }
        let with_best: Vec<f64> = new.into_iter().chain([top]).collect();
        for _ in 0..LEAST {
            self.round(&with_best, tell)?;
        }
        Ok(true)
    }

    /// One more repetition of every level that the answer hangs on; whether there are such.
    fn repeat(&mut self, tell: &mut impl FnMut(&Tuning)) -> Result<bool, Cut> {
        let demands = self.question.demands;
        let (curve, verdict) = (&self.tuning.curve, &self.tuning.verdict);
        let Some(best) = best(curve, &demands) else { return Ok(false) };
        let surely = verdict.as_ref().and_then(|verdict| verdict.answer.level()).unwrap_or(best.value);
        let hangs = |level: &&Level| {
            let stands = standing(curve, level, &demands);
            let counts = level.value <= surely && stands == Standing::Undecided;
            let few = level.repetitions.len() < ENOUGH && stands != Standing::Refused;
            (counts && level.repetitions.len() < MOST) || (few && (level.value <= surely || level.value >= best.value))
        };
        let mut wanted: Vec<f64> = curve.working().filter(hangs).map(|level| level.value).collect();
        if wanted.is_empty() || self.spent(1.0 - KEPT) {
            return Ok(false);
        }
        if best.repetitions.len() < MOST && !wanted.contains(&best.value) {
            wanted.push(best.value); // what all are compared with must be the best known
        }
        self.round(&wanted, tell)?;
        Ok(true)
    }

    /// Fresh repetitions at the level and its neighbours: what was chosen because it looked good looks a bit too good.
    fn confirm(&mut self, level: f64, tell: &mut impl FnMut(&Tuning)) -> Result<(), Cut> {
        let values: Vec<f64> = self.tuning.curve.working().map(|level| level.value).collect();
        let Some(at) = values.iter().position(|value| value.total_cmp(&level).is_eq()) else { return Ok(()) };
        let near = values[at.saturating_sub(1)..(at + 2).min(values.len())].to_vec();
        for _ in 0..FRESH {
            let mut order = near.clone();
            self.dice.shuffle(&mut order);
            for level in order {
                let tried = self.attempt(level, None, tell)?;
                enter(self.tuning.confirmed.at(level), tried, self.question.even_disturbed);
                self.tuning.elapsed = self.lab.elapsed();
                tell(&self.tuning);
            }
        }
        Ok(())
    }

    fn load(&mut self, level: f64, tell: &mut impl FnMut(&Tuning)) -> Result<(), Cut> {
        let highest = self.tuning.curve.find(level).map_or(0.0, Level::throughput);
        for load in LOADS {
            let per_second = highest * load;
            let repetition = match self.attempt(level, Some(per_second), tell)? {
                Tried::Measured(repetition, _) => Some(*repetition),
                _ => None,
            };
            self.tuning.loaded.push(Loaded { level, load, per_second, repetition });
            self.tuning.elapsed = self.lab.elapsed();
            tell(&self.tuning);
        }
        Ok(())
    }
}

fn enter(level: &mut Level, tried: Tried, even_disturbed: bool) {
    match tried {
        Tried::Measured(repetition, model) => {
            let disturbed = !even_disturbed && repetition.others.is_some_and(|others| others > DISTURBED);
            if disturbed { &mut level.disturbed } else { &mut level.repetitions }.push(*repetition);
            level.model = Some(Arc::from(model));
        }
        Tried::Failed(why, model) => {
            level.failures.push(why);
            level.model = Some(Arc::from(model));
        }
        Tried::Stopped => {}
    }
}

impl Tuning {
    /// Whether the fresh repetitions bear the answer out. None while there are none.
    pub fn holds(&self, demands: &Demands) -> Option<bool> {
        let level = self.verdict.as_ref()?.answer.level()?;
        let fresh = self.confirmed.find(level).filter(|fresh| fresh.works())?;
        let top = self.confirmed.best()?;
        let found = super::decide::against(fresh, top)?;
        Some(found.high >= 1.0 - demands.epsilon)
    }

    /// The recommended level is the answer's; none when there is none.
    pub fn recommended(&self) -> Option<&Level> {
        let level = self.verdict.as_ref()?.answer.level()?;
        self.curve.find(level)
    }

    /// Whether there is an answer that names a level.
    pub fn is_answered(&self) -> bool {
        self.verdict.as_ref().is_some_and(|verdict| !matches!(verdict.answer, Answer::TooNoisy(_)))
    }
}
