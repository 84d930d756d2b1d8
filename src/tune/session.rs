//! The tuning procedure: calibrates, sweeps in random order, narrows down, repeats undecided levels, confirms with
//! fresh repetitions and a long one, then measures latency in open loop. All within a budget of time.
//!
//! `keep_up` has the procedure for tasks that arrive at a rate.

mod confirm;
mod keep_up;

use std::sync::Arc;

use super::answer::LevelStatus;
use super::curve::{Level, MAX_OTHERS_CORES};
use super::decide::{MIN_REPETITIONS, best_acceptable, decide, level_status};
use super::demands::Goal;
use super::levels;
use super::request::{Experiment, ExperimentRunner, LoadProfile, Phase, TIME_RAN_OUT, TuningRequest};
use super::trial::TrialOutcome;
use super::tuning::Tuning;

/// Least repetitions of every level that the answer rests on.
const MIN_ANSWER_REPETITIONS: usize = 5;

/// Most repetitions of a level.
const MAX_REPETITIONS: usize = 24;

/// Share of the budget that is reserved for the confirmation.
const CONFIRMATION_SHARE: f64 = 0.4;

/// Why a phase ended early.
#[derive(Debug)]
struct EarlyStop(&'static str);

/// Tunes a scenario. Calls `on_change` after every change of the tuning.
pub fn tune(runner: &mut impl ExperimentRunner, request: &TuningRequest, on_change: impl FnMut(&Tuning)) -> Tuning {
    let rng = fastrand::Rng::with_seed(request.seed);
    let mut session = Session { runner, request, tuning: Tuning::default(), rng, on_change };
    let result = match request.demands.goal {
        Goal::MaxThroughput => session.find_max_throughput(),
        Goal::Arrivals(rate) => session.find_level_that_keeps_up(rate),
    };
    session.tuning.stop_reason = result.err().map(|stop| stop.0);
    session.tuning.phase = Some(Phase::Done);
    session.tuning.current_level = None;
    session.notify_change();
    session.tuning
}

struct Session<'a, L, T> {
    runner: &'a mut L,
    request: &'a TuningRequest,
    tuning: Tuning,
    rng: fastrand::Rng,
    on_change: T,
}

impl<L: ExperimentRunner, T: FnMut(&Tuning)> Session<'_, L, T> {
    /// Finds the smallest level with about the highest throughput.
    fn find_max_throughput(&mut self) -> Result<(), EarlyStop> {
        let TuningRequest { range: over, is_whole: whole, usable_cores: cores, .. } = *self.request;
        let first = levels::initial_levels(over, cores as usize, whole);
        self.enter_phase(Phase::Calibrating);
        self.measure_round(&first[..1])?;
        self.enter_phase(Phase::Sweeping);
        for _ in 0..MIN_REPETITIONS {
            self.measure_round(&first)?;
        }
        self.enter_phase(Phase::ClosingIn);
        self.find_borders()?;
        while self.refine_levels()? {}
        self.enter_phase(Phase::Repeating);
        while self.repeat_undecided()? {}
        let Some(level) = self.tuning.decision.as_ref().and_then(|decision| decision.answer.recommended_level()) else {
            return Ok(());
        };
        self.enter_phase(Phase::Confirming);
        self.confirm(level)?;
        if self.request.has_open_loop {
            self.enter_phase(Phase::OpenLoop);
            self.measure_open_loop(level)?;
        }
        Ok(())
    }

    fn notify_change(&mut self) {
        self.tuning.elapsed = self.runner.elapsed();
        (self.on_change)(&self.tuning);
    }

    fn enter_phase(&mut self, phase: Phase) {
        self.tuning.phase = Some(phase);
        self.notify_change();
    }

    /// Whether this share of the budget is used up.
    fn is_budget_used(&self, part: f64) -> bool {
        self.runner.elapsed() >= self.request.budget.mul_f64(part)
    }

    /// Makes one repetition of each level, in random order, so that drift does not look like a trend.
    fn measure_round(&mut self, levels: &[f64]) -> Result<(), EarlyStop> {
        let mut order = levels.to_vec();
        self.rng.shuffle(&mut order);
        for level in order {
            self.measure_saturated(level)?;
        }
        Ok(())
    }

    /// Makes one repetition in closed loop, unless the level is known to fail.
    fn measure_saturated(&mut self, level: f64) -> Result<(), EarlyStop> {
        if self.is_failing(level) {
            return Ok(()); // one failure is enough
        }
        let outcome = self.run_experiment(Experiment::usual(level, LoadProfile::Saturated))?;
        add_repetition(self.tuning.curve.level_mut(level), outcome, self.request.keep_disturbed, |level| {
            &mut level.repetitions
        });
        self.update_decision();
        Ok(())
    }

    fn is_failing(&self, level: f64) -> bool {
        self.tuning.curve.find(level).is_some_and(|known| !known.failures.is_empty())
    }

    fn update_decision(&mut self) {
        let TuningRequest { demands, usable_cores: cores, is_whole: whole, .. } = self.request;
        let decision = decide(&self.tuning.curve, demands, *cores);
        self.tuning.decision = decision.map(|decision| decision.widen_to_unmeasured(&self.tuning.curve, *whole));
        self.notify_change();
    }

    fn run_experiment(&mut self, experiment: Experiment) -> Result<TrialOutcome, EarlyStop> {
        let time_left = self.request.budget.saturating_sub(self.runner.elapsed());
        if time_left.is_zero() {
            return Err(EarlyStop(TIME_RAN_OUT));
        }
        self.tuning.current_level = Some(experiment.level);
        self.notify_change();
        match self.runner.run(Experiment { time_left: Some(time_left), ..experiment }) {
            _ if self.runner.is_stopped() => Err(EarlyStop("stopped")),
            TrialOutcome::Stopped => Err(EarlyStop(TIME_RAN_OUT)),
            outcome => Ok(outcome),
        }
    }

    /// Bisects between failing and working levels to find their borders.
    fn find_borders(&mut self) -> Result<(), EarlyStop> {
        let whole = self.request.is_whole;
        let halfway = |(a, b): (&Level, &Level)| levels::midpoint_level(a.value, b.value, whole);
        loop {
            let Some(middle) = self.tuning.curve.working_borders().find_map(halfway) else { break };
            if self.is_budget_used(1.0 - CONFIRMATION_SHARE) {
                return Ok(());
            }
            self.measure_saturated(middle)?;
            if self
                .tuning
                .curve
                .find(middle)
                .is_none_or(|level| level.repetitions.is_empty() && !self.is_failing(middle))
            {
                return Ok(()); // disturbed: the level is still unknown
            }
        }
        // A deadlock may depend on chance: one success does not prove that a level works.
        let works = |(a, b): (&Level, &Level)| if a.is_working() { a.value } else { b.value };
        let few =
            |value: &f64| self.tuning.curve.find(*value).is_some_and(|level| level.repetitions.len() < MIN_REPETITIONS);
        let borders: Vec<f64> = self.tuning.curve.working_borders().map(works).filter(few).collect();
        for _ in 1..MIN_REPETITIONS {
            self.measure_round(&borders)?;
        }
        Ok(())
    }

    /// Adds levels around the knee. Returns whether there may be more to add.
    fn refine_levels(&mut self) -> Result<bool, EarlyStop> {
        let demands = self.request.demands;
        let curve = &self.tuning.curve;
        let Some(best) = best_acceptable(curve, &demands) else { return Ok(false) };
        let (top, good) = (best.value, best.throughput() * (1.0 - demands.epsilon));
        let values: Vec<f64> = curve.working_levels().map(|level| level.value).collect();
        let is_worse = |value: f64| curve.find(value).is_none_or(|level| level.throughput() < good);
        let new = levels::refinement_levels(&values, is_worse, self.request.is_whole);
        if new.is_empty() || self.is_budget_used(1.0 - CONFIRMATION_SHARE) {
            return Ok(false);
        }
        let with_best: Vec<f64> = new.into_iter().chain([top]).collect();
        for _ in 0..MIN_REPETITIONS {
            self.measure_round(&with_best)?;
        }
        Ok(true)
    }

    /// Makes one more repetition of every level that the answer depends on. Returns whether there were any.
    fn repeat_undecided(&mut self) -> Result<bool, EarlyStop> {
        let demands = self.request.demands;
        let (curve, decision) = (&self.tuning.curve, &self.tuning.decision);
        let Some(best) = best_acceptable(curve, &demands) else { return Ok(false) };
        let surely = decision.as_ref().and_then(|decision| decision.answer.certain_level()).unwrap_or(best.value);
        let is_decisive = |level: &&Level| {
            let status = level_status(curve, level, &demands);
            let counts = level.value <= surely && status == LevelStatus::Undecided;
            let few = level.repetitions.len() < MIN_ANSWER_REPETITIONS && status != LevelStatus::Unacceptable;
            (counts && level.repetitions.len() < MAX_REPETITIONS)
                || (few && (level.value <= surely || level.value >= best.value))
        };
        let mut wanted: Vec<f64> = curve.working_levels().filter(is_decisive).map(|level| level.value).collect();
        if wanted.is_empty() || self.is_budget_used(1.0 - CONFIRMATION_SHARE) {
            return Ok(false);
        }
        if best.repetitions.len() < MAX_REPETITIONS && !wanted.contains(&best.value) {
            wanted.push(best.value); // all levels are compared with it
        }
        self.measure_round(&wanted)?;
        Ok(true)
    }
}

/// Adds an outcome to a level; a repetition goes to the list that `among` selects, or to the disturbed ones.
fn add_repetition(
    level: &mut Level,
    outcome: TrialOutcome,
    even_disturbed: bool,
    among: fn(&mut Level) -> &mut Vec<super::repetition::Repetition>,
) {
    match outcome {
        TrialOutcome::Measured(repetition, model) => {
            let disturbed = !even_disturbed && repetition.others_cores.is_some_and(|others| others > MAX_OTHERS_CORES);
            if disturbed { &mut level.disturbed } else { among(level) }.push(*repetition);
            level.model = Some(Arc::from(model));
        }
        TrialOutcome::Failed(why, model) => {
            level.failures.push(why);
            level.model = Some(Arc::from(model));
        }
        TrialOutcome::Stopped => {}
    }
}
