//! Decides the answer from a curve: the smallest level that is not worse than the best by more than the tolerance.
//!
//! It tests non-inferiority by the one-sided 95 % bound of the ratio to the best level. Fitted peaks, the largest mean
//! and formulas of waiting time are not used: each is wrong by factors on curves that occur.

use super::answer::{LevelStatus, LevelStatuses, TuningAnswer, levels_with_status};
use super::arrivals;
use super::bottleneck::{Bottleneck, find_bottleneck};
use super::curve::{Curve, Level};
use super::demands::{Demands, Goal};
use super::levels::first_unmeasured;
use super::stats::{Ratio, ratio_of_means, relative_uncertainty};
use crate::trace::format::{format_counted, format_percent};

/// Least repetitions of a level before the answer may rest on it.
pub const MIN_REPETITIONS: usize = 3;

/// Largest share of disturbed repetitions: with more, the machine is too busy for an answer.
const MAX_DISTURBED_SHARE: f64 = 0.5;

/// An answer and its evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    pub answer: TuningAnswer,
    /// The level with the highest throughput.
    pub best_level: f64,
    /// Levels that are indistinguishable from the best, or certainly within the tolerance.
    pub equivalent_levels: Vec<f64>,
    pub bottleneck: Bottleneck,
}

/// Returns how a level compares with the best one, or with the rate of arrivals.
pub fn level_status(curve: &Curve, level: &Level, demands: &Demands) -> LevelStatus {
    if let Goal::Arrivals(rate) = demands.goal {
        return arrivals::arrival_status(level, rate, demands);
    }
    let Some(best) = best_acceptable(curve, demands) else { return LevelStatus::Unacceptable };
    if !level.is_working() || !meets_demands(level, demands) {
        return LevelStatus::Unacceptable;
    }
    match ratio_to_best(level, best) {
        Some(found) if found.low >= 1.0 - demands.epsilon => LevelStatus::Sufficient,
        Some(found) if found.high < 1.0 - demands.epsilon => LevelStatus::Worse,
        _ => LevelStatus::Undecided,
    }
}

/// Returns the level with the highest throughput among those that meet the demands.
pub fn best_acceptable<'a>(curve: &'a Curve, demands: &Demands) -> Option<&'a Level> {
    curve
        .working_levels()
        .filter(|level| meets_demands(level, demands))
        .max_by(|a, b| a.throughput().total_cmp(&b.throughput()))
}

/// Returns a level's throughput as a share of the best's.
pub fn ratio_to_best(level: &Level, best: &Level) -> Option<Ratio> {
    if level.value.total_cmp(&best.value).is_eq() {
        return Some(Ratio { estimate: 1.0, low: 1.0, high: 1.0 });
    }
    ratio_of_means(&level.throughputs(), &best.throughputs())
}

fn meets_demands(level: &Level, demands: &Demands) -> bool {
    let late = demands.max_p99_ns.is_some_and(|limit| {
        level.percentiles(|repetition| repetition.service).is_some_and(|service| service.p99 > limit)
    });
    !late && !demands.is_memory_exceeded(level)
}

/// Decides the answer from the curve. `cores` is the number of usable cores.
pub fn decide(curve: &Curve, demands: &Demands, cores: f64) -> Option<Decision> {
    let decision = |answer, best: f64, alike, bottleneck| {
        Some(Decision { answer, best_level: best, equivalent_levels: alike, bottleneck })
    };
    let Some(fastest) = curve.best() else {
        let why = curve.levels().iter().flat_map(|level| &level.failures).next()?;
        return decision(TuningAnswer::NeverWorks(why.clone()), 0.0, Vec::new(), Bottleneck::Unknown);
    };
    let bottleneck = find_bottleneck(fastest, cores);
    let statuses = level_statuses(curve, demands);
    let alike = levels_with_status(&statuses, &[LevelStatus::Sufficient, LevelStatus::Undecided]);
    if let Some(why) = too_busy_reason(curve) {
        return decision(TuningAnswer::TooNoisy(why), fastest.value, alike, bottleneck);
    }
    if let Goal::Arrivals(rate) = demands.goal {
        let answer = arrivals::arrival_answer(curve, fastest, &statuses, rate, unmet_demands(demands));
        return decision(answer, fastest.value, levels_with_status(&statuses, &[LevelStatus::Sufficient]), bottleneck);
    }
    let Some(best) = best_acceptable(curve, demands) else {
        return decision(TuningAnswer::DemandsNotMet(unmet_demands(demands)), fastest.value, Vec::new(), bottleneck);
    };
    if let Some(why) = too_noisy_reason(best, demands, &levels_with_status(&statuses, &[LevelStatus::Sufficient])) {
        return decision(TuningAnswer::TooNoisy(why), best.value, alike, bottleneck);
    }
    let answer = knee_answer(curve, best, demands, &statuses, &bottleneck);
    decision(answer, best.value, alike, bottleneck)
}

fn level_statuses(curve: &Curve, demands: &Demands) -> Vec<(f64, LevelStatus)> {
    curve.levels().iter().map(|level| (level.value, level_status(curve, level, demands))).collect()
}

/// Returns the smallest level that does about as much as the best.
fn knee_answer(
    curve: &Curve,
    best: &Level,
    demands: &Demands,
    statuses: &LevelStatuses,
    bottleneck: &Bottleneck,
) -> TuningAnswer {
    let (enough, undecided) = (
        levels_with_status(statuses, &[LevelStatus::Sufficient]),
        levels_with_status(statuses, &[LevelStatus::Undecided]),
    );
    let surely = enough.first().copied().unwrap_or(best.value);
    let good = |level: &&Level| ratio_to_best(level, best).is_some_and(|found| found.estimate >= 1.0 - demands.epsilon);
    let near = |value: &f64| curve.find(*value).as_ref().is_some_and(good);
    let knee = undecided.iter().copied().filter(|value| *value < surely).find(near).unwrap_or(surely);
    let last = curve.levels().last().map(|level| level.value);
    let all_used = matches!(bottleneck, Bottleneck::UsedUp(limit) if limit.utilization >= 1.0 - demands.epsilon);
    if Some(knee) == last && curve.levels().len() > 1 && !all_used {
        return TuningAnswer::Rising(knee);
    }
    let alike =
        enough.len() > 1 && levels_with_status(statuses, &[LevelStatus::Worse, LevelStatus::Unacceptable]).is_empty();
    match undecided.into_iter().find(|level| *level < surely) {
        Some(from) => TuningAnswer::Range { from, knee, to: surely },
        None if alike && curve.levels().first().is_some_and(|lowest| lowest.value >= surely) => {
            if matches!(bottleneck, Bottleneck::UsedUp(_) | Bottleneck::Feeder(_)) {
                TuningAnswer::LimitedElsewhere(surely)
            } else {
                TuningAnswer::Flat(surely)
            }
        }
        None => TuningAnswer::Exact(surely),
    }
}

impl Decision {
    /// Returns the decision with its range widened to the unmeasured levels just below: any of them may be the
    /// smallest.
    pub(super) fn widen_to_unmeasured(mut self, curve: &Curve, whole: bool) -> Self {
        let first = |from: f64| curve.level_below(from).and_then(|below| first_unmeasured(below.value, from, whole));
        self.answer = match self.answer {
            TuningAnswer::Exact(level) => match first(level) {
                Some(from) => TuningAnswer::Range { from, knee: level, to: level },
                None => TuningAnswer::Exact(level),
            },
            TuningAnswer::Range { from, knee, to } => {
                TuningAnswer::Range { from: first(from).unwrap_or(from), knee, to }
            }
            TuningAnswer::KeepsUp { from, level } => TuningAnswer::KeepsUp { from: first(from).unwrap_or(from), level },
            answer => answer,
        };
        self
    }
}

/// Returns why the machine is too busy for an answer.
fn too_busy_reason(curve: &Curve) -> Option<String> {
    let share = curve.disturbed_share();
    (share > MAX_DISTURBED_SHARE)
        .then(|| format!("other programs kept the machine busy in {} of the repetitions", format_percent(share)))
}

/// Returns why the repetitions are too noisy for an answer.
fn too_noisy_reason(best: &Level, demands: &Demands, enough: &[f64]) -> Option<String> {
    if best.repetitions.len() < MIN_REPETITIONS {
        return Some(format!(
            "only {} of the best level could be measured",
            format_counted(best.repetitions.len() as u64, "repetition")
        ));
    }
    // If no other level is sufficient, the best level may just have been lucky.
    let width = relative_uncertainty(&best.throughputs())?;
    let alone = enough.iter().all(|level| (*level - best.value).abs() < f64::EPSILON);
    (width > demands.epsilon * 4.0 || (alone && width > demands.epsilon * 2.0)).then(|| {
        format!("repetitions of the best level differ: its throughput is only known to ±{}", format_percent(width))
    })
}

fn unmet_demands(demands: &Demands) -> String {
    let p99 = demands.max_p99_ns.map(|ns| format!("a p99 of at most {}", crate::trace::Span(ns as u64)));
    let memory = demands.max_memory.map(|bytes| format!("at most {} MiB of memory", bytes >> 20));
    let wanted: Vec<String> = p99.into_iter().chain(memory).collect();
    format!("no measured level has {}", wanted.join(" and "))
}
