//! Grants and releases of locks, semaphores and rwlocks.

use contend::trace::{EventKind, Grant, RwPolicy};

use super::{LockRequest, Wait, World, id};
use crate::verdicts::program::{Kind, LockMode};

impl World {
    /// Returns the waits for an rwlock in progress, to read or to write.
    fn waiting(&self, lock: usize, mode: LockMode) -> impl Iterator<Item = LockRequest> {
        let asked =
            self.workers.iter().filter_map(|w| if let Some(Wait::Lock(asked)) = w.waits { Some(asked) } else { None });
        asked.filter(move |asked| asked.lock == lock && asked.mode == mode)
    }

    /// Returns whether a lock passes from its holder to the first that waits.
    pub(super) fn is_passed_on(&self, lock: usize) -> bool {
        self.tasks && self.kinds[lock] == Kind::Mutex
    }

    /// Returns whether a lock can be granted now to a worker that asks or waits in this mode.
    pub(super) fn may(&self, asked: &LockRequest) -> bool {
        let lock = &self.locks[asked.lock];
        let writers_ahead = |n: u64| self.waiting(asked.lock, LockMode::Alone).any(|a| a.before.0 < n);
        let readers_ahead = |n: u64| self.waiting(asked.lock, LockMode::Shared).any(|a| a.before.1 < n);
        match (self.kinds[asked.lock], asked.mode) {
            (Kind::Semaphore(permits), LockMode::Permits(n)) => lock.holders.len() as u32 + n <= permits,
            (Kind::Rwlock(policy), LockMode::Shared) => {
                let first = first_writer(policy, asked);
                !lock.has_writer() && (asked.let_in || !writers_ahead(first))
            }
            (Kind::Rwlock(RwPolicy::Fair), _) => {
                lock.holders.is_empty() && !writers_ahead(asked.before.0) && !readers_ahead(asked.before.1)
            }
            _ => lock.holders.is_empty(),
        }
    }

    pub(super) fn take(&mut self, w: usize, on: usize, mode: LockMode) {
        let grant = if mode == LockMode::Shared { Grant::shared } else { Grant };
        let permits = if let LockMode::Permits(n) = mode { n } else { 1 };
        let lock = &mut self.locks[on];
        lock.handed = None;
        let group: Vec<_> = (0..u64::from(permits)).map(|n| (on, grant(lock.grants + 1 + n))).collect();
        lock.grants += u64::from(permits);
        lock.holders.extend(group.iter().map(|(_, grant)| (w, *grant)));
        for (_, grant) in &group {
            self.wire.record(w, EventKind::Acquired { lock: id(on), grant: *grant });
        }
        self.workers[w].held.push(group);
        self.workers[w].pc += 1;
    }

    /// Releases the most recent grants of this lock.
    pub(super) fn give_back(&mut self, w: usize, on: usize) {
        let newest = |held: &Vec<(usize, Grant)>| held.first().is_some_and(|(lock, _)| *lock == on);
        let Some(at) = self.workers[w].held.iter().rposition(newest) else { return };
        let group = self.workers[w].held.remove(at);
        self.locks[on].holders.retain(|hold| !group.contains(&(on, hold.1)));
        if self.is_passed_on(on) {
            self.locks[on].handed = self.locks[on].line.pop_front();
        }
        let shared = group.iter().all(|(_, grant)| grant.is_shared());
        if !shared {
            self.let_waiting_readers_in(on);
        }
        for (lock, grant) in group {
            self.wire.record(w, EventKind::Released { lock: id(lock), grant });
        }
    }

    /// Lets the waiting readers of an rwlock in before all later writers, if no writer waits.
    fn let_waiting_readers_in(&mut self, on: usize) {
        if self.waiting(on, LockMode::Alone).count() > 0 {
            return;
        }
        self.locks[on].lets = self.locks[on].came.1;
        for worker in &mut self.workers {
            if let Some(Wait::Lock(asked)) = &mut worker.waits {
                asked.let_in |= asked.lock == on;
            }
        }
    }

    /// Lets readers in after a writer gave up, unless another writer holds the lock.
    pub(super) fn let_readers_in(&mut self, gave_up: LockRequest) {
        let is_rwlock = matches!(self.kinds[gave_up.lock], Kind::Rwlock(_));
        if is_rwlock && gave_up.mode == LockMode::Alone && !self.locks[gave_up.lock].has_writer() {
            self.let_waiting_readers_in(gave_up.lock);
        }
    }

    pub(super) fn wait(&mut self, w: usize, asked: LockRequest) {
        let lock = id(asked.lock);
        let shared = asked.mode == LockMode::Shared;
        let of = &mut self.locks[asked.lock];
        let (behind, count) = (of.came.0, if shared { of.came.1 } else { of.lets });
        if shared {
            of.came.1 += 1;
        } else {
            of.came.0 += 1;
        }
        let queued = |behind| EventKind::RwlockRequest { lock, writers_ahead: behind, shared };
        let ask = match (self.kinds[asked.lock], asked.mode) {
            (_, LockMode::Permits(permits)) if permits > 1 => vec![EventKind::PermitRequest { lock, permits }],
            (Kind::Rwlock(RwPolicy::Readers), LockMode::Shared) => vec![queued(0)],
            (Kind::Rwlock(RwPolicy::Writers), _) => vec![queued(behind), EventKind::RwlockReaders { lock, count }],
            (Kind::Rwlock(_), _) => vec![queued(behind)],
            _ => Vec::new(),
        };
        let held = self.held(w);
        let wait = EventKind::LockWait { lock, held_count: held.len() as u8, timed: asked.timed };
        let group: Vec<EventKind> = ask.into_iter().chain(held).chain([wait]).collect();
        self.workers[w].waits = Some(Wait::Lock(asked));
        if self.is_passed_on(asked.lock) {
            self.locks[asked.lock].line.push_back(w);
        }
        self.wire.record_all(w, &group);
        self.wire.write_slot(w, group);
    }
}

/// Returns the number of the first writer that does not go before this request.
pub fn first_writer(policy: RwPolicy, asked: &LockRequest) -> u64 {
    match policy {
        RwPolicy::Readers => 0,
        RwPolicy::Writers => u64::MAX,
        RwPolicy::Fair => asked.before.0,
    }
}
