//! Decides whether a level keeps up with tasks that arrive at a rate.
//!
//! A queue is stable exactly if tasks arrive at a lower rate than its servers can do, and the closed loop measures that
//! capacity. Repetitions with the scenario's own arrivals check that it holds there too, and measure response times.

use super::answer::{LevelStatus, TuningAnswer, levels_with_status};
use super::curve::{Curve, Level};
use super::demands::Demands;
use super::repetition::Repetition;
use super::stats::{Interval, mean, one_sided_bounds};

/// Largest backlog growth, as a share of the arrivals, that counts as variation: the closed loop measures the capacity
/// more precisely.
const MAX_BACKLOG_GROWTH: f64 = 0.05;

/// Largest share of late tasks: those beyond the 99th percentile.
const MAX_LATE_SHARE: f64 = 0.01;

/// Least repetitions with arrivals before a level counts as keeping up.
pub const MIN_ARRIVAL_REPETITIONS: usize = 4;

/// Returns the backlog's growth in a repetition, as a share of the arrivals.
pub fn backlog_growth(repetition: &Repetition, rate: f64) -> f64 {
    1.0 - (repetition.done + repetition.failed) as f64 / (rate * repetition.secs).max(1e-9)
}

/// Returns the backlog's growth at a level in tasks per second, measured with arrivals. Without such repetitions,
/// returns the difference between the rate and the throughput.
pub fn backlog_growth_rate(level: &Level, rate: f64) -> f64 {
    if level.arrival_repetitions.is_empty() {
        return rate - level.throughput();
    }
    mean(&level.arrival_repetitions.iter().map(|one| backlog_growth(one, rate)).collect::<Vec<_>>()) * rate
}

/// Whether the capacity of a level is certainly above the rate.
pub(super) fn can_keep_up(level: &Level, rate: f64) -> bool {
    capacity_interval(level).low > rate
}

/// Returns the interval of a level's capacity, each end one-sided. A single repetition only rules out distant values:
/// farther than a quarter plus twice the scatter of independent tasks.
fn capacity_interval(level: &Level) -> Interval {
    one_sided_bounds(&level.throughputs()).unwrap_or_else(|| {
        let scatter = 4.0 / level.mean(|one| one.done as f64).max(1.0).sqrt();
        Interval { low: 0.0, high: level.throughput() * (1.25 + scatter) }
    })
}

/// Returns a level's spare capacity, as a share of the rate.
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
    // A p99 within the limit means that at most one in a hundred tasks is late. Percentiles of short windows are biased
    // low, but the share of late tasks is not.
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

/// Returns the upper bound of the p99. Late tasks come in clusters, so repetitions that happen to have none say less
/// than they seem to.
fn p99_upper_bound(level: &Level) -> Option<f64> {
    let p99s: Vec<f64> =
        level.arrival_repetitions.iter().filter_map(|one| Some(one.response?.p99.max(1.0).ln())).collect();
    one_sided_bounds(&p99s).map(|found| found.high.exp())
}

/// Returns the interval of the share of late tasks.
fn late_share_interval(level: &Level) -> Option<Interval> {
    one_sided_bounds(&level.arrival_repetitions.iter().filter_map(|one| one.late_share).collect::<Vec<_>>())
}

/// Returns the first undecided level whose mean capacity is above the rate, else the undecided level with the highest.
fn most_promising_level(curve: &Curve, statuses: &[(f64, LevelStatus)], rate: f64) -> f64 {
    let open = levels_with_status(statuses, &[LevelStatus::Undecided]);
    let able = |value: &f64| curve.find(*value).map_or(0.0, Level::throughput);
    let first = open.iter().copied().find(|value| able(value) > rate);
    first.or_else(|| open.into_iter().max_by(|a, b| able(a).total_cmp(&able(b)))).unwrap_or_default()
}

/// Decides the answer from the statuses of all levels. `unmet` names the demands that no level meets.
pub(super) fn arrival_answer(
    curve: &Curve,
    fastest: &Level,
    statuses: &[(f64, LevelStatus)],
    rate: f64,
    unmet: String,
) -> TuningAnswer {
    let first = |wanted| levels_with_status(statuses, &[wanted]).first().copied();
    match (first(LevelStatus::Sufficient), first(LevelStatus::Undecided)) {
        (Some(level), Some(from)) if from < level => TuningAnswer::KeepsUp { from, level },
        (Some(level), _) => TuningAnswer::KeepsUp { from: level, level },
        (None, Some(_)) => TuningAnswer::Unsettled(most_promising_level(curve, statuses, rate)),
        (None, None) => {
            let refused = levels_with_status(statuses, &[LevelStatus::Unacceptable]);
            let misses_demands = refused.into_iter().any(|value| curve.find(value).is_some_and(Level::is_working));
            if misses_demands { TuningAnswer::DemandsNotMet(unmet) } else { TuningAnswer::FallsBehind(fastest.value) }
        }
    }
}
