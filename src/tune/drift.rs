//! Detects drift: throughput that changes during a run, so that short repetitions say little about its later part.

use super::curve::Level;
use super::repetition::Repetition;
use super::request::LoadProfile;
use super::stats::{Interval, mean, one_sided_bounds, prediction_interval, ratio_of_means};
use super::tuning::{LongRun, Tuning};

/// Least units of work in a repetition: with fewer, its halves differ by chance.
const ENOUGH_WORK: u64 = 20;

/// Change of the throughput during a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Drift {
    /// The second half of a repetition has `change` times the throughput of the first, in windows of `secs` seconds.
    Halves { change: f64, secs: f64 },
    /// A long repetition differs from the short ones.
    LongVersusShort { change: f64, short: f64, long: f64 },
}

/// Returns the drift, if it is certainly larger than `tolerance`, as a share.
pub fn detect_drift(tuning: &Tuning, tolerance: f64) -> Option<Drift> {
    let long = tuning.long_run.as_ref();
    long.and_then(|long| drift_within_long_run(&long.repetition, tolerance))
        .or_else(|| drift_within_short_runs(tuning, tolerance))
        .or_else(|| long.and_then(|long| drift_of_long_run(tuning, long, tolerance)))
}

fn is_outside_tolerance(found: &Interval, tolerance: f64) -> bool {
    found.high < 1.0 - tolerance || found.low > 1.0 + tolerance
}

/// Compares the halves of one long window.
fn drift_within_long_run(repetition: &Repetition, tolerance: f64) -> Option<Drift> {
    let slices = positive_slices(repetition)?;
    let (early, late) = slices.split_at(slices.len() / 2);
    let found = ratio_of_means(late, early)?;
    is_outside_tolerance(&Interval { low: found.low, high: found.high }, tolerance)
        .then_some(Drift::Halves { change: found.estimate, secs: repetition.secs })
}

/// Compares the halves of all short repetitions.
fn drift_within_short_runs(tuning: &Tuning, tolerance: f64) -> Option<Drift> {
    let all: Vec<&Repetition> = measured_levels(tuning).flat_map(|level| &level.repetitions).collect();
    let changes: Vec<f64> = all.iter().filter_map(|one| half_change(one)).collect();
    let found = one_sided_bounds(&changes)?;
    let found = Interval { low: found.low.exp(), high: found.high.exp() };
    let secs = mean(&all.iter().map(|one| one.secs).collect::<Vec<_>>());
    is_outside_tolerance(&found, tolerance).then(|| Drift::Halves { change: mean(&changes).exp(), secs })
}

/// Returns the logarithm of the ratio of the second half's rate to the first's.
fn half_change(repetition: &Repetition) -> Option<f64> {
    let slices = positive_slices(repetition)?;
    let (early, late) = slices.split_at(slices.len() / 2);
    Some((mean(late) / mean(early)).ln())
}

/// Returns the rates of the slices, at least a thousandth of the mean. None for a repetition with too little work.
fn positive_slices(repetition: &Repetition) -> Option<Vec<f64>> {
    let least = repetition.throughput * 1e-3;
    let slices: Vec<f64> = repetition.slice_rates.iter().map(|rate| rate.max(least)).collect();
    (repetition.done >= ENOUGH_WORK && slices.len() >= 2 && least > 0.0).then_some(slices)
}

/// Compares the whole long repetition with the short ones: alternating throughput does not show in halves.
fn drift_of_long_run(tuning: &Tuning, long: &LongRun, tolerance: f64) -> Option<Drift> {
    let like_it = |level| {
        if long.load == LoadProfile::AsWritten { arrival_repetitions(level) } else { closed_loop_repetitions(level) }
    };
    let short: Vec<&Repetition> = measured_levels(tuning)
        .filter(|level| level.value.total_cmp(&long.level).is_eq())
        .flat_map(like_it)
        .filter(|one| one.done >= ENOUGH_WORK)
        .collect();
    let logs: Vec<f64> = short.iter().map(|one| one.throughput.ln()).collect();
    let expected = prediction_interval(&logs)?;
    let whole = long.repetition.throughput.max(f64::MIN_POSITIVE).ln();
    let change = (whole - mean(&logs)).exp();
    let outside = whole < expected.low || whole > expected.high;
    let secs = mean(&short.iter().map(|one| one.secs).collect::<Vec<_>>());
    (outside && (change - 1.0).abs() > tolerance * 2.0).then_some(Drift::LongVersusShort {
        change,
        short: secs,
        long: long.repetition.secs,
    })
}

const fn arrival_repetitions(level: &Level) -> &Vec<Repetition> {
    &level.arrival_repetitions
}

const fn closed_loop_repetitions(level: &Level) -> &Vec<Repetition> {
    &level.repetitions
}

fn measured_levels(tuning: &Tuning) -> impl Iterator<Item = &Level> {
    tuning.curve.levels().iter().chain(tuning.confirmation.levels())
}
