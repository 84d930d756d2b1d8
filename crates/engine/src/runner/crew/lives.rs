//! Workers that others spawned, as far as the runner has to do with them.

use super::Crew;
use crate::dead_waiter::bury_waiter;
use crate::nested::end_nested_of;
use contend_trace::{Death, Notice, WorkerId, WorkerKind};

impl Crew {
    /// Starts the processes that somebody waits for.
    pub(super) fn start_asked_for(&mut self) {
        let run = self.run;
        let wanted = run.lives().filter(|(worker, life)| self.is_ours(*worker) && life.is_asked_for());
        for (worker, life) in wanted.collect::<Vec<_>>() {
            match self.start_process(worker) {
                Ok(()) => life.started(),
                Err(e) => {
                    self.could_not_start(worker, &e);
                    run.leave(worker, None);
                    run.end_life(worker, false);
                }
            }
        }
    }

    /// Whether it is a process that the runner starts, not a thread or a copy of whoever spawns it.
    fn is_ours(&self, worker: WorkerId) -> bool {
        let plan = &self.run.plan;
        plan.cast.workers[worker.index()].kind == WorkerKind::Process && !plan.is_forked(worker)
    }

    /// A worker is dead: it waits for no signal and brings pools no tasks any more. What follows is told in its place, since
    /// its ring has no other writer now.
    pub(super) fn bury(&self, worker: WorkerId) {
        let may_wait = self.run.plan.cast.signals().next().is_some();
        if may_wait || self.run.plan.is_source(worker) {
            let mut pen = self.run.recorder(worker);
            bury_waiter(self.run, worker, &mut pen);
            self.run.leave(worker, Some(&mut pen));
        }
    }

    /// A worker's process is gone, and with it the threads that were spawned in it: those that nobody waits for, or all
    /// if it died.
    pub(super) fn end_with(&self, process: WorkerId, death: Option<&Death>) {
        let Some((pid, _)) = self.run.board.ring(process).who() else { return };
        for (worker, life) in self.run.lives().filter(|(worker, _)| !self.is_ours(*worker)) {
            if life.is_alive_in(pid) {
                let death = death.cloned().unwrap_or(Death::CutOff);
                end_nested_of(self.run, worker);
                self.bury(worker);
                self.run.notice(Notice::Died { worker, death });
                self.run.end_life(worker, false);
            }
        }
    }
}
