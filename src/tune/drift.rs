//! Whether the work changes while it runs: then what short repetitions measure is not what goes on later.

use super::curve::Level;
use super::figures::Repetition;
use super::question::Load;
use super::stats::{Interval, bounds, mean, prediction, ratio};
use super::tuning::{Long, Tuning};

/// Work units in a repetition below which its halves differ by chance.
const ENOUGH_WORK: u64 = 20;

/// Change of the rate while a run goes on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Drift {
    /// The second half of a repetition differs from the first: so many times as much is done, in windows this long, s.
    Halves { change: f64, secs: f64 },
    /// A long repetition differs from the short ones.
    Later { change: f64, short: f64, long: f64 },
}

/// The change that was seen, if it is for certain larger than `tolerance`, as a part.
pub fn drift(tuning: &Tuning, tolerance: f64) -> Option<Drift> {
    let long = tuning.long.as_ref();
    long.and_then(|long| halves_of(&long.repetition, tolerance))
        .or_else(|| halves_of_all(tuning, tolerance))
        .or_else(|| long.and_then(|long| later(tuning, long, tolerance)))
}

fn is_beyond(found: &Interval, tolerance: f64) -> bool {
    found.high < 1.0 - tolerance || found.low > 1.0 + tolerance
}

/// The parts of one long window: the later half against the earlier one.
fn halves_of(repetition: &Repetition, tolerance: f64) -> Option<Drift> {
    let slices = positive(repetition)?;
    let (early, late) = slices.split_at(slices.len() / 2);
    let found = ratio(late, early)?;
    is_beyond(&Interval { low: found.low, high: found.high }, tolerance)
        .then_some(Drift::Halves { change: found.estimate, secs: repetition.secs })
}

/// The halves of all short repetitions.
fn halves_of_all(tuning: &Tuning, tolerance: f64) -> Option<Drift> {
    let all: Vec<&Repetition> = short(tuning).flat_map(|level| &level.repetitions).collect();
    let changes: Vec<f64> = all.iter().filter_map(|one| half_change(one)).collect();
    let found = bounds(&changes)?;
    let found = Interval { low: found.low.exp(), high: found.high.exp() };
    let secs = mean(&all.iter().map(|one| one.secs).collect::<Vec<_>>());
    is_beyond(&found, tolerance).then(|| Drift::Halves { change: mean(&changes).exp(), secs })
}

/// Logarithm of the second half's rate as a part of the first's.
fn half_change(repetition: &Repetition) -> Option<f64> {
    let slices = positive(repetition)?;
    let (early, late) = slices.split_at(slices.len() / 2);
    Some((mean(late) / mean(early)).ln())
}

/// Rates of its parts; one in which nothing was done counts as nearly nothing. None of a repetition with too little work.
fn positive(repetition: &Repetition) -> Option<Vec<f64>> {
    let least = repetition.throughput * 1e-3;
    let slices: Vec<f64> = repetition.slices.iter().map(|rate| rate.max(least)).collect();
    (repetition.done >= ENOUGH_WORK && slices.len() >= 2 && least > 0.0).then_some(slices)
}

/// The long repetition as a whole against short ones: what comes and goes does not show in halves.
fn later(tuning: &Tuning, long: &Long, tolerance: f64) -> Option<Drift> {
    let like_it = |level| if long.load == Load::Written { steady(level) } else { saturated(level) };
    let short: Vec<&Repetition> = short(tuning)
        .filter(|level| level.value.total_cmp(&long.level).is_eq())
        .flat_map(like_it)
        .filter(|one| one.done >= ENOUGH_WORK)
        .collect();
    let logs: Vec<f64> = short.iter().map(|one| one.throughput.ln()).collect();
    let expected = prediction(&logs)?;
    let whole = long.repetition.throughput.max(f64::MIN_POSITIVE).ln();
    let change = (whole - mean(&logs)).exp();
    let outside = whole < expected.low || whole > expected.high;
    let secs = mean(&short.iter().map(|one| one.secs).collect::<Vec<_>>());
    (outside && (change - 1.0).abs() > tolerance * 2.0).then_some(Drift::Later {
        change,
        short: secs,
        long: long.repetition.secs,
    })
}

const fn steady(level: &Level) -> &Vec<Repetition> {
    &level.steady
}

const fn saturated(level: &Level) -> &Vec<Repetition> {
    &level.repetitions
}

fn short(tuning: &Tuning) -> impl Iterator<Item = &Level> {
    tuning.curve.levels().iter().chain(tuning.confirmed.levels())
}
