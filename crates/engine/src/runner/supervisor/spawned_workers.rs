//! The runner's part in spawned workers: it starts their processes and cleans up after dead ones.

use super::Supervisor;
use crate::cleanup::dead_waiter::remove_dead_waiter;
use crate::cleanup::nested_tasks::end_nested_tasks_of_dead;
use contend_trace::{DeathCause, Notice, WorkerId, WorkerKind};

impl Supervisor {
    /// Starts the processes that workers have claimed.
    pub(super) fn start_claimed(&mut self) {
        let run = self.run;
        let claimed = run.lives().filter(|(worker, life)| self.is_runner_process(*worker) && life.is_claimed());
        for (worker, life) in claimed.collect::<Vec<_>>() {
            match self.start_process(worker) {
                Ok(()) => life.mark_running(),
                Err(e) => {
                    self.report_start_failure(worker, &e);
                    run.remove_task_source(worker, None);
                    run.end_life(worker, false);
                }
            }
        }
    }

    /// Whether the runner starts this worker: it is a process, and not forked from the worker that spawns it.
    fn is_runner_process(&self, worker: WorkerId) -> bool {
        let plan = &self.run.plan;
        plan.registry.workers[worker.index()].kind == WorkerKind::Process && !plan.is_forked(worker)
    }

    /// Stops counting a dead worker as a waiter for a signal and as a source of tasks. Writes the events to its ring,
    /// which has no other writer now.
    pub(super) fn clean_up_dead(&self, worker: WorkerId) {
        if self.run.plan.counts_waiters() || self.run.plan.is_task_source(worker) {
            let mut recorder = self.run.recorder(worker);
            remove_dead_waiter(self.run, worker, &mut recorder);
            self.run.remove_task_source(worker, Some(&mut recorder));
        }
    }

    /// Ends the lives of the threads that were spawned in a worker's process, which is gone: its daemons, or all if it
    /// died.
    pub(super) fn end_threads_of(&self, process: WorkerId, death: Option<&DeathCause>) {
        let Some((pid, _)) = self.run.memory.ring(process).producer_ids() else { return };
        for (worker, life) in self.run.lives().filter(|(worker, _)| !self.is_runner_process(*worker)) {
            if life.is_alive_in(pid) {
                let death = death.cloned().unwrap_or(DeathCause::CutOff);
                end_nested_tasks_of_dead(self.run, worker);
                self.clean_up_dead(worker);
                self.run.send_notice(Notice::Died { worker, cause: death });
                self.run.end_life(worker, false);
            }
        }
    }
}
