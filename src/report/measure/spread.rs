//! How far a figure may be from what it would come to in the long run: 95 % intervals.

use super::{MetricQuery, time};
use crate::model::{CellWindow, DurationStats, Model, StateTimes};
use crate::scenario::{Metric, MetricSubject, Quantile, Scenario};
use crate::trace::{Stamp, State};

/// Equal parts of the time in which a figure is measured again.
const PART_COUNT: usize = 10;

/// Student's t of a 95 % interval from that many parts.
const STUDENT_T_95: f64 = 2.262;

/// The same of the normal distribution.
const NORMAL_95: f64 = 1.96;

/// Lowest and highest value that agree with what was measured.
pub(in crate::report) type ValueRange = (f64, f64);

/// What a figure is made of.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) enum Spread {
    /// A quotient: dividend and divisor in each part of the time.
    Parts(Vec<(f64, f64)>),
    /// Anything else whose interval is known.
    KnownInterval(ValueRange),
}

impl Spread {
    /// Where the figure lies.
    pub(in crate::report) fn interval(&self) -> Option<ValueRange> {
        match self {
            Self::Parts(parts) => jackknife(parts.len(), |left_out| quotient(parts, left_out)),
            Self::KnownInterval(range) => Some(*range),
        }
    }

    /// Where its quotient with another figure lies.
    pub(in crate::report) fn interval_of_ratio(&self, other: &Self) -> Option<ValueRange> {
        match (self, other) {
            (Self::Parts(one), Self::Parts(other)) if one.len() == other.len() => {
                jackknife(one.len(), |at| Some(quotient(one, at)? / quotient(other, at).filter(|q| *q > 0.0)?))
            }
            _ => self.interval_of_ratio_between_runs(other),
        }
    }

    /// Where its quotient with a figure of another run lies, whose parts have nothing to do with its own.
    pub(in crate::report) fn interval_of_ratio_between_runs(&self, other: &Self) -> Option<ValueRange> {
        let ((low, high), (least, most)) = (self.interval()?, other.interval()?);
        let (middle, around) = (f64::midpoint(low, high), f64::midpoint(least, most));
        let part = ((high - low) / 2.0 / middle).hypot((most - least) / 2.0 / around);
        let quotient = middle / around;
        (least > 0.0 && middle > 0.0).then(|| (quotient * (1.0 - part).max(0.0), quotient * (1.0 + part)))
    }
}

/// How far the figure of `measure` may be off; `None` if it is exact, or nothing can be said.
pub(in crate::report) fn figure_spread(
    model: &Model,
    scenario: &Scenario,
    metric: Metric,
    of: &MetricSubject,
    now: Stamp,
) -> Option<Spread> {
    let who = MetricQuery { model, scenario, subject: of, settings_since: model.settings_start(now), now };
    match metric {
        Metric::Share(state) => Some(who.share_parts(state)),
        Metric::Parallel if matches!(of, MetricSubject::Workers(_)) => Some(who.overlap_parts()),
        Metric::Parallel | Metric::Utilization | Metric::Rate if matches!(of, MetricSubject::Pool(_)) => {
            who.pool_parts(metric)
        }
        Metric::Rate | Metric::Held => who.lock_parts(metric),
        Metric::Contended => who.wilson_interval(|lock| (lock.recent_contended(), lock.recent_acquired())),
        Metric::GaveUp => who.wilson_interval(|lock| {
            (lock.recent_timeouts(), lock.recent_timeouts().saturating_add(lock.recent_acquired()))
        }),
        Metric::Wait(part) => percentile_spread(who.lock().ok()?.1.recent_wait_times(), part),
        Metric::Latency(part) => percentile_spread(who.pool().ok()?.1.recent_tasks().response_times, part),
        _ => None,
    }
}

impl MetricQuery<'_> {
    fn window(&self) -> CellWindow {
        CellWindow { from: self.settings_since, to: self.now, cells: PART_COUNT }
    }

    /// The time by state of all lanes that are meant, in each part.
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

    /// Nanoseconds of each part.
    fn part_lengths(&self) -> impl Iterator<Item = f64> {
        let window = self.window();
        (0..PART_COUNT).map(move |i| {
            let (a, b) = window.cell(i);
            b.span_since(a).0 as f64
        })
    }

    /// Wilson's interval of a part of a count.
    fn wilson_interval(&self, counts: impl Fn(&crate::model::Lock) -> (u64, u64)) -> Option<Spread> {
        let (part, whole) = counts(self.lock().ok()?.1);
        if whole == 0 {
            return None;
        }
        let (n, p) = (whole as f64, part as f64 / whole as f64);
        let z = NORMAL_95 * NORMAL_95 / n;
        let middle = (p + z / 2.0) / (1.0 + z);
        let half = (p * (1.0 - p) * z + z * z / 4.0).sqrt() / (1.0 + z);
        Some(Spread::KnownInterval((middle - half, middle + half)))
    }
}

/// The interval of a percentile, from the order of the durations alone.
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

/// The sum of the dividends over that of the divisors, one part left out.
fn quotient(parts: &[(f64, f64)], left_out: Option<usize>) -> Option<f64> {
    let kept = parts.iter().enumerate().filter(|(at, _)| Some(*at) != left_out).map(|(_, part)| *part);
    let (above, below) = kept.fold((0.0, 0.0), |(a, b), (above, below)| (a + above, b + below));
    (below > 0.0).then(|| above / below)
}

/// A figure's interval from how much it changes when one part is left out.
fn jackknife(parts: usize, figure: impl Fn(Option<usize>) -> Option<f64>) -> Option<ValueRange> {
    let whole = figure(None)?;
    let without: Vec<f64> = (0..parts).map(|at| figure(Some(at))).collect::<Option<_>>()?;
    let mean = without.iter().sum::<f64>() / parts as f64;
    let squares = without.iter().map(|one| (one - mean).powi(2)).sum::<f64>();
    let half = STUDENT_T_95 * (squares * (parts as f64 - 1.0) / parts as f64).sqrt();
    half.is_finite().then(|| ((whole - half).max(0.0), whole + half))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Span;

    fn noisy(about: f64, by: f64) -> Spread {
        Spread::Parts((0..PART_COUNT).map(|i| (about + if i % 2 == 0 { by } else { -by }, 1.0)).collect())
    }

    #[test]
    fn a_steady_figure_has_a_narrow_interval_and_a_noisy_one_a_wide_one() {
        let width = |spread: &Spread| spread.interval().map(|(low, high)| high - low).unwrap();
        assert!(width(&noisy(0.5, 0.0)) < 1e-9);
        // The mean of ten values 0.2 off to either side has a standard error of 0.2 / 3: 2.262 of these to either side.
        assert!((width(&noisy(0.5, 0.2)) - 2.0 * 2.262 * 0.2 / 3.0).abs() < 1e-6, "{}", width(&noisy(0.5, 0.2)));
    }

    #[test]
    fn a_quotient_of_two_figures_is_as_uncertain_as_both() {
        let (low, high) = noisy(2.0, 0.0).interval_of_ratio(&noisy(1.0, 0.0)).unwrap();
        assert!((low - 2.0).abs() < 1e-9 && (high - 2.0).abs() < 1e-9);
        // What shakes both by the same factor does not shake their quotient.
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
    fn a_percentile_of_few_durations_is_uncertain() {
        let times = DurationStats::from_spans((1..=20).map(Span::from_millis));
        let Some(Spread::KnownInterval((low, high))) = percentile_spread(&times, Quantile::Median) else {
            panic!("there are some")
        };
        assert!(low < 7.5e6 && high > 13.5e6, "{low} to {high}");
        assert_eq!(percentile_spread(&times, Quantile::Max), None, "the longest is what it is");
    }
}
