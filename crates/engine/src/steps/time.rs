//! Steps that take time: computing, sleeping, waiting for a device.

use std::time::{Duration, Instant};

use crate::actor::{Actor, Flow, Halt};
use contend_platform::{await_device, wait_for_device};
use contend_scenario::Expr;
use contend_trace::State;

/// A worker that is to leave its task does so this soon.
const SLICE: Duration = Duration::from_millis(20);

/// A wait that is over at a certain time.
struct Slices {
    until: Instant,
    longest: Duration,
}

impl Slices {
    /// How long to wait now; nothing if it is over, or to be left.
    fn next(&mut self, leave: bool) -> Option<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        (!leave && !left.is_zero()).then(|| left.min(self.longest))
    }
}

impl Actor {
    /// Real work. It never gives the thread back: a task's loop stands still meanwhile.
    pub(crate) fn compute(&self, nanos: &Expr) {
        self.run.work.compute(nanos.eval(self), || self.must_leave());
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
        let on_loop = self.pen.is_on_loop();
        if on_loop {
            self.pen.block_for(self.ticks(nanos), State::Sleep);
        } else {
            self.pen.block(State::Sleep, None);
        }
        let mut slices = self.slices(nanos);
        while let Some(slice) = slices.next(self.is_cut_off()) {
            if on_loop {
                tokio::time::sleep_until((Instant::now() + slice).into()).await;
            } else {
                std::thread::sleep(slice);
            }
        }
        self.pen.resume();
    }

    pub(crate) async fn io(&mut self, nanos: &Expr) -> Flow {
        let nanos = nanos.eval(self) as u64;
        if nanos == 0 {
            return Ok(());
        }
        let on_loop = self.pen.is_on_loop();
        if on_loop {
            self.pen.block_for(self.ticks(nanos), State::Io);
        } else {
            self.pen.block(State::Io, None);
        }
        let (mut slices, mut waited) = (self.slices(nanos), Ok(()));
        while let Some(slice) = slices.next(self.is_cut_off() || waited.is_err()) {
            let nanos = slice.as_nanos() as u64;
            waited = if on_loop { await_device(nanos).await } else { wait_for_device(nanos) };
        }
        self.pen.resume();
        waited.map_err(|e| Halt::Failed(format!("waiting for a device: {e}")))
    }

    /// A wait of so long: in a task of a pool by slices, because it can be told to leave it.
    fn slices(&self, nanos: u64) -> Slices {
        let longest = if self.task.is_some() { SLICE } else { Duration::MAX };
        Slices { until: Instant::now() + Duration::from_nanos(nanos), longest }
    }

    /// So much time on the run's clock.
    fn ticks(&self, nanos: u64) -> u64 {
        (nanos as f64 / self.run.board.tick_nanos().unwrap_or(1.0)) as u64
    }
}
