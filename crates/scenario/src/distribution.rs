//! Distributions of random numbers in formulas, each drawn by inverse transform sampling from one uniform number.

/// Upper bound of `exponential(1)`: a random number has 53 bits, and -ln(2⁻⁵³) is 36.7.
pub(super) const MAX_EXPONENTIAL: f64 = 37.0;

/// The largest distance of a drawn normal number from 0: the quantile of 2⁻⁵³ is -8.1.
pub(super) const MAX_NORMAL: f64 = 8.3;

/// The 99th percentile of the standard normal distribution.
const NORMAL_P99: f64 = 2.326_347_874_040_841;

/// Returns the value of the exponential distribution with this mean for a uniform number in `0.0..1.0`.
pub(super) fn exponential(mean: f64, uniform: f64) -> f64 {
    mean * (-(1.0 - uniform).ln()).min(MAX_EXPONENTIAL) // the argument of the logarithm is never 0
}

/// Returns the value of the lognormal distribution with this median and 99th percentile. A percentile that is not above
/// the median makes it constant.
pub(super) fn lognormal(median: f64, p99: f64, uniform: f64) -> f64 {
    (median * (lognormal_sigma(median, p99) * normal_quantile(uniform)).exp()).min(f64::MAX)
}

/// Returns the standard deviation of the logarithm of such a lognormal distribution.
pub(super) fn lognormal_sigma(median: f64, p99: f64) -> f64 {
    if median > 0.0 && p99 > median { (p99 / median).ln() / NORMAL_P99 } else { 0.0 }
}

/// Returns the quantile of the standard normal distribution, with a relative error below 1.2e-9. (Acklam, "An algorithm
/// for computing the inverse normal cumulative distribution function", 2003.)
fn normal_quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 6] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
        1.0,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 5] =
        [7.784_695_709_041_462e-3, 3.224_671_290_700_398e-1, 2.445_134_137_142_996, 3.754_408_661_907_416, 1.0];
    /// Below this, and as far from 1, the tails begin.
    const TAIL: f64 = 0.024_25;
    let polynomial = |by: &[f64], x: f64| by.iter().fold(0.0, |sum, by| sum * x + by);
    let tail = |p: f64| {
        let q = (-2.0 * p.max(f64::EPSILON / 4.0).ln()).sqrt();
        polynomial(&C, q) / polynomial(&D, q)
    };
    if p < TAIL {
        tail(p)
    } else if p > 1.0 - TAIL {
        -tail(1.0 - p)
    } else {
        let q = p - 0.5;
        q * polynomial(&A, q * q) / polynomial(&B, q * q)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Uniform numbers of a linear congruential generator with a fixed seed. (Knuth, MMIX.)
    fn uniform_numbers() -> impl Iterator<Item = f64> {
        let next =
            |state: &u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963));
        std::iter::successors(Some(7_u64), next).map(|state| (state >> 11) as f64 / (1_u64 << 53) as f64)
    }

    fn sample(draw: impl Fn(f64) -> f64) -> Vec<f64> {
        let mut values: Vec<f64> = uniform_numbers().take(200_000).map(draw).collect();
        values.sort_by(f64::total_cmp);
        values
    }

    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / values.len() as f64
    }

    fn quantile(sorted: &[f64], part: f64) -> f64 {
        sorted[(sorted.len() as f64 * part) as usize]
    }

    fn assert_near(found: f64, due: f64, tolerance: f64, what: &str) {
        assert!((found / due - 1.0).abs() < tolerance, "{what}: {found}, expected {due}");
    }

    #[test]
    fn normal_quantiles_match_published_tables() {
        for (p, table) in [
            (0.5, 0.0),
            (0.841_344_746_068_543, 1.0),
            (0.975, 1.959_963_984_540_054),
            (0.99, NORMAL_P99),
            (0.999, 3.090_232_306_167_813),
            (1e-6, -4.753_424_308_822_899),
        ] {
            assert!((normal_quantile(p) - table).abs() < 1e-7, "{p}: {}", normal_quantile(p));
        }
        for p in [0.0, 1.0 - f64::EPSILON / 2.0] {
            assert!(normal_quantile(p).abs() < MAX_NORMAL, "{p}: {}", normal_quantile(p));
        }
    }

    #[test]
    fn exponential_has_its_mean_variance_and_p99() {
        let values = sample(|u| exponential(5.0, u));
        assert_near(mean(&values), 5.0, 0.01, "mean");
        let squares: Vec<f64> = values.iter().map(|value| value * value).collect();
        assert_near(mean(&squares) - mean(&values).powi(2), 25.0, 0.03, "variance");
        assert_near(quantile(&values, 0.99), 5.0 * 100_f64.ln(), 0.03, "p99");
    }

    #[test]
    fn lognormal_has_its_median_p99_and_mean() {
        let values = sample(|u| lognormal(5.0, 40.0, u));
        assert_near(quantile(&values, 0.5), 5.0, 0.01, "median");
        assert_near(quantile(&values, 0.99), 40.0, 0.03, "p99");
        let sigma = 8_f64.ln() / 2.326_348;
        assert_near(mean(&values), 5.0 * (sigma * sigma / 2.0).exp(), 0.01, "mean");
    }

    #[test]
    fn lognormal_without_a_tail_is_constant() {
        for (p99, uniform) in [(5.0, 0.9), (4.0, 0.01), (0.0, 0.99)] {
            assert!((lognormal(5.0, p99, uniform) - 5.0).abs() < 1e-12);
        }
        assert!(lognormal(0.0, 40.0, 0.9).abs() < 1e-12);
    }
}
