//! The universal scalability law, fitted to curves that decline. As an estimator of the best size it is wrong by
//! factors where a curve turns sharply, so it decides nothing; it quantifies how much workers slow each other down.

/// The law: throughput at `n` workers is `lambda n / (1 + sigma (n - 1) + kappa n (n - 1))`. (Gunther: Guerrilla
/// Capacity Planning, 2007.)
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usl {
    /// Throughput of one worker, 1/s.
    pub lambda: f64,
    /// Contention: the serial share of the work.
    pub sigma: f64,
    /// Coherency: the cost of each pair of workers.
    pub kappa: f64,
    /// Share of the variation that the law explains, at most 1.
    pub r2: f64,
}

/// Most steps of the iteration, which converges in about ten.
const STEPS: u32 = 200;

impl Usl {
    /// Fits the law to `(workers, throughput)` by least squares, with no coefficient below 0, by Levenberg and
    /// Marquardt's method. None for fewer than four points, or if no curve fits.
    pub fn fit(points: &[(f64, f64)]) -> Option<Self> {
        if points.len() < 4 || points.iter().any(|(n, x)| *n <= 0.0 || *x <= 0.0) {
            return None;
        }
        let first = points.iter().map(|(n, x)| x / n).fold(0.0, f64::max);
        let mut best = [first, 0.05, 0.001];
        let (mut error, mut damping) = (squared_error(points, best), 1e-3);
        for _ in 0..STEPS {
            let Some(step) = gauss_newton_step(points, best, damping) else { break };
            let next = [best[0] + step[0], (best[1] + step[1]).max(0.0), (best[2] + step[2]).max(0.0)];
            let found = squared_error(points, next);
            if found < error {
                let settled = (error - found) < error * 1e-15;
                (best, error, damping) = (next, found, damping / 10.0);
                if settled {
                    break;
                }
            } else {
                damping *= 10.0;
                if damping > 1e12 {
                    break;
                }
            }
        }
        let middle = points.iter().map(|(_, x)| x).sum::<f64>() / points.len() as f64;
        let spread: f64 = points.iter().map(|(_, x)| (x - middle).powi(2)).sum();
        let [lambda, sigma, kappa] = best;
        (lambda.is_finite() && lambda > 0.0).then(|| Self {
            lambda,
            sigma,
            kappa,
            r2: 1.0 - error / spread.max(f64::MIN_POSITIVE),
        })
    }

    /// Returns the number of workers with the highest throughput. None if more workers never harm.
    pub fn peak_workers(&self) -> Option<f64> {
        (self.kappa > 0.0 && self.sigma < 1.0).then(|| ((1.0 - self.sigma) / self.kappa).sqrt())
    }
}

fn predicted_throughput([lambda, sigma, kappa]: [f64; 3], n: f64) -> f64 {
    lambda * n / (1.0 + sigma * (n - 1.0) + kappa * n * (n - 1.0))
}

fn squared_error(points: &[(f64, f64)], law: [f64; 3]) -> f64 {
    points.iter().map(|(n, x)| (x - predicted_throughput(law, *n)).powi(2)).sum()
}

/// Returns a damped step of the Gauss-Newton method.
fn gauss_newton_step(points: &[(f64, f64)], law: [f64; 3], damping: f64) -> Option<[f64; 3]> {
    let (mut normal, mut right) = ([[0.0; 3]; 3], [0.0; 3]);
    for (n, x) in points {
        let below = 1.0 + law[1] * (n - 1.0) + law[2] * n * (n - 1.0);
        let slope = -law[0] * n / (below * below);
        let row = [n / below, slope * (n - 1.0), slope * n * (n - 1.0)];
        let off = x - predicted_throughput(law, *n);
        for i in 0..3 {
            right[i] += row[i] * off;
            for j in 0..3 {
                normal[i][j] += row[i] * row[j];
            }
        }
    }
    for (i, row) in normal.iter_mut().enumerate() {
        row[i] *= 1.0 + damping;
    }
    solve(normal, right)
}

/// Solves three linear equations by Cramer's rule.
fn solve(matrix: [[f64; 3]; 3], right: [f64; 3]) -> Option<[f64; 3]> {
    let whole = determinant(matrix);
    let column = |j: usize| {
        let mut with = matrix;
        (0..3).for_each(|i| with[i][j] = right[i]);
        determinant(with) / whole
    };
    (whole != 0.0 && whole.is_finite()).then(|| [column(0), column(1), column(2)])
}

fn determinant(m: [[f64; 3]; 3]) -> f64 {
    m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
        + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Throughput at 1 to 32 clients, a published data set. (Schwartz: Practical Scalability Analysis with
    /// the Universal Scalability Law, 2015.)
    const PUBLISHED: [f64; 32] = [
        955.16, 1878.91, 2688.01, 3548.68, 4315.54, 5130.43, 5931.37, 6531.08, 7219.8, 7867.61, 8278.71, 8646.7,
        9047.84, 9426.55, 9645.37, 9897.24, 10097.6, 10240.5, 10532.39, 10798.52, 11151.43, 11518.63, 11806.0,
        12089.37, 12075.41, 12177.29, 12211.41, 12158.93, 12155.27, 12118.04, 12140.4, 12074.39,
    ];

    #[test]
    fn fit_reproduces_published_coefficients() {
        let points: Vec<(f64, f64)> = PUBLISHED.iter().enumerate().map(|(i, x)| ((i + 1) as f64, *x)).collect();
        let law = Usl::fit(&points).unwrap();
        assert!((law.sigma - 0.026_715_91).abs() < 1e-6, "{law:?}");
        assert!((law.kappa - 7.690_945e-4).abs() < 1e-8, "{law:?}");
        assert!((law.lambda - 995.648_6).abs() < 1e-2, "{law:?}");
        assert!((law.peak_workers().unwrap() - 35.57).abs() < 0.01, "{law:?}");
        assert!((predicted_throughput([law.lambda, law.sigma, law.kappa], 35.0) - 12_341.745).abs() < 0.05);
    }

    #[test]
    fn linear_curve_has_no_contention_or_coherency() {
        let points: Vec<(f64, f64)> = (1..20).map(f64::from).map(|n| (n, 100.0 * n)).collect();
        let law = Usl::fit(&points).unwrap();
        assert!(law.sigma < 1e-6 && law.kappa < 1e-9, "{law:?}");
        assert!(Usl::fit(&points[..3]).is_none());
    }
}
