//! Mutexes, rwlocks and semaphores.

use contend::trace::{EventKind, Grant, RwPolicy};

use super::{Scene, Worker, World, id};
use crate::explorer::program::{Kind, Program, Step};

impl World {
    fn policy(program: &Program, on: usize) -> RwPolicy {
        if let Kind::Rwlock(policy) = program.kinds[on] { policy } else { RwPolicy::Fair }
    }

    pub(super) fn may_read(&self, program: &Program, on: usize, worker: &Worker) -> bool {
        let words = &self.words[on];
        let in_turn = match Self::policy(program, on) {
            RwPolicy::Readers => true,
            RwPolicy::Writers => words.went.0 + words.left.0 == words.came.0,
            RwPolicy::Fair => words.went.0 >= worker.need.0,
        };
        !words.writer && (in_turn || words.let_in > worker.before.1)
    }

    pub(super) fn may_write(&self, program: &Program, on: usize, worker: &Worker) -> bool {
        let words = &self.words[on];
        let in_turn = words.went.0 >= worker.need.0 && words.went.1 >= worker.need.1;
        !words.writer && words.readers == 0 && (in_turn || Self::policy(program, on) != RwPolicy::Fair)
    }
}

impl Scene<'_> {
    fn held(&self, w: usize) -> Vec<EventKind> {
        let held = self.world.workers[w].held.iter();
        held.flat_map(|(on, grants)| grants.iter().map(|grant| EventKind::Held { lock: id(*on), grant: *grant }))
            .collect()
    }

    /// Waits for a lock, after recording the event that names the mode.
    fn wait_for(&mut self, w: usize, on: usize, asks: Vec<EventKind>, timed: bool) {
        let held = self.held(w);
        let wait = EventKind::LockWait { lock: id(on), held_count: held.len() as u8, timed };
        self.waits(w, asks.into_iter().chain(held).chain([wait]));
    }

    fn have(&mut self, w: usize, on: usize, grants: Vec<Grant>) {
        for grant in &grants {
            self.record(w, EventKind::Acquired { lock: id(on), grant: *grant });
        }
        self.world.workers[w].held.push((on, grants));
        self.next(w);
    }

    pub(super) fn lock(&mut self, w: usize, on: usize, waited: bool, timed: bool) {
        if !self.world.words[on].holders.is_empty() {
            if waited {
                self.record(w, EventKind::WaitTimedOut { lock: id(on) });
                return self.skip(w, on);
            }
            return self.wait_for(w, on, Vec::new(), timed);
        }
        if timed && !waited {
            self.record(w, EventKind::TimedAttempt { lock: id(on) });
        }
        let words = &mut self.world.words[on];
        words.holders.push(w);
        words.grants += 1;
        let grant = Grant(words.grants);
        if std::mem::take(&mut words.orphaned) {
            self.record(w, EventKind::OwnerDied { lock: id(on) });
        }
        self.have(w, on, vec![grant]);
    }

    /// Locks a mutex of tasks, or waits in line for it.
    pub(super) fn lock_in_line(&mut self, w: usize, on: usize, waited: bool, timed: bool) {
        let words = &mut self.world.words[on];
        if waited && words.handed != Some(w) {
            self.leave_line(w, on);
            self.record(w, EventKind::WaitTimedOut { lock: id(on) });
            return self.skip(w, on);
        }
        if !waited && !words.holders.is_empty() {
            words.line.push_back((w, false));
            return self.wait_for(w, on, Vec::new(), timed);
        }
        words.handed = None;
        words.holders = vec![w];
        words.grants += 1;
        let grant = Grant(words.grants);
        if timed && !waited {
            self.record(w, EventKind::TimedAttempt { lock: id(on) });
        }
        self.have(w, on, vec![grant]);
    }

    pub(super) fn leave_line(&mut self, w: usize, on: usize) {
        self.world.words[on].line.retain(|(waiter, is_dead)| *waiter != w || *is_dead);
    }

    /// Leaves a killed task in line: the mutex will be handed to it.
    pub(super) fn die_in_line(&mut self, w: usize, on: usize) {
        self.world.words[on]
            .line
            .iter_mut()
            .filter(|(waiter, _)| *waiter == w)
            .for_each(|(_, is_dead)| *is_dead = true);
    }

    pub(super) fn is_dead_in_line(&self, w: usize) -> bool {
        self.world.words.iter().any(|words| words.line.contains(&(w, true)))
    }

    /// Hands a mutex of tasks to the first in line.
    fn hand_over(&mut self, on: usize) {
        let words = &mut self.world.words[on];
        let next = words.line.pop_front();
        words.holders = next.iter().map(|(next, _)| *next).collect();
        match next {
            Some((next, true)) => {
                words.grants += 1;
                let grant = Grant(words.grants);
                self.record(next, EventKind::Acquired { lock: id(on), grant });
            }
            next => words.handed = next.map(|(next, _)| next),
        }
    }

    /// Continues after the block of a lock that was not acquired.
    pub(super) fn skip(&mut self, w: usize, on: usize) {
        self.next(w);
        let mut depth = 1;
        while depth > 0
            && let Some(step) = self.world.step_of(self.program, w)
        {
            match step {
                Step::Lock(of) | Step::TryLock(of) | Step::Read(of) | Step::Write(of) | Step::Acquire(of, _)
                    if of == on =>
                {
                    depth += 1;
                }
                Step::Unlock(of) | Step::Leave(of) | Step::Return(of) if of == on => depth -= 1,
                // A condition's wait unlocks the mutex in between.
                Step::Come { mutex, .. } if mutex == on => depth -= 1,
                _ => {}
            }
            self.next(w);
            if depth == 0 && matches!(self.world.step_of(self.program, w), Some(Step::Stay { .. })) {
                self.next(w); // skips the wait for the condition inside as well
            }
        }
    }

    /// Releases the most recent grants of this resource, if there are any.
    pub(super) fn give_back(&mut self, w: usize, on: usize) {
        let Some(at) = self.world.workers[w].held.iter().rposition(|(held, _)| *held == on) else { return };
        let (_, grants) = self.world.workers[w].held.remove(at);
        let words = &mut self.world.words[on];
        match self.program.kinds[on] {
            Kind::Semaphore(_) => words.free += grants.len() as u64,
            Kind::Rwlock(_) if words.writer => {
                words.writer = false;
                if words.came.0 == words.went.0 + words.left.0 {
                    words.let_in = words.came.1;
                }
            }
            Kind::Rwlock(_) => words.readers -= 1,
            Kind::Mutex if self.program.tasks => self.hand_over(on),
            _ => words.holders.clear(),
        }
        for grant in grants {
            self.record(w, EventKind::Released { lock: id(on), grant });
        }
    }

    pub(super) fn enter(&mut self, w: usize, on: usize, waited: bool, reads: bool) {
        let program = self.program;
        let policy = World::policy(program, on);
        let words = &self.world.words[on];
        let timed = self.world.is_limited(program, w);
        if !waited {
            let (came, left) = (words.came, words.left);
            let worker = &mut self.world.workers[w];
            (worker.before, worker.need) = (came, (came.0 - left.0, came.1 - left.1));
        }
        let (words, worker) = (&self.world.words[on], &self.world.workers[w]);
        let before = worker.before;
        let may =
            if reads { self.world.may_read(program, on, worker) } else { self.world.may_write(program, on, worker) };
        if !may {
            let behind = if reads && policy == RwPolicy::Readers { 0 } else { before.0 };
            let count = if reads { before.1 } else { words.let_in };
            let mut asks = vec![EventKind::RwlockRequest { lock: id(on), writers_ahead: behind, shared: reads }];
            if policy == RwPolicy::Writers {
                asks.push(EventKind::RwlockReaders { lock: id(on), count });
            }
            let came = &mut self.world.words[on].came;
            *(if reads { &mut came.1 } else { &mut came.0 }) += 1;
            return self.wait_for(w, on, asks, timed);
        }
        if timed && !waited {
            self.record(w, EventKind::TimedAttempt { lock: id(on) });
        }
        let words = &mut self.world.words[on];
        if waited {
            *(if reads { &mut words.went.1 } else { &mut words.went.0 }) += 1;
        }
        words.grants += 1;
        let grant = if reads { Grant::shared(words.grants) } else { Grant(words.grants) };
        if reads {
            words.readers += 1;
        } else {
            words.writer = true;
        }
        self.have(w, on, vec![grant]);
    }

    /// Takes permits for a block, or one permit permanently.
    pub(super) fn acquire(&mut self, w: usize, on: usize, waited: bool, permits: Option<u32>) {
        let wanted = permits.unwrap_or(1);
        let timed = self.world.is_limited(self.program, w);
        if self.world.words[on].free < u64::from(wanted) {
            debug_assert!(!waited);
            let ask = EventKind::PermitRequest { lock: id(on), permits: wanted };
            return self.wait_for(w, on, if wanted > 1 { vec![ask] } else { Vec::new() }, timed);
        }
        if timed && !waited && permits.is_some() {
            self.record(w, EventKind::TimedAttempt { lock: id(on) });
        }
        let words = &mut self.world.words[on];
        words.free -= u64::from(wanted);
        let first = words.grants + 1;
        words.grants += u64::from(wanted);
        if permits.is_some() {
            return self.have(w, on, (first..).take(wanted as usize).map(Grant).collect());
        }
        self.record(w, EventKind::SemaphorePassed { lock: id(on), grant: Grant(first) });
        self.next(w);
    }
}
