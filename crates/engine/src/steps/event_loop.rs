//! Steps that decide how a task uses the thread of its event loop: `blocking` keeps it, `yield` gives it away for a
//! moment, `to-thread` moves the work to another thread. A worker with a thread of its own stays on that thread.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use tokio::task::{spawn_blocking, yield_now};

use crate::interrupt;
use crate::locks::held_lock::HeldLock;
use crate::step_runner::{POLL_BUDGET, StepResult, StepRunner, StopReason};
use contend_platform::minimize_timer_slack;
use contend_scenario::{EvalContext, LoopStep, Step};
use contend_trace::{ResourceId, State};

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

    /// Yields to other tasks once every [`POLL_BUDGET`] operations.
    pub(crate) async fn yield_if_due(&mut self) {
        if self.recorder.is_on_loop() {
            self.budget = self.budget.saturating_sub(1);
            if self.budget == 0 {
                self.yield_to_others().await;
            }
        }
    }

    /// Moves the task to the end of the loop's run queue.
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

    /// Runs the steps on a thread beside the loop. The whole worker moves there, with its ring and its locks, and back,
    /// so only one thread writes to the ring at a time.
    async fn run_on_blocking_thread(&mut self, body: &[Step]) -> StepResult {
        let limit = self.take_blocking_thread().await?;
        self.recorder.block(State::Ready, None); // until a thread is free
        let steps = body.to_vec(); // the thread may outlive the borrow, as far as the compiler knows
        let placeholder = Self::new(self.run, self.id(), self.worker_position());
        let mut away = std::mem::replace(self, placeholder);
        let joined = spawn_blocking(move || {
            minimize_timer_slack();
            let outer = interrupt::set_present(away.run.cancel_ring(away.id()));
            away.recorder.resume();
            let result = catch_unwind(AssertUnwindSafe(|| away.run_blocking(&steps)));
            interrupt::set_present(outer); // the thread runs the blocks of other tasks later
            away.recorder.set_blocking(false);
            if let Some(limit) = limit {
                away.release(limit);
            }
            away.recorder.block(State::Ready, None); // until the loop polls the task
            (away, result)
        });
        let Ok((back, result)) = joined.await else {
            // Happens only when the loop itself ends.
            return Err(StopReason::Failed("the thread beside the event loop is gone".into()));
        };
        *self = back;
        self.recorder.resume();
        result.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Waits for one of the threads beside the event loop, if they are limited. Returns what to release after it.
    async fn take_blocking_thread(&mut self) -> Result<Option<ResourceId>, StopReason> {
        let Some(limit) = self.run.plan.blocking_threads else { return Ok(None) };
        let Some(semaphore) = self.run.semaphore(limit) else { return Ok(None) };
        let Some(taken) = semaphore.acquire(1, None, &mut self.recorder).await else {
            return Err(StopReason::StopRequested); // without a limit, only a worker that must end gives up
        };
        self.add_held(limit, HeldLock::Permits(semaphore, taken));
        Ok(Some(limit))
    }
}
