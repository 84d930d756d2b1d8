//! Steps that take time: computing, sleeping, waiting for a device.

use std::time::{Duration, Instant};

use crate::engine::actor::{Actor, Flow, Halt};
use crate::platform::{await_device, wait_for_device};
use crate::scenario::Expr;
use crate::trace::State;

impl Actor {
    /// Real work. It never gives the thread back: a task's loop stands still meanwhile.
    pub(in crate::engine) fn compute(&self, nanos: &Expr) {
        self.run.work.compute(nanos.eval(self), || self.must_leave());
    }

    pub(in crate::engine) async fn sleep(&mut self, nanos: &Expr) {
        self.pause(nanos.eval(self)).await;
    }

    /// Sleeps on purpose.
    pub(in crate::engine) async fn pause(&mut self, nanos: f64) {
        let nanos = nanos as u64;
        if nanos == 0 {
            return;
        }
        let time = Duration::from_nanos(nanos);
        if self.pen.is_on_loop() {
            self.pen.block_for(self.ticks(nanos), State::Sleep);
            tokio::time::sleep_until((Instant::now() + time).into()).await;
        } else {
            self.pen.block(State::Sleep, None);
            std::thread::sleep(time);
        }
        self.pen.resume();
    }

    pub(in crate::engine) async fn io(&mut self, nanos: &Expr) -> Flow {
        let nanos = nanos.eval(self) as u64;
        if nanos == 0 {
            return Ok(());
        }
        let waited = if self.pen.is_on_loop() {
            self.pen.block_for(self.ticks(nanos), State::Io);
            await_device(nanos).await
        } else {
            self.pen.block(State::Io, None);
            wait_for_device(nanos)
        };
        self.pen.resume();
        waited.map_err(|e| Halt::Failed(format!("waiting for a device: {e}")))
    }

    /// So much time on the run's clock.
    fn ticks(&self, nanos: u64) -> u64 {
        (nanos as f64 / self.run.board.tick_nanos().unwrap_or(1.0)) as u64
    }
}
