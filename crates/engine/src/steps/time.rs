//! Steps that take time: computing, sleeping, waiting for a device.

use std::time::{Duration, Instant};

use crate::interrupt;
use crate::step_runner::{StepResult, StepRunner, StopReason};
use contend_platform::{wait_for_device, wait_for_device_async};
use contend_scenario::Expr;
use contend_trace::State;

/// The longest time after which a worker notices that it must leave its task.
const SLICE: Duration = Duration::from_millis(20);

/// The longest time after which a sleeping worker notices that it was cancelled.
const CANCEL_SLICE: Duration = Duration::from_millis(5);

/// A wait until a deadline, in slices.
struct WaitSlices {
    deadline: Instant,
    longest: Duration,
}

impl WaitSlices {
    /// Returns how long to wait now; `None` if the wait is over or `cancelled`.
    fn next(&mut self, cancelled: bool) -> Option<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        (!cancelled && !left.is_zero()).then(|| left.min(self.longest))
    }
}

impl StepRunner {
    /// Uses CPU time. It keeps the thread: the event loop of a task stands still meanwhile.
    pub(crate) fn compute(&self, nanos: &Expr) {
        self.run.cpu_work.compute(nanos.eval(self), || self.should_stop());
    }

    pub(crate) async fn sleep(&mut self, nanos: &Expr) {
        self.pause(nanos.eval(self)).await;
    }

    /// Sleeps and records that.
    pub(crate) async fn pause(&mut self, nanos: f64) {
        let nanos = nanos as u64;
        if nanos == 0 {
            return;
        }
        let on_loop = self.recorder.is_on_loop();
        if on_loop {
            self.recorder.block_for(self.to_ticks(nanos), State::Sleep);
        } else {
            self.recorder.block(State::Sleep, None);
        }
        let mut slices = self.wait_slices(nanos);
        while let Some(slice) = slices.next(self.is_cut_off() || interrupt::should_give_up(None)) {
            if on_loop {
                tokio::time::sleep_until((Instant::now() + slice).into()).await;
            } else {
                std::thread::sleep(slice);
            }
        }
        self.recorder.resume();
    }

    pub(crate) async fn io(&mut self, nanos: &Expr) -> StepResult {
        let nanos = nanos.eval(self) as u64;
        if nanos == 0 {
            return Ok(());
        }
        let on_loop = self.recorder.is_on_loop();
        if on_loop {
            self.recorder.block_for(self.to_ticks(nanos), State::Io);
        } else {
            self.recorder.block(State::Io, None);
        }
        let (mut slices, mut waited) = (self.wait_slices(nanos), Ok(()));
        while let Some(slice) = slices.next(self.is_cut_off() || interrupt::should_give_up(None) || waited.is_err()) {
            let nanos = slice.as_nanos() as u64;
            waited = if on_loop { wait_for_device_async(nanos).await } else { wait_for_device(nanos) };
        }
        self.recorder.resume();
        waited.map_err(|e| StopReason::Failed(format!("waiting for a device: {e}")))
    }

    /// Splits a wait into slices. Only a worker that others may cancel and a task of a pool need them: it may have to
    /// leave its task.
    fn wait_slices(&self, nanos: u64) -> WaitSlices {
        let longest = match (self.is_cancellable(), self.task_number) {
            (true, _) => CANCEL_SLICE,
            (false, Some(_)) => SLICE,
            (false, None) => Duration::MAX,
        };
        WaitSlices { deadline: Instant::now() + Duration::from_nanos(nanos), longest }
    }

    /// Converts nanoseconds to ticks of the run's clock.
    fn to_ticks(&self, nanos: u64) -> u64 {
        (nanos as f64 / self.run.memory.tick_nanos().unwrap_or(1.0)) as u64
    }
}
