//! Steps that say what a task does with its loop's thread: keeps it, gives it away for a moment, has another one do the
//! work. A worker that has a thread of its own keeps that anyway.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use tokio::task::{spawn_blocking, yield_now};

use crate::actor::{Actor, Flow, Halt};
use contend_platform::exact_sleeps;
use contend_scenario::{LoopStep, Step, Values};
use contend_trace::State;

/// How many times a task may take what is there without waiting, before it lets the others go on: as tokio has it
/// (`tokio::task::coop`). Otherwise one that always finds its lock free would be the only one ever to run.
pub const BUDGET: u32 = 128;

impl Actor {
    pub(crate) async fn loop_step(&mut self, step: &LoopStep) -> Flow {
        match step {
            LoopStep::ToThread(body) if self.pen.is_on_loop() => self.on_a_thread(body).await,
            LoopStep::ToThread(body) | LoopStep::Blocking(body) => self.steps(body),
            LoopStep::Yield => {
                self.let_others().await;
                Ok(())
            }
        }
    }

    /// Lets the others go on now and then, though it need not wait.
    pub(crate) async fn give_way(&mut self) {
        if self.pen.is_on_loop() {
            self.budget = self.budget.saturating_sub(1);
            if self.budget == 0 {
                self.let_others().await;
            }
        }
    }

    /// Goes to the end of the line of those who could go on.
    async fn let_others(&mut self) {
        self.budget = BUDGET;
        if self.pen.is_on_loop() {
            self.pen.block(State::Ready, None);
            yield_now().await;
            self.pen.resume();
        } else {
            std::thread::yield_now();
        }
    }

    /// Has a thread beside the loop do the steps. The worker itself goes there, with its ring and all that it holds, and
    /// comes back: one at a time writes.
    async fn on_a_thread(&mut self, body: &[Step]) -> Flow {
        self.pen.block(State::Ready, None); // until there is a thread
        let steps = body.to_vec(); // the thread may outlive what is borrowed here, for all the compiler knows
        let empty = Self::new(self.run, self.me(), self.place());
        let mut away = std::mem::replace(self, empty);
        let done = spawn_blocking(move || {
            exact_sleeps();
            away.pen.resume();
            let flow = catch_unwind(AssertUnwindSafe(|| away.steps(&steps)));
            away.pen.set_blocking(false);
            away.pen.block(State::Ready, None); // until the loop is back at it
            (away, flow)
        });
        let Ok((back, flow)) = done.await else {
            return Err(Halt::Failed("the thread beside the loop is gone".into())); // only when the loop itself ends
        };
        *self = back;
        self.pen.resume();
        flow.unwrap_or_else(|panic| resume_unwind(panic))
    }
}
