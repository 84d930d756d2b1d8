//! Steps that take time: computing, sleeping, waiting for a device.

use std::time::{Duration, Instant};

use crate::step_runner::{StepResult, StepRunner, StopReason};
use contend_platform::{wait_for_device, wait_for_device_async};
use contend_scenario::Expr;
use contend_trace::State;

/// A worker that is to leave its task does so this soon.
const SLICE: Duration = Duration::from_millis(20);

/// A wait that is over at a certain time.
struct WaitSlices {
    deadline: Instant,
    longest: Duration,
}

impl WaitSlices {
    /// How long to wait now; nothing if it is over, or to be left.
    fn next(&mut self, leave: bool) -> Option<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        (!leave && !left.is_zero()).then(|| left.min(self.longest))
    }
}

impl StepRunner {
    /// Real work. It never gives the thread back: a task's loop stands still meanwhile.
    pub(crate) fn compute(&self, nanos: &Expr) {
        self.run.cpu_work.compute(nanos.eval(self), || self.should_stop());
    }

    pub(crate) async fn sleep(&mut self, nanos: &Expr) {
        self.pause(nanos.eval(self)).await;
    }

    /// Sleeps on purpose.
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
        while let Some(slice) = slices.next(self.is_cut_off()) {
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
        while let Some(slice) = slices.next(self.is_cut_off() || waited.is_err()) {
            let nanos = slice.as_nanos() as u64;
            waited = if on_loop { wait_for_device_async(nanos).await } else { wait_for_device(nanos) };
        }
        self.recorder.resume();
        waited.map_err(|e| StopReason::Failed(format!("waiting for a device: {e}")))
    }

    /// A wait of so long: in a task of a pool by slices, because it can be told to leave it.
    fn wait_slices(&self, nanos: u64) -> WaitSlices {
        let longest = if self.task_number.is_some() { SLICE } else { Duration::MAX };
        WaitSlices { deadline: Instant::now() + Duration::from_nanos(nanos), longest }
    }

    /// So much time on the run's clock.
    fn to_ticks(&self, nanos: u64) -> u64 {
        (nanos as f64 / self.run.memory.tick_nanos().unwrap_or(1.0)) as u64
    }
}
