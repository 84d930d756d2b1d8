//! The end of a run: all workers except daemons, and those whose tasks were abandoned, have ended.

use super::Supervisor;
use crate::plan::WorkerRole;
use crate::shared::life::WorkerLife;
use contend_trace::{DeathCause, Notice, WorkerId, WorkerKind};

impl Supervisor {
    /// Whether all workers that the run waits for have ended.
    pub fn is_done(&self) -> bool {
        self.have_ended(|_| true)
    }

    fn have_ended(&self, wanted: impl Fn(WorkerId) -> bool) -> bool {
        let is_awaited = |worker: WorkerId| !self.is_cut_off_at_end(worker) && wanted(worker);
        if (0..self.workers.len()).map(WorkerId::from).any(|worker| is_awaited(worker) && self.is_running(worker)) {
            return false;
        }
        self.run.memory.set_waiting_for_lives();
        !self.run.lives().any(|(worker, life)| is_awaited(worker) && life.is_alive())
    }

    /// Whether the run ends without this worker: it is a daemon, or its pool was shut down without a wait for its task,
    /// which may wait forever. Processes of such a pool are killed: they end soon.
    fn is_cut_off_at_end(&self, worker: WorkerId) -> bool {
        let is_abandoned = || {
            let is_thread = self.run.plan.registry.workers[worker.index()].kind != WorkerKind::Process;
            let role = self.run.plan.roles[worker.index()];
            is_thread && matches!(role, WorkerRole::PoolWorker { .. }) && self.run.memory.ring(worker).is_cut_off()
        };
        self.run.is_daemon(worker) || is_abandoned()
    }

    /// Ends the HTTP servers once all other workers except daemons have ended: servers never end by themselves.
    pub(super) fn close_servers(&mut self) {
        let is_server = |worker: WorkerId| matches!(self.run.plan.roles[worker.index()], WorkerRole::HttpServer { .. });
        let servers: Vec<WorkerId> = (0..self.workers.len()).map(WorkerId::from).filter(|w| is_server(*w)).collect();
        if !servers.is_empty() && self.have_ended(|worker| !is_server(worker)) {
            for server in servers {
                self.workers[server.index()].pipes = None; // closes its standard input, which ends it
            }
        }
    }

    /// Reports the workers that still run: the end of the run cuts them off.
    pub fn report_cut_off(&self) {
        for worker in (0..self.workers.len()).map(WorkerId::from) {
            let is_alive = || self.run.life(worker).is_some_and(WorkerLife::is_alive);
            if self.is_cut_off_at_end(worker) && (self.is_running(worker) || is_alive()) {
                self.run.send_notice(Notice::Died { worker, cause: DeathCause::CutOff });
            }
        }
    }
}
