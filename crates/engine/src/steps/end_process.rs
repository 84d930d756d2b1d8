//! Steps that end the worker's process: `abort` and `exit`.

use crate::cleanup::nested_tasks::end_nested_tasks;
use crate::plan::WorkerRole;
use crate::step_runner::{StepResult, StepRunner, StopReason};
use contend_platform::exit_now;
use contend_trace::{ExitKind, WorkerKind};

impl StepRunner {
    /// Aborts the process.
    pub(super) fn abort_process(&self) -> StepResult {
        self.check_may_end_process("abort")?;
        std::process::abort()
    }

    /// Exits the process at once. Exit code 0 is a normal end of a group's worker and is recorded as one; a pool's
    /// process should have run its tasks.
    pub(super) fn exit_process(&mut self, code: u8) -> StepResult {
        self.check_may_end_process("exit")?;
        end_nested_tasks(self.run, self.id(), &mut self.recorder);
        if code == 0
            && let WorkerRole::GroupMember { .. } = self.run.plan.roles[self.id().index()]
        {
            self.recorder.end_life(ExitKind::Finished);
        }
        exit_now(i32::from(code))
    }

    /// Checks that the step ends only a worker process. A thread of the runner may run a task that is meant for a
    /// process; there the step would end the whole run.
    fn check_may_end_process(&self, step: &str) -> StepResult {
        let pools = &self.run.plan.registry.pools;
        let process_pool = self
            .task_pool
            .and_then(|pool| pools.get(pool.index()))
            .filter(|pool| pool.worker_kind == WorkerKind::Process);
        match process_pool {
            Some(pool) if !self.run.is_worker_process() => Err(StopReason::Failed(format!(
                "`{step}` in a task of {} would end the run: {} runs this task itself, because of policy=caller-runs, \
                 and is not a process; use policy=block or a longer queue",
                pool.name,
                self.run.plan.registry.worker_name(self.id())
            ))),
            _ => Ok(()),
        }
    }
}
