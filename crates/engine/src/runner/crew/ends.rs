//! When a run is over: everybody has ended that it waits for. It does not wait for daemons.

use super::Crew;
use crate::plan::Part;
use crate::shared::life::Life;
use contend_trace::{Death, Notice, WorkerId};

impl Crew {
    /// Whether all have ended that the run waits for.
    pub fn is_done(&self) -> bool {
        self.are_over(|_| true)
    }

    fn are_over(&self, wanted: impl Fn(WorkerId) -> bool) -> bool {
        let waited_for = |worker: WorkerId| !self.run.is_daemon(worker) && wanted(worker);
        if (0..self.members.len()).map(WorkerId::from).any(|worker| waited_for(worker) && self.is_running(worker)) {
            return false;
        }
        self.run.board.set_leaving();
        !self.run.lives().any(|(worker, life)| waited_for(worker) && life.is_alive())
    }

    /// Servers have no end of their own: they end when nobody is left who could ask them and is waited for.
    pub(super) fn close_servers(&mut self) {
        let is_server = |worker: WorkerId| matches!(self.run.plan.parts[worker.index()], Part::Server { .. });
        let servers: Vec<WorkerId> = (0..self.members.len()).map(WorkerId::from).filter(|w| is_server(*w)).collect();
        if !servers.is_empty() && self.are_over(|worker| !is_server(worker)) {
            for server in servers {
                self.members[server.index()].pipes = None; // its standard input ends, and it with it
            }
        }
    }

    /// Says of all who are left that the run does not wait for them: it ends now.
    pub fn cut_off(&self) {
        for worker in (0..self.members.len()).map(WorkerId::from) {
            let lives = || self.run.life(worker).is_some_and(Life::is_alive);
            if self.run.is_daemon(worker) && (self.is_running(worker) || lives()) {
                self.run.notice(Notice::Died { worker, death: Death::CutOff });
            }
        }
    }
}
