//! Workers that others spawned, as far as the runner has to do with them.

use super::Supervisor;
use crate::dead_waiter::remove_dead_waiter;
use crate::nested_tasks::end_nested_tasks_of_dead;
use contend_trace::{DeathCause, Notice, WorkerId, WorkerKind};

impl Supervisor {
    /// Starts the processes that somebody waits for.
    pub(super) fn start_claimed(&mut self) {
        let run = self.run;
        let wanted = run.lives().filter(|(worker, life)| self.is_runner_process(*worker) && life.is_claimed());
        for (worker, life) in wanted.collect::<Vec<_>>() {
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

    /// Whether it is a process that the runner starts, not a thread or a copy of whoever spawns it.
    fn is_runner_process(&self, worker: WorkerId) -> bool {
        let plan = &self.run.plan;
        plan.cast.workers[worker.index()].kind == WorkerKind::Process && !plan.is_forked(worker)
    }

    /// A worker is dead: it waits for no signal and brings pools no tasks any more. What follows is told in its place, since
    /// its ring has no other writer now.
    pub(super) fn clean_up_dead(&self, worker: WorkerId) {
        let may_wait = self.run.plan.cast.signals().next().is_some();
        if may_wait || self.run.plan.is_task_source(worker) {
            let mut recorder = self.run.recorder(worker);
            remove_dead_waiter(self.run, worker, &mut recorder);
            self.run.remove_task_source(worker, Some(&mut recorder));
        }
    }

    /// A worker's process is gone, and with it the threads that were spawned in it: those that nobody waits for, or all
    /// if it died.
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
