//! The due times of tasks that arrive at a rate.

use std::time::{Duration, Instant};

use super::rate_curve::RateShape;
use crate::step_runner::StepRunner;
use contend_scenario::{ArrivalSpacing, Arrivals, EvalContext};
use contend_trace::State;

/// The longest sleep between two tasks in nanoseconds, after which a changed rate takes effect.
const LONGEST_SLEEP: f64 = 0.1e9;

/// A sleep that lasts this much longer than asked for, in nanoseconds, means that the whole run was suspended: a busy
/// CPU does not explain it.
const SUSPENDED_NANOS: f64 = 10e9;

/// Time since the feeder began, on the system's monotonic clock: the CPU's counter leaps when the machine is suspended.
/// A suspension does not count, so that the tasks due meanwhile do not arrive all at once.
pub(super) struct FeedClock {
    began: Instant,
    /// Length of all suspensions, in nanoseconds.
    suspended: f64,
}

impl FeedClock {
    pub(super) fn start() -> Self {
        Self { began: Instant::now(), suspended: 0.0 }
    }

    /// Returns the nanoseconds since the start.
    pub(super) fn now(&self) -> f64 {
        self.began.elapsed().as_nanos() as f64 - self.suspended
    }

    /// Returns the moment at which the clock shows `nanos`.
    pub(super) fn instant_at(&self, nanos: f64) -> Instant {
        self.began + Duration::from_nanos((nanos + self.suspended).max(0.0) as u64)
    }

    /// Returns the reading of the run's clock at `nanos`, which must not be in the future.
    pub(super) fn ticks_at(&self, nanos: f64, step_runner: &StepRunner) -> u64 {
        let ago = (self.now() - nanos).max(0.0) / step_runner.run.memory.tick_nanos().unwrap_or(1.0);
        step_runner.recorder.now().saturating_sub(ago as u64)
    }

    /// Sleeps until `due`, but not for long, so that the caller can look whether something changed.
    pub(super) fn sleep_towards(&mut self, due: f64, step_runner: &mut StepRunner) {
        let before = self.now();
        let nanos = (due - before).clamp(0.0, LONGEST_SLEEP);
        step_runner.recorder.block(State::Sleep, None);
        std::thread::sleep(Duration::from_nanos(nanos as u64));
        step_runner.recorder.resume();
        let excess = self.now() - before - nanos;
        if excess > SUSPENDED_NANOS {
            self.suspended += excess;
        }
    }
}

/// The arrivals so far.
pub(super) struct ArrivalSchedule {
    clock: FeedClock,
    /// The due time of the task before, in nanoseconds since the start.
    last_due: f64,
    /// Tasks that are still due at that moment.
    left_in_burst: u64,
}

impl ArrivalSchedule {
    pub(super) fn new() -> Self {
        Self { clock: FeedClock::start(), last_due: 0.0, left_in_burst: 0 }
    }

    /// Waits until the next task is due, however late the one before was. Returns the due time in ticks, or `None` when
    /// the feeder must end.
    pub(super) fn wait_for_next(&mut self, arrivals: &Arrivals, step_runner: &mut StepRunner) -> Option<u64> {
        if self.left_in_burst > 0 && !step_runner.asked_to_end() {
            self.left_in_burst -= 1;
            return Some(self.clock.ticks_at(self.last_due, step_runner));
        }
        let burst = arrivals.burst.eval(step_runner).max(1.0).floor();
        let distance = burst * spacing(arrivals, step_runner);
        while !step_runner.asked_to_end() {
            let (now, rate) = (self.clock.now(), arrivals.rate.eval(step_runner));
            if rate <= 0.0 {
                self.last_due = now; // nothing is due while the rate is 0
                self.clock.sleep_towards(f64::MAX, step_runner);
                continue;
            }
            let shape = RateShape::new(&arrivals.curve, step_runner);
            let due = shape.time_after(self.last_due, distance * 1e9 / rate);
            if due <= now {
                self.last_due = due;
                self.left_in_burst = burst as u64 - 1;
                return Some(self.clock.ticks_at(due, step_runner));
            }
            self.clock.sleep_towards(due, step_runner);
        }
        None
    }
}

/// Draws the distance to the next arrival, as a share of the mean distance.
fn spacing(arrivals: &Arrivals, values: &impl EvalContext) -> f64 {
    match arrivals.spacing.pick(|knob| values.knob(knob)) {
        // The argument of the logarithm is never 0.
        Some(ArrivalSpacing::Poisson) => -(1.0 - values.random_unit()).ln(),
        Some(ArrivalSpacing::Steady) | None => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contend_scenario::{Choice, Expr};
    use contend_trace::KnobId;
    use std::cell::RefCell;

    struct Dice(RefCell<fastrand::Rng>);

    impl EvalContext for Dice {
        fn knob(&self, _: KnobId) -> f64 {
            1.0
        }

        fn random_unit(&self) -> f64 {
            self.0.borrow_mut().f64()
        }
    }

    #[test]
    fn poisson_arrivals_have_the_mean_and_the_variance_of_their_distribution() {
        let dice = Dice(RefCell::new(fastrand::Rng::with_seed(11)));
        let knob = Choice::Knob(KnobId::from(0_usize), vec![ArrivalSpacing::Steady, ArrivalSpacing::Poisson]);
        let arrivals = Arrivals { spacing: knob, ..Arrivals::steady(Expr::Number(100.0)) };
        let gaps: Vec<f64> = (0..100_000).map(|_| spacing(&arrivals, &dice)).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
        assert!((variance - 1.0).abs() < 0.03, "{variance}");
        // Arrivals in windows of ten mean gaps: variance equals mean, unlike those of a steady rate.
        let mut counts = vec![0.0; 10_000];
        let mut at = 0.0;
        for gap in gaps {
            at += gap;
            if let Some(count) = counts.get_mut((at / 10.0) as usize) {
                *count += 1.0;
            }
        }
        counts.truncate(9_000);
        let mean = counts.iter().sum::<f64>() / counts.len() as f64;
        let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / counts.len() as f64;
        assert!((variance / mean - 1.0).abs() < 0.06, "{mean} {variance}");
        let steady = Arrivals::steady(Expr::Number(100.0));
        assert!((spacing(&steady, &dice) - 1.0).abs() < f64::EPSILON);
    }
}
