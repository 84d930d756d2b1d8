//! Statistics of few repetitions: means and ratios of means, with their intervals.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Confidence of every interval that is shown: 95 %.
const CONFIDENCE: f64 = 0.95;

/// The range in which a true value lies, with the confidence of the interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

/// A ratio of two means, with its bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    pub estimate: f64,
    /// Each end is one-sided: 95 % of all intervals lie above `low`, 95 % below `high`.
    pub low: f64,
    pub high: f64,
}

pub fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// Returns the sample variance; 0 for fewer than two values.
pub fn variance(values: &[f64]) -> f64 {
    let middle = mean(values);
    let squares: f64 = values.iter().map(|value| (value - middle).powi(2)).sum();
    if values.len() < 2 { 0.0 } else { squares / (values.len() - 1) as f64 }
}

/// Returns the median; 0 for no values.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// Returns the 95 % interval of the mean by Student's t. None for fewer than two values.
pub fn confidence_interval(values: &[f64]) -> Option<Interval> {
    let degrees = values.len().checked_sub(1).filter(|degrees| *degrees > 0)?;
    let half =
        quantile(f64::midpoint(1.0, CONFIDENCE), degrees as f64)? * (variance(values) / values.len() as f64).sqrt();
    let middle = mean(values);
    Some(Interval { low: middle - half, high: middle + half })
}

/// Returns the bounds of the mean by Student's t, each one-sided with 95 % confidence. None for fewer than
/// two values.
pub fn one_sided_bounds(values: &[f64]) -> Option<Interval> {
    let degrees = values.len().checked_sub(1).filter(|degrees| *degrees > 0)?;
    let half = quantile(CONFIDENCE, degrees as f64)? * (variance(values) / values.len() as f64).sqrt();
    let middle = mean(values);
    Some(Interval { low: middle - half, high: middle + half })
}

/// Returns the interval of one more value like these, by Student's t: 1 in 100 lies beyond each end. None for fewer
/// than three.
pub fn prediction_interval(values: &[f64]) -> Option<Interval> {
    let degrees = values.len().checked_sub(1).filter(|degrees| *degrees > 1)?;
    let spread = variance(values) * (1.0 + 1.0 / values.len() as f64);
    let half = quantile(0.99, degrees as f64)? * spread.sqrt();
    let middle = mean(values);
    Some(Interval { low: middle - half, high: middle + half })
}

/// Returns the ratio of `a`'s mean to `b`'s, by Welch's method on logarithms: rates are positive and their errors
/// multiply. (Welch, Biometrika 34, 1947; logarithms as Kalibera & Jones, "Quantifying performance changes", 2012, for
/// ratios.) None if either has fewer than two values, or one that is not positive.
pub fn ratio_of_means(a: &[f64], b: &[f64]) -> Option<Ratio> {
    if a.iter().chain(b).any(|value| *value <= 0.0) {
        return None;
    }
    let logs = |values: &[f64]| values.iter().map(|value| value.ln()).collect::<Vec<_>>();
    let (difference, half) = welch(&logs(a), &logs(b), 0.0, CONFIDENCE)?;
    Some(Ratio { estimate: difference.exp(), low: (difference - half).exp(), high: (difference + half).exp() })
}

/// Returns the 95 % interval of `a`'s mean minus `b`'s, by Welch's method. The values are rounded to multiples of
/// `rounding`: they spread no less than rounding does. None if either has fewer than two values.
pub fn difference_of_means(a: &[f64], b: &[f64], rounding: f64) -> Option<Interval> {
    let (difference, half) = welch(a, b, rounding.powi(2) / 12.0, f64::midpoint(1.0, CONFIDENCE))?;
    Some(Interval { low: difference - half, high: difference + half })
}

/// Returns the difference of two means, and its distance to the bound that the true difference exceeds with the
/// probability `p`. The variance of each sample counts as `least_variance` at least.
fn welch(a: &[f64], b: &[f64], least_variance: f64, p: f64) -> Option<(f64, f64)> {
    if a.len() < 2 || b.len() < 2 {
        return None;
    }
    let difference = mean(a) - mean(b);
    let of = |values: &[f64]| variance(values).max(least_variance) / values.len() as f64;
    let (va, vb) = (of(a), of(b));
    let spread = va + vb;
    if spread <= f64::EPSILON * f64::EPSILON {
        return Some((difference, 0.0));
    }
    let degrees = spread.powi(2) / (va.powi(2) / (a.len() - 1) as f64 + vb.powi(2) / (b.len() - 1) as f64);
    Some((difference, quantile(p, degrees)? * spread.sqrt()))
}

/// Returns half the width of the 95 % interval as a share of the mean. None for fewer than two values.
pub fn relative_uncertainty(values: &[f64]) -> Option<f64> {
    let Interval { low, high } = confidence_interval(values)?;
    let middle = mean(values);
    (middle > 0.0).then(|| (high - low) / 2.0 / middle)
}

fn quantile(p: f64, degrees: f64) -> Option<f64> {
    StudentsT::new(0.0, 1.0, degrees).ok().map(|t| t.inverse_cdf(p))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a value of the normal distribution. (Box & Muller, 1958.)
    fn normal(rng: &mut fastrand::Rng, middle: f64, deviation: f64) -> f64 {
        let (u, v) = (rng.f64().max(f64::MIN_POSITIVE), rng.f64());
        middle + deviation * (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    fn sample(rng: &mut fastrand::Rng, n: usize, middle: f64, deviation: f64) -> Vec<f64> {
        (0..n).map(|_| normal(rng, middle, deviation)).collect()
    }

    #[test]
    fn quantiles_match_published_tables() {
        for (p, degrees, table) in [(0.975, 4.0, 2.776), (0.975, 1.0, 12.706), (0.95, 9.0, 1.833), (0.975, 1e6, 1.960)]
        {
            assert!((quantile(p, degrees).unwrap() - table).abs() < 1e-3, "t({p}, {degrees})");
        }
    }

    #[test]
    fn interval_covers_the_true_mean_in_95_percent() {
        let mut rng = fastrand::Rng::with_seed(1);
        for n in [3, 5, 10, 30] {
            let covers = |_: &u32| {
                let found = confidence_interval(&sample(&mut rng, n, 100.0, 7.0)).unwrap();
                found.low <= 100.0 && 100.0 <= found.high
            };
            let share = (0..10_000).filter(covers).count() as f64 / 1e4;
            assert!((share - 0.95).abs() < 0.01, "{n} values: {share}");
        }
    }

    #[test]
    fn ratio_bounds_are_exceeded_in_5_percent() {
        let mut rng = fastrand::Rng::with_seed(2);
        for (n, m, da, db) in [(5, 5, 0.05, 0.05), (5, 12, 0.02, 0.10), (8, 4, 0.01, 0.06)] {
            let mut of = |n, middle: f64, deviation| -> Vec<f64> {
                sample(&mut rng, n, middle.ln(), deviation).into_iter().map(f64::exp).collect()
            };
            let (mut below, mut above) = (0, 0);
            for _ in 0..10_000 {
                let found = ratio_of_means(&of(n, 90.0, da), &of(m, 100.0, db)).unwrap();
                below += u32::from(found.low > 0.9);
                above += u32::from(found.high < 0.9);
            }
            for share in [below, above] {
                let share = f64::from(share) / 1e4;
                assert!((share - 0.05).abs() < 0.012, "{n} and {m} values: {share}");
            }
        }
    }

    #[test]
    fn one_sided_bounds_and_predictions_are_exceeded_as_rarely_as_stated() {
        let mut rng = fastrand::Rng::with_seed(3);
        for n in [3, 5, 12] {
            let mut passed = [0; 3];
            for _ in 0..10_000 {
                let values = sample(&mut rng, n, 100.0, 7.0);
                let next = normal(&mut rng, 100.0, 7.0);
                let (found, one_more) = (one_sided_bounds(&values).unwrap(), prediction_interval(&values).unwrap());
                passed[0] += u32::from(found.low > 100.0);
                passed[1] += u32::from(found.high < 100.0);
                passed[2] += u32::from(next < one_more.low);
            }
            for (share, due) in passed.map(|count| f64::from(count) / 1e4).into_iter().zip([0.05, 0.05, 0.01]) {
                assert!((share - due).abs() < due * 0.3, "{n} values: {share}");
            }
        }
    }

    #[test]
    fn interval_of_a_difference_covers_it_in_95_percent() {
        let mut rng = fastrand::Rng::with_seed(4);
        for (n, m, da, db) in [(2, 2, 1.0, 1.0), (3, 3, 1.0, 3.0), (5, 12, 2.0, 0.5)] {
            let covers = |_: &u32| {
                let (a, b) = (sample(&mut rng, n, 90.0, da), sample(&mut rng, m, 100.0, db));
                let found = difference_of_means(&a, &b, 0.0).unwrap();
                found.low <= -10.0 && -10.0 <= found.high
            };
            let share = (0..10_000).filter(covers).count() as f64 / 1e4;
            assert!(share > 0.94, "{n} and {m} values: {share}"); // Welch's interval is a little wide for few values
        }
    }

    #[test]
    fn equal_rounded_values_differ_by_no_less_than_rounding_does() {
        assert_eq!(difference_of_means(&[1.0; 3], &[1.0; 3], 0.0), Some(Interval { low: 0.0, high: 0.0 }));
        let rounded = difference_of_means(&[1.0; 3], &[1.0; 3], 0.1).unwrap();
        assert!(rounded.high > 0.03 && rounded.high < 0.1, "{rounded:?}");
    }

    #[test]
    fn one_value_has_no_interval() {
        assert_eq!(confidence_interval(&[3.0]), None);
        assert_eq!(ratio_of_means(&[1.0, 1.0], &[2.0]), None);
        assert_eq!(ratio_of_means(&[1.0, 0.0], &[2.0, 2.0]), None);
        assert!((ratio_of_means(&[1.0, 1.0], &[2.0, 2.0]).unwrap().low - 0.5).abs() < 1e-12);
        assert_eq!((median(&[3.0, 1.0, 2.0]), median(&[4.0, 1.0, 2.0, 3.0]), median(&[])), (2.0, 2.5, 0.0));
    }
}
