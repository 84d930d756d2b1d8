//! Whether a level keeps up with tasks that arrive at a rate.
//!
//! A queue is stable exactly while less arrives than its servers can do: the closed loop measures what they can do. That
//! they do it with these arrivals as well, and how long a task takes then, is measured with the arrivals of the scenario.

use super::answer::{LevelStatus, TuningAnswer, levels_with_status};
use super::curve::{Curve, Level};
use super::demands::Demands;
use super::repetition::Repetition;
use super::stats::{Interval, mean, one_sided_bounds};

/// A backlog that grows by less than this part of what arrives is taken to be one that only varies: what a level can do is
/// known better from the closed loop.
const MAX_BACKLOG_GROWTH: f64 = 0.05;

/// Part of the tasks that may be late: those beyond the 99th percentile.
const MAX_LATE_SHARE: f64 = 0.01;

/// Repetitions with arrivals before a level is said to keep up.
pub const MIN_ARRIVAL_REPETITIONS: usize = 4;

/// Part of what was due that was not done meanwhile: by so much the backlog grew.
pub fn backlog_growth(repetition: &Repetition, rate: f64) -> f64 {
    1.0 - (repetition.done + repetition.failed) as f64 / (rate * repetition.secs).max(1e-9)
}

/// Tasks a second by which the backlog of a level grows, as measured with arrivals; what it can do less than arrives, where
/// it was not.
pub fn backlog_growth_rate(level: &Level, rate: f64) -> f64 {
    if level.arrival_repetitions.is_empty() {
        return rate - level.throughput();
    }
    mean(&level.arrival_repetitions.iter().map(|one| backlog_growth(one, rate)).collect::<Vec<_>>()) * rate
}

/// Whether a level can for certain do more than arrives.
pub(super) fn can_keep_up(level: &Level, rate: f64) -> bool {
    capacity_interval(level).low > rate
}

/// What a level can do, each end one-sided. One repetition alone says only what it is far from: twice as far as independent
/// tasks would scatter, and a quarter.
fn capacity_interval(level: &Level) -> Interval {
    one_sided_bounds(&level.throughputs()).unwrap_or_else(|| {
        let scatter = 4.0 / level.mean(|one| one.done as f64).max(1.0).sqrt();
        Interval { low: 0.0, high: level.throughput() * (1.25 + scatter) }
    })
}

/// What a level can do beyond what arrives, as a part of that.
pub fn headroom(level: &Level, rate: f64) -> f64 {
    level.throughput() / rate - 1.0
}

pub(super) fn arrival_status(level: &Level, rate: f64, demands: &Demands) -> LevelStatus {
    if !level.is_working() || demands.is_memory_exceeded(level) {
        return LevelStatus::Unacceptable;
    }
    let able = capacity_interval(level);
    if able.high < rate {
        return LevelStatus::Worse;
    }
    let Some(grows) =
        one_sided_bounds(&level.arrival_repetitions.iter().map(|one| backlog_growth(one, rate)).collect::<Vec<_>>())
    else {
        return LevelStatus::Undecided;
    };
    if grows.low > MAX_BACKLOG_GROWTH {
        return LevelStatus::Worse;
    }
    // A p99 within the limit is: at most one of a hundred is late. Percentiles of short windows are too low on average, the
    // part that is late is not.
    let late = late_share_interval(level).filter(|_| demands.max_p99_ns.is_some());
    if late.is_some_and(|late| late.low > MAX_LATE_SHARE) {
        return LevelStatus::Unacceptable;
    }
    let in_time = demands.max_p99_ns.is_none_or(|limit| {
        late.is_some_and(|late| late.high <= MAX_LATE_SHARE) && p99_upper_bound(level).is_some_and(|p99| p99 <= limit)
    });
    if able.low > rate
        && grows.high < MAX_BACKLOG_GROWTH
        && in_time
        && level.arrival_repetitions.len() >= MIN_ARRIVAL_REPETITIONS
    {
        LevelStatus::Sufficient
    } else {
        LevelStatus::Undecided
    }
}

/// The upper bound of the p99. Late tasks come in clusters: repetitions in which there happens to be none say less than they
/// seem to.
fn p99_upper_bound(level: &Level) -> Option<f64> {
    let p99s: Vec<f64> =
        level.arrival_repetitions.iter().filter_map(|one| Some(one.response?.p99.max(1.0).ln())).collect();
    one_sided_bounds(&p99s).map(|found| found.high.exp())
}

/// Between which bounds the part of the tasks lies that are late.
fn late_share_interval(level: &Level) -> Option<Interval> {
    one_sided_bounds(&level.arrival_repetitions.iter().filter_map(|one| one.late_share).collect::<Vec<_>>())
}

/// Of the levels that are undecided the first that can do what arrives by its mean, else the one that can do most.
fn most_promising_level(curve: &Curve, standings: &[(f64, LevelStatus)], rate: f64) -> f64 {
    let open = levels_with_status(standings, &[LevelStatus::Undecided]);
    let able = |value: &f64| curve.find(*value).map_or(0.0, Level::throughput);
    let first = open.iter().copied().find(|value| able(value) > rate);
    first.or_else(|| open.into_iter().max_by(|a, b| able(a).total_cmp(&able(b)))).unwrap_or_default()
}

/// The answer that the standings of all levels give. `unmet` says what no level has.
pub(super) fn arrival_answer(
    curve: &Curve,
    fastest: &Level,
    standings: &[(f64, LevelStatus)],
    rate: f64,
    unmet: String,
) -> TuningAnswer {
    let first = |wanted| levels_with_status(standings, &[wanted]).first().copied();
    match (first(LevelStatus::Sufficient), first(LevelStatus::Undecided)) {
        (Some(level), Some(from)) if from < level => TuningAnswer::KeepsUp { from, level },
        (Some(level), _) => TuningAnswer::KeepsUp { from: level, level },
        (None, Some(_)) => TuningAnswer::Unsettled(most_promising_level(curve, standings, rate)),
        (None, None) => {
            let refused = levels_with_status(standings, &[LevelStatus::Unacceptable]);
            let demanded = refused.into_iter().any(|value| curve.find(value).is_some_and(Level::is_working));
            if demanded { TuningAnswer::DemandsNotMet(unmet) } else { TuningAnswer::FallsBehind(fastest.value) }
        }
    }
}
