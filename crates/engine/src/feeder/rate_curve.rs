//! The rate of arrivals over time, with a mean of 1: pauses, and days.

use std::f64::consts::TAU;

use contend_scenario::{EvalContext, RateCurve};

/// A rate curve with the present values of its knobs. Times are nanoseconds since the start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum RateShape {
    Constant,
    OnOff {
        on: f64,
        off: f64,
    },
    /// `swing`: the largest distance from the mean.
    Day {
        length: f64,
        swing: f64,
    },
}

impl RateShape {
    pub(super) fn new(curve: &RateCurve, values: &impl EvalContext) -> Self {
        match curve {
            RateCurve::Constant => Self::Constant,
            RateCurve::OnOff { on, off } => {
                Self::OnOff { on: on.eval(values).max(1.0), off: off.eval(values).max(0.0) }
            }
            RateCurve::Day { length, night } => {
                let night = night.eval(values).clamp(0.0, 1.0);
                Self::Day { length: length.eval(values).max(1.0), swing: (1.0 - night) / (1.0 + night) }
            }
        }
    }

    /// Returns the moment by which as much has arrived since `from` as arrives in `nanos` on average.
    pub(super) fn time_after(self, from: f64, nanos: f64) -> f64 {
        match self {
            Self::Constant => from + nanos,
            Self::OnOff { on, off } => {
                let period = on + off;
                let arrived = |t: f64| (t / period).floor() * on + t.rem_euclid(period).min(on);
                let due = arrived(from) + nanos * on / period;
                // A task due at the end of a period belongs to it, not to the next.
                let periods = (due / on).ceil() - 1.0;
                periods.max(0.0) * period + (due - periods.max(0.0) * on)
            }
            Self::Day { length, swing } => {
                let arrived = |t: f64| t - swing * length / TAU * (TAU * t / length).sin();
                let due = arrived(from) + nanos;
                let (mut low, mut high) = (due - length, due + length);
                let mut middle = due;
                for _ in 0..64 {
                    let error = arrived(middle) - due;
                    if error.abs() < 1.0 {
                        break;
                    }
                    if error > 0.0 {
                        high = middle;
                    } else {
                        low = middle;
                    }
                    // Newton's step, or half of the bracket where the rate is near zero.
                    let next = middle - error / (1.0 - swing * (TAU * middle / length).cos());
                    middle = if next > low && next < high { next } else { f64::midpoint(low, high) };
                }
                middle.max(from)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns when tasks are due that arrive at 1,000/s on average, in milliseconds.
    fn due_times(shape: RateShape, count: usize) -> Vec<f64> {
        let mut at = 0.0;
        let mut next = || {
            at = shape.time_after(at, 1e6);
            at / 1e6
        };
        (0..count).map(|_| next()).collect()
    }

    fn count_between(times: &[f64], from: f64, to: f64) -> usize {
        times.iter().filter(|time| from < **time && **time <= to).count()
    }

    #[test]
    fn constant_rate_has_equal_distances() {
        assert_eq!(due_times(RateShape::Constant, 3), [1.0, 2.0, 3.0]);
    }

    #[test]
    fn pauses_have_no_arrivals_and_the_mean_stays() {
        let times = due_times(RateShape::OnOff { on: 100e6, off: 300e6 }, 4_000);
        assert!(times.iter().all(|time| time % 400.0 <= 100.0 + 1e-6 || time % 400.0 > 400.0 - 1e-6));
        for period in 0..10 {
            let begin = f64::from(period) * 400.0;
            assert_eq!(count_between(&times, begin, begin + 400.0), 400);
        }
        assert!(due_times(RateShape::OnOff { on: 100e6, off: 0.0 }, 500).windows(2).all(|pair| {
            let distance = pair[1] - pair[0];
            (distance - 1.0).abs() < 1e-6
        }));
    }

    #[test]
    fn pause_in_which_the_schedule_stands_ends_with_the_period() {
        let shape = RateShape::OnOff { on: 100e6, off: 300e6 };
        assert!((shape.time_after(250e6, 4e6) - 401e6).abs() < 1.0, "{}", shape.time_after(250e6, 4e6));
    }

    #[test]
    fn day_has_its_lowest_rate_at_night_and_the_mean_stays() {
        let times = due_times(RateShape::Day { length: 10e9, swing: 0.6 }, 20_000);
        let rate = |middle: f64| count_between(&times, middle - 100.0, middle + 100.0) as f64 / 200.0;
        assert!((rate(10_000.0) - 0.4).abs() < 0.02, "{}", rate(10_000.0));
        assert!((rate(5_000.0) - 1.6).abs() < 0.02, "{}", rate(5_000.0));
        assert!((count_between(&times, 0.0, 10_000.0) as f64 / 10_000.0 - 1.0).abs() < 0.001);
    }

    #[test]
    fn night_without_arrivals_ends() {
        let times = due_times(RateShape::Day { length: 1e9, swing: 1.0 }, 5_000);
        assert!(times.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(count_between(&times, 0.0, 3_000.0), 3_000);
    }
}
