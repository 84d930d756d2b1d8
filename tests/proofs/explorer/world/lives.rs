//! Lives of workers: spawn, join, end and kill.

use contend::trace::{DeathCause, EventKind, ExitKind, ResourceId, Span, State, WorkerId};

use super::{Phase, Record, Scene, World};
use crate::explorer::program::{Kind, Program, Step};

/// Limit of lives of one worker.
const LIVES: u64 = 3;

/// Returns the resource that stands for a worker's life, if it has one.
pub fn life(program: &Program, worker: usize) -> Option<ResourceId> {
    let before = (0..worker).filter(|w| program.has_life(*w)).count();
    program.has_life(worker).then(|| ResourceId::from(program.kinds.len() + before))
}

impl World {
    /// Returns whether a worker is in its `nth` life.
    pub(super) fn lives(&self, worker: usize, nth: u64) -> bool {
        self.workers[worker].phase != Phase::Out && self.workers[worker].life == nth
    }
}

impl Scene<'_> {
    pub(super) fn begin(&mut self, w: usize) {
        let spawned = self.world.workers[w].phase == Phase::Asked;
        let worker = &mut self.world.workers[w];
        (worker.phase, worker.pc) = (Phase::Runs, 0);
        worker.held.clear();
        worker.promises.clear();
        if !spawned {
            worker.life += 1;
        }
        self.record(w, EventKind::LifeBegan);
        if spawned {
            self.record(w, EventKind::SpawnedBy { worker: WorkerId(0), after: Span(1) });
        }
        for copy in self.program.copies.iter().filter(|copy| copy.worker == w) {
            if let Some(holder) = self.world.words[copy.copy].holders.first() {
                let (lock, holder) = (ResourceId::from(copy.copy), WorkerId::from(*holder));
                self.record(w, EventKind::CopiedHeld { lock, holder });
            }
        }
    }

    pub(super) fn spawn(&mut self, w: usize, other: usize, waited: bool) {
        let Some(on) = life(self.program, other) else { return };
        if waited {
            self.record(w, EventKind::Resumed);
            self.world.workers[w].phase = Phase::Runs;
        }
        if self.world.workers[other].life >= LIVES {
            return self.next(w); // the limit makes every program end
        }
        if self.is_dead_in_line(other) {
            return self.fail(w);
        }
        if self.world.workers[other].phase != Phase::Out {
            let nth = self.world.workers[other].life;
            self.world.workers[w].joins = nth;
            return self.waits(w, [EventKind::Joins { life: on, nth }]);
        }
        self.world.workers[other].life += 1;
        self.world.workers[other].phase = Phase::Asked;
        (self.world.workers[other].cancelled, self.world.workers[other].noticed) = (false, false);
        for copy in self.program.copies.iter().filter(|copy| copy.worker == other) {
            self.world.words[copy.copy] = self.world.words[copy.original].clone();
        }
        let nth = self.world.workers[other].life;
        self.record(w, EventKind::Spawns { life: on, nth });
        if self.program.is_source(other) && !std::mem::replace(&mut self.world.sources[other], true) {
            self.world.alive += 1;
        }
        self.next(w);
    }

    pub(super) fn join(&mut self, w: usize, other: usize, waited: bool) {
        let Some(on) = life(self.program, other) else { return };
        let timed = self.world.is_limited(self.program, w);
        if waited {
            self.record(w, EventKind::Resumed);
            if timed {
                let nth = self.world.workers[w].joins;
                self.record(w, EventKind::Joins { life: on, nth });
                self.record(w, EventKind::Resumed);
            }
        } else if self.world.workers[other].phase != Phase::Out {
            let nth = self.world.workers[other].life;
            self.world.workers[w].joins = nth;
            if timed {
                return self.blocks(w, State::Signal, on.index());
            }
            return self.waits(w, [EventKind::Joins { life: on, nth }]);
        }
        self.next(w);
    }

    /// Ends a life. A mutex locked without a block stays locked, unless the system releases it.
    pub(super) fn end(&mut self, w: usize, how: ExitKind) {
        let keeps = |(on, _): &(usize, _)| self.program.kinds[*on] == Kind::Mutex && how == ExitKind::Finished;
        let held: Vec<usize> =
            self.world.workers[w].held.iter().filter(|held| !keeps(held)).map(|(on, _)| *on).collect();
        held.into_iter().rev().for_each(|on| self.give_back(w, on));
        self.leave_sources(w);
        self.record(w, EventKind::LifeEnded(how));
        self.over(w);
    }

    /// Ends the life of a worker that was cancelled.
    pub(super) fn end_cancelled(&mut self, w: usize) {
        if !self.world.workers[w].killed {
            return self.end(w, ExitKind::Cancelled);
        }
        self.leave_sources(w);
        self.record(w, EventKind::LifeEnded(ExitKind::Killed));
        self.over(w);
    }

    /// Kills another worker: a process at once, others as soon as they notice. A process that is about to wait for a
    /// signal, or may have been sent one, is not killed: nothing tells whether the signal was meant for it.
    pub(super) fn kill(&mut self, w: usize, other: usize) {
        let (nth, kills) = (self.world.workers[other].life, self.program.processes);
        let at_signal = matches!(self.world.step_of(self.program, other), Some(Step::Stay { .. }));
        let may = match self.world.workers[other].phase {
            Phase::Out => true,
            Phase::Asked => !kills,
            Phase::Runs => !kills || !at_signal,
            Phase::Waits => !kills || self.may_be_killed(other),
        };
        self.next(w);
        if !may {
            return;
        }
        self.record(w, EventKind::Cancels { worker: other.into(), nth, kills });
        if self.world.workers[other].phase == Phase::Out {
            return;
        }
        if kills {
            return self.die(other);
        }
        (self.world.workers[other].cancelled, self.world.workers[other].killed) = (true, true);
    }

    /// Finishes an ended or dead life.
    pub(super) fn over(&mut self, w: usize) {
        self.world.workers[w].phase = Phase::Out;
        if self.program.robust {
            for words in &mut self.world.words {
                let before = words.holders.len();
                words.holders.retain(|holder| *holder != w);
                words.orphaned |= words.holders.len() < before;
            }
        }
    }

    /// Kills the worker's process. The runner does the dead worker's duties towards pools.
    pub fn die(&mut self, w: usize) {
        if w >= self.program.workers.len() {
            return self.crash(w);
        }
        self.discount_dead_waiter(w);
        self.leave_sources(w);
        self.over(w);
        self.sink.receive(w, Record::Died(DeathCause::Signal(6)));
    }

    /// Makes the runner stop counting a worker that died while waiting for a signal, or at a queue without room.
    fn discount_dead_waiter(&mut self, w: usize) {
        let step = self.world.step_of(self.program, w).filter(|_| self.world.workers[w].phase == Phase::Waits);
        if let Some(Step::Stay { on, .. } | Step::Await { on, .. } | Step::Meet(on)) = step {
            self.world.words[on].waiting -= 1;
            self.record(w, EventKind::WaitTimedOut { lock: ResourceId::from(on) });
        }
        match step {
            Some(Step::Put(on)) => self.leave_partner(on, State::Full),
            Some(Step::Take(on)) => self.leave_partner(on, State::Empty),
            _ => {}
        }
    }

    fn leave_sources(&mut self, w: usize) {
        if w < self.program.workers.len() && std::mem::take(&mut self.world.sources[w]) {
            self.world.alive -= 1;
            self.close_pools_without_submitters(w);
        }
    }

    /// Returns whether a waiting worker may be killed. A worker that waits while a signal is in flight may not, since
    /// nothing tells whether the signal was meant for it.
    pub fn may_be_killed(&self, w: usize) -> bool {
        let under_way = match self.world.step_of(self.program, w) {
            Some(Step::Stay { on, .. } | Step::Await { on, .. } | Step::Meet(on)) => self.world.words[on].signals > 0,
            _ => false,
        };
        let waits = self.world.workers[w].phase == Phase::Waits;
        self.program.processes && w < self.program.workers.len() && waits && !under_way
    }
}
