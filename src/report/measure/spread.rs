//! The uncertainty of figures: 95 % confidence intervals of their long-run values.

use super::{MetricQuery, time};
use crate::model::{CellWindow, DurationStats, Model, RecentLockUse, StateTimes};
use crate::scenario::{Metric, MetricSubject, Quantile, Scenario};
use crate::trace::{Stamp, State};

/// Number of equal parts of the time in which a figure is measured separately.
const PART_COUNT: usize = 10;

/// Student's t of a 95 % interval from `PART_COUNT` parts.
const STUDENT_T_95: f64 = 2.262;

/// Quantile of a 95 % interval of the normal distribution.
const NORMAL_95: f64 = 1.96;

/// Lowest and highest value that agree with the measurements.
pub(in crate::report) type ValueRange = (f64, f64);

/// The data from which a figure's interval follows.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) enum Spread {
    /// A ratio: dividend and divisor in each part of the time.
    Parts(Vec<(f64, f64)>),
    /// Another figure whose interval is known.
    KnownInterval(ValueRange),
}

impl Spread {
    /// Returns the interval of the figure.
    pub(in crate::report) fn interval(&self) -> Option<ValueRange> {
        match self {
            Self::Parts(parts) => jackknife(parts.len(), |left_out| quotient(parts, left_out)),
            Self::KnownInterval(range) => Some(*range),
        }
    }

    /// Returns the number of parts of the time that it is measured in.
    pub(in crate::report) fn part_count(&self) -> usize {
        match self {
            Self::Parts(parts) => parts.len(),
            Self::KnownInterval(_) => 0,
        }
    }

    /// Returns the figure with one part of the time left out.
    pub(in crate::report) fn without_part(&self, left_out: usize) -> Option<f64> {
        match self {
            Self::Parts(parts) => quotient(parts, Some(left_out)),
            Self::KnownInterval(_) => None,
        }
    }

    /// Returns the interval of its ratio to another figure of the same run.
    pub(in crate::report) fn interval_of_ratio(&self, other: &Self) -> Option<ValueRange> {
        match (self, other) {
            (Self::Parts(one), Self::Parts(other)) if one.len() == other.len() => {
                jackknife(one.len(), |at| Some(quotient(one, at)? / quotient(other, at).filter(|q| *q > 0.0)?))
            }
            _ => self.interval_of_ratio_between_runs(other),
        }
    }

    /// Returns the interval of its ratio to a figure of another run, whose parts are independent.
    pub(in crate::report) fn interval_of_ratio_between_runs(&self, other: &Self) -> Option<ValueRange> {
        let ((low, high), (least, most)) = (self.interval()?, other.interval()?);
        let (middle, around) = (f64::midpoint(low, high), f64::midpoint(least, most));
        let part = ((high - low) / 2.0 / middle).hypot((most - least) / 2.0 / around);
        let quotient = middle / around;
        (least > 0.0 && middle > 0.0).then(|| (quotient * (1.0 - part).max(0.0), quotient * (1.0 + part)))
    }
}

/// Returns half the width of the interval of a figure, from its values with one part left out each.
pub(in crate::report) fn half_width(without: &[f64]) -> f64 {
    let parts = without.len() as f64;
    let mean = without.iter().sum::<f64>() / parts;
    let squares = without.iter().map(|one| (one - mean).powi(2)).sum::<f64>();
    STUDENT_T_95 * (squares * (parts - 1.0) / parts).sqrt()
}

/// Returns the uncertainty of a figure, or `None` if it is exact or its uncertainty is unknown.
pub(in crate::report) fn figure_spread(
    model: &Model,
    scenario: &Scenario,
    metric: Metric,
    of: &MetricSubject,
    now: Stamp,
) -> Option<Spread> {
    let query = MetricQuery { model, scenario, subject: of, settings_since: model.settings_start(now), now };
    match metric {
        Metric::Share(state) => Some(query.share_parts(state)),
        Metric::Parallel if matches!(of, MetricSubject::Workers(_)) => Some(query.overlap_parts()),
        Metric::Parallel | Metric::Utilization | Metric::Rate if matches!(of, MetricSubject::Pool(_)) => {
            query.pool_parts(metric)
        }
        Metric::Rate | Metric::Held if query.lock().is_ok() => query.lock_parts(metric),
        Metric::Rate => query.addition_parts(),
        Metric::Fairness => fairness_interval(&query.lock().ok()?.1.recent_users()),
        Metric::Retries => query.retries_interval(),
        Metric::Contended => {
            let (_, lock) = query.lock().ok()?;
            wilson_interval(lock.recent_contended(), lock.recent_acquired())
        }
        Metric::GaveUp => {
            let attempts = query.attempts().ok()?;
            wilson_interval(attempts.gave_up, attempts.total())
        }
        Metric::Wait(part) => percentile_spread(query.lock().ok()?.1.recent_wait_times(), part),
        Metric::Slowdown => query.response_ratio_interval(Quantile::Median),
        Metric::Tail => query.response_ratio_interval(Quantile::P99),
        Metric::Latency(part) => percentile_spread(query.pool().ok()?.1.recent_tasks().response_times, part),
        _ => None,
    }
}

impl MetricQuery<'_> {
    fn window(&self) -> CellWindow {
        CellWindow { from: self.settings_since, to: self.now, cells: PART_COUNT }
    }

    /// Returns the summed time by state of the subject's lanes, in each part.
    fn shares_by_part(&self) -> Vec<StateTimes> {
        let (mut sums, mut cells) = (vec![StateTimes::default(); PART_COUNT], Vec::new());
        for lane in self.lanes() {
            lane.cells(&self.window(), self.now, &mut cells);
            sums.iter_mut().zip(&cells).for_each(|(sum, cell)| sum.add(cell));
        }
        sums
    }

    fn share_parts(&self, state: State) -> Spread {
        let whole = |cell: &StateTimes| if state.is_alive() { cell.alive_ns() } else { cell.total_ns() };
        let parts = self.shares_by_part();
        Spread::Parts(parts.iter().map(|cell| (cell.get(state) as f64, whole(cell) as f64)).collect())
    }

    fn overlap_parts(&self) -> Spread {
        let parts = self.shares_by_part();
        let running = parts.iter().map(|cell| cell.get(State::Running) as f64);
        Spread::Parts(running.zip(self.part_lengths()).collect())
    }

    fn pool_parts(&self, metric: Metric) -> Option<Spread> {
        let (_, pool, _) = self.pool().ok()?;
        let parts = (0..PART_COUNT).map(|i| self.window().cell(i)).map(|(a, b)| {
            let length = b.span_since(a);
            match metric {
                Metric::Rate => (pool.tasks_ended_between(a, b, self.now) as f64, length.as_secs_f64()),
                Metric::Parallel => (pool.busy_ns(a, b, self.now) as f64, length.0 as f64),
                _ => (pool.busy_ns(a, b, self.now) as f64, pool.staffed_ns(a, b, self.now) as f64),
            }
        });
        Some(Spread::Parts(parts.collect()))
    }

    fn lock_parts(&self, metric: Metric) -> Option<Spread> {
        let (_, lock) = self.lock().ok()?;
        let parts = (0..PART_COUNT).map(|i| self.window().cell(i)).map(|(a, b)| {
            let length = b.span_since(a);
            match metric {
                Metric::Rate => (lock.releases(a, b) as f64, length.as_secs_f64()),
                _ => (lock.held_share(a, b, self.now) * length.0 as f64, length.0 as f64),
            }
        });
        Some(Spread::Parts(parts.collect()))
    }

    /// Returns the additions to a counter in each part of the time. The history has amounts: of additions that differ,
    /// each counts by its amount.
    fn addition_parts(&self) -> Option<Spread> {
        let counter = self.model.counter(self.resource().ok()?.1)?;
        let amount = |(a, b): (Stamp, Stamp)| counter.amount_between(a, b) as f64;
        let whole = amount((self.settings_since, self.now));
        if whole <= 0.0 || counter.private_copies().next().is_some() {
            return None;
        }
        let additions = counter.recent_add_count() as f64;
        let parts = (0..PART_COUNT).map(|i| self.window().cell(i));
        let parts = parts.map(|(a, b)| (amount((a, b)) / whole * additions, b.span_since(a).as_secs_f64()));
        Some(Spread::Parts(parts.collect()))
    }

    /// Returns the interval of the failed compare-and-sets for each that succeeded.
    fn retries_interval(&self) -> Option<Spread> {
        let swaps = self.model.counter(self.resource().ok()?.1)?.recent_swaps();
        let (low, high) = wilson_interval(swaps.failed, swaps.failed + swaps.succeeded)?.interval()?;
        (high < 1.0).then(|| Spread::KnownInterval((low / (1.0 - low), high / (1.0 - high))))
    }

    /// Returns the interval of the response time over the service time: the ends of both intervals, so that it is
    /// rather too wide than too narrow.
    fn response_ratio_interval(&self, part: Quantile) -> Option<Spread> {
        let tasks = self.pool().ok()?.1.recent_tasks();
        let (low, high) = percentile_spread(tasks.response_times, part)?.interval()?;
        let (least, most) = percentile_spread(tasks.service_times, part)?.interval()?;
        (least > 0.0).then(|| Spread::KnownInterval((low / most, high / least)))
    }

    /// Returns the length of each part in nanoseconds.
    fn part_lengths(&self) -> impl Iterator<Item = f64> {
        let window = self.window();
        (0..PART_COUNT).map(move |i| {
            let (a, b) = window.cell(i);
            b.span_since(a).0 as f64
        })
    }
}

/// Returns Wilson's interval of a proportion.
fn wilson_interval(part: u64, whole: u64) -> Option<Spread> {
    if whole == 0 {
        return None;
    }
    let (n, p) = (whole as f64, part as f64 / whole as f64);
    let z = NORMAL_95 * NORMAL_95 / n;
    let middle = (p + z / 2.0) / (1.0 + z);
    let half = (p * (1.0 - p) * z + z * z / 4.0).sqrt() / (1.0 + z);
    Some(Spread::KnownInterval((middle - half, middle + half)))
}

/// Returns the interval of Jain's index of the acquisitions of these workers, `s^2 / (n q)` of their sum and the sum of
/// their squares: the delta method, with counts that vary like those of independent events.
fn fairness_interval(users: &[RecentLockUse]) -> Option<Spread> {
    let counts = || users.iter().map(|user| user.acquired as f64);
    let (workers, sum, squares) =
        (users.len() as f64, counts().sum::<f64>(), counts().map(|count| count * count).sum::<f64>());
    if squares <= 0.0 {
        return None;
    }
    let index = sum * sum / (workers * squares);
    let slope = |count: f64| 2.0 * index * (1.0 / sum - count / squares);
    let variance: f64 = counts().map(|count| slope(count).powi(2) * count).sum();
    let half = NORMAL_95 * variance.sqrt();
    Some(Spread::KnownInterval(((index - half).max(1.0 / workers), (index + half).min(1.0))))
}

/// Returns the interval of a percentile, from the order of the durations alone.
fn percentile_spread(times: &DurationStats, part: Quantile) -> Option<Spread> {
    let p = match part {
        Quantile::Median => 0.5,
        Quantile::P99 => 0.99,
        Quantile::Max => return None,
    };
    if times.count() == 0 {
        return None;
    }
    let half = NORMAL_95 * (p * (1.0_f64 - p) / times.count() as f64).sqrt();
    let at = |p: f64| times.percentile_ns((p * 100.0).clamp(0.0, 100.0)) as f64;
    let middle = time::time_of_part(times, part).0 as f64;
    Some(Spread::KnownInterval((at(p - half).min(middle), at(p + half).max(middle))))
}

/// Returns the sum of the dividends over the sum of the divisors, with one part left out.
fn quotient(parts: &[(f64, f64)], left_out: Option<usize>) -> Option<f64> {
    let kept = parts.iter().enumerate().filter(|(at, _)| Some(*at) != left_out).map(|(_, part)| *part);
    let (above, below) = kept.fold((0.0, 0.0), |(a, b), (above, below)| (a + above, b + below));
    (below > 0.0).then(|| above / below)
}

/// Returns a figure's interval from how much the figure changes when one part is left out.
fn jackknife(parts: usize, figure: impl Fn(Option<usize>) -> Option<f64>) -> Option<ValueRange> {
    let whole = figure(None)?;
    let without: Vec<f64> = (0..parts).map(|at| figure(Some(at))).collect::<Option<_>>()?;
    let half = half_width(&without);
    half.is_finite().then(|| ((whole - half).max(0.0), whole + half))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Span, WorkerId};

    fn noisy(about: f64, by: f64) -> Spread {
        Spread::Parts((0..PART_COUNT).map(|i| (about + if i % 2 == 0 { by } else { -by }, 1.0)).collect())
    }

    #[test]
    fn interval_is_narrow_for_steady_figures_and_wide_for_noisy_ones() {
        let width = |spread: &Spread| spread.interval().map(|(low, high)| high - low).unwrap();
        assert!(width(&noisy(0.5, 0.0)) < 1e-9);
        // The mean of ten values that deviate by 0.2 has a standard error of 0.2 / 3; the interval is 2.262 of these
        // wide on either side.
        assert!((width(&noisy(0.5, 0.2)) - 2.0 * 2.262 * 0.2 / 3.0).abs() < 1e-6, "{}", width(&noisy(0.5, 0.2)));
    }

    #[test]
    fn ratio_combines_the_uncertainty_of_both_figures() {
        let (low, high) = noisy(2.0, 0.0).interval_of_ratio(&noisy(1.0, 0.0)).unwrap();
        assert!((low - 2.0).abs() < 1e-9 && (high - 2.0).abs() < 1e-9);
        // Noise that changes both figures by the same factor does not change their ratio.
        let alike = noisy(2.0, 0.4).interval_of_ratio(&noisy(1.0, 0.2)).unwrap();
        assert!((alike.1 - alike.0) < 1e-6, "{alike:?}");
        let apart = noisy(2.0, 0.4).interval_of_ratio(&noisy(1.0, 0.0)).unwrap();
        assert!(apart.0 < 1.8 && apart.1 > 2.2, "{apart:?}");
        assert_eq!(
            noisy(2.0, 0.0).interval_of_ratio(&Spread::Parts(vec![(0.0, 1.0); PART_COUNT])),
            None,
            "nothing to divide by"
        );
    }

    #[test]
    fn fairness_of_few_acquisitions_is_less_certain() {
        let interval = |counts: &[u64]| {
            let users: Vec<_> = (0..)
                .zip(counts)
                .map(|(i, acquired)| RecentLockUse { worker: WorkerId(i), acquired: *acquired, waited: 0 })
                .collect();
            fairness_interval(&users).and_then(|spread| spread.interval())
        };
        let (low, high) = interval(&[30, 10]).expect("it was acquired");
        let (least, most) = interval(&[3_000, 1_000]).expect("it was acquired");
        assert!(low < 0.8 && 0.8 < high && least > low && most < high, "{low} to {high}, {least} to {most}");
        assert!(most - least < 0.05, "{least} to {most}");
        assert_eq!(interval(&[0, 0]), None);
        assert!(interval(&[5]).is_some_and(|(low, high)| low > 0.999 && high > 0.999), "one worker is always fair");
    }

    #[test]
    fn percentile_of_few_durations_has_a_wide_interval() {
        let times = DurationStats::from_spans((1..=20).map(Span::from_millis));
        let Some(Spread::KnownInterval((low, high))) = percentile_spread(&times, Quantile::Median) else {
            panic!("there are some")
        };
        assert!(low < 7.5e6 && high > 13.5e6, "{low} to {high}");
        assert_eq!(percentile_spread(&times, Quantile::Max), None, "a maximum has no interval");
    }
}
