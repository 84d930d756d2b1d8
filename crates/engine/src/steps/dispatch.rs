//! Selects the function that runs a step.

use super::rwlock::RwAccess;
use crate::step_runner::{StepResult, StepRunner, StopReason};
use contend_scenario::{EvalContext, LoopStep, QueueStep, Step};

impl StepRunner {
    /// Runs one step.
    pub async fn run_step(&mut self, step: &Step) -> StepResult {
        if !keeps_polling(step) {
            self.end_polling();
        }
        match step {
            Step::Compute(nanos) => self.compute(nanos),
            Step::Sleep(nanos) => self.sleep(nanos).await,
            Step::Io(nanos) => self.io(nanos).await?,
            Step::Lock { target, body } => self.with_lock(target, body).await?,
            Step::TryLock { target, timeout, body, otherwise } => {
                self.try_lock(target, timeout, body, otherwise).await?;
            }
            Step::BareLock(target) => self.lock_unscoped(self.resolve_target(target)).await,
            Step::BareUnlock(target) => self.release_unscoped(self.resolve_target(target)),
            Step::Acquire { target, permits, body, limit } => self.with_permits(target, permits, body, limit).await?,
            Step::BareAcquire { target, limit } => self.acquire_permit(target, limit).await?,
            Step::BareRelease(target) => self.release_permit(target),
            Step::ReadLock { target, body, limit } => {
                self.with_rwlock(target, RwAccess::Read, body, limit).await?;
            }
            Step::WriteLock { target, body, limit } => {
                self.with_rwlock(target, RwAccess::Write, body, limit).await?;
            }
            Step::Load(target) => self.load(target)?,
            Step::Store { target, add } => self.store(target, *add)?,
            Step::Add { target, by } => self.add(target, *by)?,
            Step::AddMany { target, by, times } => self.add_many(target, *by, times)?,
            Step::Assign { target, value } => self.assign(target, value)?,
            Step::Spin(questions) => self.spin(questions)?,
            Step::Queue(step) => self.queue_step(step).await?,
            Step::Pipe(step) => self.pipe_step(step).await?,
            Step::Signal(step) => self.signal_step(step).await?,
            Step::Pool(step) => self.pool_step(step).await?,
            Step::Loop(step) => self.loop_step(step).await?,
            Step::Allocate { bytes, body } => self.with_memory(bytes, body).await?,
            Step::Life(step) => self.life_step(step).await?,
            Step::If { question, body, otherwise } => self.run_if(question, body, otherwise).await?,
            Step::While { question, body } => self.while_holds(question, body).await?,
            Step::Repeat { times, body } => self.repeat(times, body).await?,
            Step::Forever(body) => self.repeat_forever(body).await?,
            Step::When { knob, value, body, otherwise } => {
                self.run_block(if self.knob_equals(*knob, *value) { body } else { otherwise }).await?;
            }
            Step::Choose(branches) => self.run_choice(branches).await?,
            Step::Select { pick, branches } => self.run_select(pick, branches).await?,
            Step::Thumbnail { sizes } => self.thumbnail(sizes)?,
            Step::RealWork(work) => self.run_real_work(work)?,
            Step::Attempt(attempt) => self.run_attempt(attempt).await?,
            Step::Mark(text) => self.set_mark(text),
            Step::Fail(why) => return Err(StopReason::Failed(why.clone())),
            // Skips the panic hook: its backtrace would cost the workload time. The message travels with the worker's
            // end.
            Step::Panic(message) => std::panic::resume_unwind(Box::new(message.clone())),
            Step::Abort => self.abort_process()?,
            Step::Exit(code) => self.exit_process(*code)?,
        }
        Ok(())
    }
}

/// Whether failed polls before and after this step are in a row: the step does nothing itself, or may do nothing.
const fn keeps_polling(step: &Step) -> bool {
    matches!(
        step,
        Step::If { .. }
            | Step::While { .. }
            | Step::Spin(_)
            | Step::Repeat { .. }
            | Step::Forever(_)
            | Step::When { .. }
            | Step::Choose(_)
            | Step::TryLock { .. }
            | Step::Acquire { limit: Some(_), .. }
            | Step::BareAcquire { limit: Some(_), .. }
            | Step::ReadLock { limit: Some(_), .. }
            | Step::WriteLock { limit: Some(_), .. }
            | Step::Queue(QueueStep::TryPut { .. } | QueueStep::TryTake { .. })
            | Step::Loop(LoopStep::Yield)
    )
}
