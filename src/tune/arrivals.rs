//! Whether a level keeps up with tasks that arrive at a rate.
//!
//! A queue is stable exactly while less arrives than its servers can do: the closed loop measures what they can do. That
//! they do it with these arrivals as well, and how long a task takes then, is measured with the arrivals of the scenario.

use super::curve::{Curve, Level};
use super::decide::{Answer, Demands, Standing, of, too_large};
use super::figures::Repetition;
use super::stats::{Interval, bounds, mean};

/// A backlog that grows by less than this part of what arrives is taken to be one that only varies: what a level can do is
/// known better from the closed loop.
const GROWS: f64 = 0.05;

/// Part of the tasks that may be late: those beyond the 99th percentile.
const LATE: f64 = 0.01;

/// Repetitions with arrivals before a level is said to keep up.
pub const STEADY: usize = 4;

/// Part of what was due that was not done meanwhile: by so much the backlog grew.
pub fn growth(repetition: &Repetition, rate: f64) -> f64 {
    1.0 - (repetition.done + repetition.failed) as f64 / (rate * repetition.secs).max(1e-9)
}

/// Tasks a second by which the backlog of a level grows, as measured with arrivals; what it can do less than arrives, where
/// it was not.
pub fn falls_behind(level: &Level, rate: f64) -> f64 {
    if level.steady.is_empty() {
        return rate - level.throughput();
    }
    mean(&level.steady.iter().map(|one| growth(one, rate)).collect::<Vec<_>>()) * rate
}

/// Whether a level can for certain do more than arrives.
pub(super) fn can(level: &Level, rate: f64) -> bool {
    able(level).low > rate
}

/// What a level can do, each end one-sided. One repetition alone says only what it is far from: twice as far as independent
/// tasks would scatter, and a quarter.
fn able(level: &Level) -> Interval {
    bounds(&level.throughputs()).unwrap_or_else(|| {
        let scatter = 4.0 / level.mean(|one| one.done as f64).max(1.0).sqrt();
        Interval { low: 0.0, high: level.throughput() * (1.25 + scatter) }
    })
}

/// What a level can do beyond what arrives, as a part of that.
pub fn headroom(level: &Level, rate: f64) -> f64 {
    level.throughput() / rate - 1.0
}

pub(super) fn standing(level: &Level, rate: f64, demands: &Demands) -> Standing {
    if !level.works() || too_large(level, demands) {
        return Standing::Refused;
    }
    let able = able(level);
    if able.high < rate {
        return Standing::Worse;
    }
    let Some(grows) = bounds(&level.steady.iter().map(|one| growth(one, rate)).collect::<Vec<_>>()) else {
        return Standing::Undecided;
    };
    if grows.low > GROWS {
        return Standing::Worse;
    }
    // A p99 within the limit is: at most one of a hundred is late. Percentiles of short windows are too low on average, the
    // part that is late is not.
    let late = late(level).filter(|_| demands.p99.is_some());
    if late.is_some_and(|late| late.low > LATE) {
        return Standing::Refused;
    }
    let in_time = demands.p99.is_none_or(|limit| {
        late.is_some_and(|late| late.high <= LATE) && slowest(level).is_some_and(|p99| p99 <= limit)
    });
    if able.low > rate && grows.high < GROWS && in_time && level.steady.len() >= STEADY {
        Standing::Enough
    } else {
        Standing::Undecided
    }
}

/// The upper bound of the p99. Late tasks come in clusters: repetitions in which there happens to be none say less than they
/// seem to.
fn slowest(level: &Level) -> Option<f64> {
    let p99s: Vec<f64> = level.steady.iter().filter_map(|one| Some(one.response?.p99.max(1.0).ln())).collect();
    bounds(&p99s).map(|found| found.high.exp())
}

/// Between which bounds the part of the tasks lies that are late.
fn late(level: &Level) -> Option<Interval> {
    bounds(&level.steady.iter().filter_map(|one| one.late).collect::<Vec<_>>())
}

/// Of the levels that are undecided the first that can do what arrives by its mean, else the one that can do most.
fn likeliest(curve: &Curve, standings: &[(f64, Standing)], rate: f64) -> f64 {
    let open = of(standings, &[Standing::Undecided]);
    let able = |value: &f64| curve.find(*value).map_or(0.0, Level::throughput);
    let first = open.iter().copied().find(|value| able(value) > rate);
    first.or_else(|| open.into_iter().max_by(|a, b| able(a).total_cmp(&able(b)))).unwrap_or_default()
}

/// The answer that the standings of all levels give. `unmet` says what no level has.
pub(super) fn answer(
    curve: &Curve,
    fastest: &Level,
    standings: &[(f64, Standing)],
    rate: f64,
    unmet: String,
) -> Answer {
    let first = |wanted| of(standings, &[wanted]).first().copied();
    match (first(Standing::Enough), first(Standing::Undecided)) {
        (Some(level), Some(from)) if from < level => Answer::KeepsUp { from, level },
        (Some(level), _) => Answer::KeepsUp { from: level, level },
        (None, Some(_)) => Answer::Unsettled(likeliest(curve, standings, rate)),
        (None, None) => {
            let refused = of(standings, &[Standing::Refused]);
            let demanded = refused.into_iter().any(|value| curve.find(value).is_some_and(Level::works));
            if demanded { Answer::Refused(unmet) } else { Answer::FallsBehind(fastest.value) }
        }
    }
}
