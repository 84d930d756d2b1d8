//! Means with intervals, and ratios of means with intervals, from few repetitions.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Confidence of every interval that is shown: 95 %.
const CONFIDENCE: f64 = 0.95;

/// From where to where a true value lies, with the confidence of the interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

/// How many times as much one thing is as another.
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

/// Variance of what the values are a sample of; 0 for fewer than two.
pub fn variance(values: &[f64]) -> f64 {
    let middle = mean(values);
    let squares: f64 = values.iter().map(|value| (value - middle).powi(2)).sum();
    if values.len() < 2 { 0.0 } else { squares / (values.len() - 1) as f64 }
}

/// The value in the middle; 0 for none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// The 95 % interval of the mean by Student's t. None for fewer than two values.
pub fn confidence_interval(values: &[f64]) -> Option<Interval> {
    let degrees = values.len().checked_sub(1).filter(|degrees| *degrees > 0)?;
    let half =
        quantile(f64::midpoint(1.0, CONFIDENCE), degrees as f64)? * (variance(values) / values.len() as f64).sqrt();
    let middle = mean(values);
    Some(Interval { low: middle - half, high: middle + half })
}

/// Bounds of the mean by Student's t, each one-sided: 95 % of all lie above `low`, 95 % below `high`. None for fewer than
/// two values.
pub fn one_sided_bounds(values: &[f64]) -> Option<Interval> {
    let degrees = values.len().checked_sub(1).filter(|degrees| *degrees > 0)?;
    let half = quantile(CONFIDENCE, degrees as f64)? * (variance(values) / values.len() as f64).sqrt();
    let middle = mean(values);
    Some(Interval { low: middle - half, high: middle + half })
}

/// Within which one more value like these lies, by Student's t; 1 of 100 lies beyond each end. None for fewer than three.
pub fn prediction_interval(values: &[f64]) -> Option<Interval> {
    let degrees = values.len().checked_sub(1).filter(|degrees| *degrees > 1)?;
    let spread = variance(values) * (1.0 + 1.0 / values.len() as f64);
    let half = quantile(0.99, degrees as f64)? * spread.sqrt();
    let middle = mean(values);
    Some(Interval { low: middle - half, high: middle + half })
}

/// How many times `b`'s mean `a`'s is, by Welch's method on logarithms: rates are positive and their errors
/// multiply. (Welch, Biometrika 34, 1947; logarithms as Kalibera & Jones, "Quantifying performance changes", 2012, for
/// ratios.) None if either has fewer than two values, or one that is not positive.
pub fn ratio_of_means(a: &[f64], b: &[f64]) -> Option<Ratio> {
    if a.len() < 2 || b.len() < 2 || a.iter().chain(b).any(|value| *value <= 0.0) {
        return None;
    }
    let logs = |values: &[f64]| values.iter().map(|value| value.ln()).collect::<Vec<_>>();
    let (a, b) = (logs(a), logs(b));
    let difference = mean(&a) - mean(&b);
    let (va, vb) = (variance(&a) / a.len() as f64, variance(&b) / b.len() as f64);
    let spread = va + vb;
    if spread <= f64::EPSILON {
        let estimate = difference.exp();
        return Some(Ratio { estimate, low: estimate, high: estimate });
    }
    let degrees = spread.powi(2) / (va.powi(2) / (a.len() - 1) as f64 + vb.powi(2) / (b.len() - 1) as f64);
    let half = quantile(CONFIDENCE, degrees)? * spread.sqrt();
    Some(Ratio { estimate: difference.exp(), low: (difference - half).exp(), high: (difference + half).exp() })
}

/// Half the width of the interval as a part of the mean: how uncertain it is. None for fewer than two values.
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

    /// A value of the normal distribution. (Box & Muller, 1958.)
    fn normal(dice: &mut fastrand::Rng, middle: f64, deviation: f64) -> f64 {
        let (u, v) = (dice.f64().max(f64::MIN_POSITIVE), dice.f64());
        middle + deviation * (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    fn sample(dice: &mut fastrand::Rng, n: usize, middle: f64, deviation: f64) -> Vec<f64> {
        (0..n).map(|_| normal(dice, middle, deviation)).collect()
    }

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (p, degrees, table) in [(0.975, 4.0, 2.776), (0.975, 1.0, 12.706), (0.95, 9.0, 1.833), (0.975, 1e6, 1.960)]
        {
            assert!((quantile(p, degrees).unwrap() - table).abs() < 1e-3, "t({p}, {degrees})");
        }
    }

    #[test]
    fn an_interval_covers_the_truth_as_often_as_it_says() {
        let mut dice = fastrand::Rng::with_seed(1);
        for n in [3, 5, 10, 30] {
            let covers = |_: &u32| {
                let found = confidence_interval(&sample(&mut dice, n, 100.0, 7.0)).unwrap();
                found.low <= 100.0 && 100.0 <= found.high
            };
            let share = (0..10_000).filter(covers).count() as f64 / 1e4;
            assert!((share - 0.95).abs() < 0.01, "{n} values: {share}");
        }
    }

    #[test]
    fn a_ratio_s_ends_are_passed_as_seldom_as_they_say() {
        let mut dice = fastrand::Rng::with_seed(2);
        for (n, m, da, db) in [(5, 5, 0.05, 0.05), (5, 12, 0.02, 0.10), (8, 4, 0.01, 0.06)] {
            let mut of = |n, middle: f64, deviation| -> Vec<f64> {
                sample(&mut dice, n, middle.ln(), deviation).into_iter().map(f64::exp).collect()
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
    fn one_sided_bounds_and_predictions_are_passed_as_seldom_as_they_say() {
        let mut dice = fastrand::Rng::with_seed(3);
        for n in [3, 5, 12] {
            let mut passed = [0; 3];
            for _ in 0..10_000 {
                let values = sample(&mut dice, n, 100.0, 7.0);
                let next = normal(&mut dice, 100.0, 7.0);
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
    fn nothing_is_known_from_one_value() {
        assert_eq!(confidence_interval(&[3.0]), None);
        assert_eq!(ratio_of_means(&[1.0, 1.0], &[2.0]), None);
        assert_eq!(ratio_of_means(&[1.0, 0.0], &[2.0, 2.0]), None);
        assert!((ratio_of_means(&[1.0, 1.0], &[2.0, 2.0]).unwrap().low - 0.5).abs() < 1e-12);
        assert_eq!((median(&[3.0, 1.0, 2.0]), median(&[4.0, 1.0, 2.0, 3.0]), median(&[])), (2.0, 2.5, 0.0));
    }
}
