//! Steps that say what a task does with its loop's thread: keeps it, gives it away for a moment, has another one do the
//! work. A worker that has a thread of its own keeps that anyway.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use tokio::task::{spawn_blocking, yield_now};

use crate::step_runner::{StepResult, StepRunner, StopReason};
use contend_platform::minimize_timer_slack;
use contend_scenario::{EvalContext, LoopStep, Step};
use contend_trace::State;

/// How many times a task may take what is there without waiting, before it lets the others go on: as tokio has it
/// (`tokio::task::coop`). Otherwise one that always finds its lock free would be the only one ever to run.
pub const POLL_BUDGET: u32 = 128;

impl StepRunner {
    pub(crate) async fn loop_step(&mut self, step: &LoopStep) -> StepResult {
        match step {
            LoopStep::ToThread(body) if self.recorder.is_on_loop() => self.run_on_blocking_thread(body).await,
            LoopStep::ToThread(body) | LoopStep::Blocking(body) => self.run_blocking(body),
            LoopStep::Yield => {
                self.yield_to_others().await;
                Ok(())
            }
        }
    }

    /// Lets the others go on now and then, though it need not wait.
    pub(crate) async fn yield_if_due(&mut self) {
        if self.recorder.is_on_loop() {
            self.budget = self.budget.saturating_sub(1);
            if self.budget == 0 {
                self.yield_to_others().await;
            }
        }
    }

    /// Goes to the end of the line of those who could go on.
    async fn yield_to_others(&mut self) {
        self.budget = POLL_BUDGET;
        if self.recorder.is_on_loop() {
            self.recorder.block(State::Ready, None);
            yield_now().await;
            self.recorder.resume();
        } else {
            std::thread::yield_now();
        }
    }

    /// Has a thread beside the loop do the steps. The worker itself goes there, with its ring and all that it holds, and
    /// comes back: one at a time writes.
    async fn run_on_blocking_thread(&mut self, body: &[Step]) -> StepResult {
        self.recorder.block(State::Ready, None); // until there is a thread
        let steps = body.to_vec(); // the thread may outlive what is borrowed here, for all the compiler knows
        let empty = Self::new(self.run, self.id(), self.worker_position());
        let mut away = std::mem::replace(self, empty);
        let done = spawn_blocking(move || {
            minimize_timer_slack();
            away.recorder.resume();
            let result = catch_unwind(AssertUnwindSafe(|| away.run_blocking(&steps)));
            away.recorder.set_blocking(false);
            away.recorder.block(State::Ready, None); // until the loop is back at it
            (away, result)
        });
        let Ok((back, result)) = done.await else {
            return Err(StopReason::Failed("the thread beside the loop is gone".into())); // only when the loop itself ends
        };
        *self = back;
        self.recorder.resume();
        result.unwrap_or_else(|panic| resume_unwind(panic))
    }
}
