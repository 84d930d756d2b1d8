//! The due times of tasks that arrive at a rate.

use std::time::{Duration, Instant};

use crate::step_runner::StepRunner;
use contend_scenario::Expr;
use contend_trace::State;

/// The longest sleep between two tasks in nanoseconds, after which a changed rate takes effect.
const LONGEST_SLEEP: f64 = 0.1e9;

/// A sleep that lasts this much longer than asked for, in nanoseconds, means that the whole run was suspended: a busy
/// CPU does not explain it.
const SUSPENDED_NANOS: f64 = 10e9;

/// Due times on the system's monotonic clock: the CPU's counter leaps when the machine is suspended.
pub(super) struct ArrivalSchedule {
    began: Instant,
    /// The due time of the task before, in nanoseconds since `began`.
    last_due: f64,
}

impl ArrivalSchedule {
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), last_due: 0.0 }
    }

    /// Waits until the next task is due, `1 / rate` after the one before, however late that was. Returns the due time
    /// in ticks, or `None` when the feeder must end.
    pub(super) fn wait_for_next(&mut self, rate: &Expr, step_runner: &mut StepRunner) -> Option<u64> {
        while !step_runner.asked_to_end() {
            let (now, rate) = (self.now(), rate.eval(step_runner));
            if rate <= 0.0 {
                self.last_due = now; // nothing is due while the rate is 0
                self.sleep(LONGEST_SLEEP, step_runner);
                continue;
            }
            let due = self.last_due + 1e9 / rate;
            if due <= now {
                self.last_due = due;
                let ago = (now - due) / step_runner.run.memory.tick_nanos().unwrap_or(1.0);
                return Some(step_runner.recorder.now().saturating_sub(ago as u64));
            }
            self.sleep((due - now).min(LONGEST_SLEEP), step_runner);
        }
        None
    }

    fn now(&self) -> f64 {
        self.began.elapsed().as_nanos() as f64
    }

    /// Sleeps for `nanos` nanoseconds. After a suspension the schedule moves by its length, so that the tasks due
    /// meanwhile do not arrive all at once.
    fn sleep(&mut self, nanos: f64, step_runner: &mut StepRunner) {
        let before = self.now();
        step_runner.recorder.block(State::Sleep, None);
        std::thread::sleep(Duration::from_nanos(nanos as u64));
        step_runner.recorder.resume();
        let excess = self.now() - before - nanos;
        if excess > SUSPENDED_NANOS {
            self.last_due += excess;
        }
    }
}
