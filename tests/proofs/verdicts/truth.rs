//! Computes from the simulator's state which workers can never continue.

use contend::trace::WorkerId;

use super::program::{Kind, LockMode};
use super::world::{LockRequest, Wait, World, first_writer};

impl World {
    /// Returns the workers that locks and joins alone block forever: those left when every worker that can continue
    /// has released its locks.
    pub fn deadlocked(&self) -> Vec<WorkerId> {
        let by_others = |wait: Wait| !wait.is_timed() && matches!(wait, Wait::Lock(_) | Wait::End(_));
        let mut live: Vec<bool> = self.workers.iter().map(|w| !w.waits.is_some_and(by_others)).collect();
        while let Some(next) = (0..live.len()).find(|w| !live[*w] && self.could(*w, &live)) {
            live[next] = true;
        }
        (0..live.len()).filter(|w| !live[*w]).map(WorkerId::from).collect()
    }

    /// Returns all unfinished workers with their current step: when nothing moves any more, these never finish.
    pub fn left(&self) -> Vec<(usize, usize)> {
        let places = self.workers.iter().enumerate().filter(|(_, worker)| !worker.done);
        places.map(|(w, worker)| (w, worker.pc)).collect()
    }

    /// Returns whether a waiting worker could continue if the given workers released everything and ended.
    fn could(&self, w: usize, live: &[bool]) -> bool {
        match self.workers[w].waits {
            _ if self.may_be_cancelled(w, live) => true,
            Some(Wait::Lock(asked)) => self.could_have(w, &asked, live),
            Some(Wait::End(other)) => live[other],
            _ => true,
        }
    }

    fn could_have(&self, w: usize, asked: &LockRequest, live: &[bool]) -> bool {
        let lock = &self.locks[asked.lock];
        let kept = || lock.holders.iter().filter(|(holder, _)| !live[*holder]);
        let dead_writer_ahead = |n: u64| {
            let is_ahead = |o: &LockRequest| o.lock == asked.lock && o.mode == LockMode::Alone && o.before.0 < n;
            let waits = |other: usize| matches!(&self.workers[other].waits, Some(Wait::Lock(asked)) if is_ahead(asked));
            (0..live.len()).any(|other| !live[other] && other != w && waits(other))
        };
        match (self.kinds[asked.lock], asked.mode) {
            (Kind::Semaphore(permits), LockMode::Permits(n)) => kept().count() as u32 + n <= permits,
            (Kind::Rwlock(policy), LockMode::Shared) => {
                let first = first_writer(policy, asked);
                kept().all(|(_, grant)| grant.is_shared()) && (asked.let_in || !dead_writer_ahead(first))
            }
            _ => kept().count() == 0,
        }
    }
}
