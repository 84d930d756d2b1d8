//! Cancellations: the cancelled worker gives back what it holds and ends, at its next step or in a wait that a
//! cancellation ends.

use contend::trace::{EventKind, ExitKind};

use super::{Wait, Worker, World, id};
use crate::verdicts::program::{Kind, Step};

impl World {
    pub(super) fn cancel(&mut self, w: usize, other: usize) {
        self.workers[w].pc += 1;
        self.wire.record(w, EventKind::Cancels { worker: other.into(), nth: 1, kills: false });
        self.workers[other].cancelled |= !self.workers[other].done;
    }

    /// Returns whether a worker ends now because it was cancelled: not while it waits, nor between the two halves of a
    /// wait for a condition.
    pub(super) fn ends_cancelled(&self, w: usize) -> bool {
        let worker = &self.workers[w];
        let step_at = |at: Option<usize>| at.and_then(|at| worker.steps.get(at));
        let in_condition = matches!(step_at(Some(worker.pc)), Some(Step::Stay { .. }))
            || matches!(step_at(worker.pc.checked_sub(1)), Some(Step::Stay { .. }));
        worker.cancelled && worker.waits.is_none() && !in_condition && worker.pc < worker.steps.len()
    }

    pub(super) fn end_cancelled(&mut self, w: usize) {
        while let Some((on, _)) = self.workers[w].held.last().and_then(|group| group.first().copied()) {
            self.give_back(w, on);
        }
        self.workers[w].done = true;
        let ended = EventKind::LifeEnded(ExitKind::Cancelled);
        self.wire.record(w, ended);
        self.wire.write_slot(w, vec![ended]);
    }

    /// Returns whether a cancellation ends the wait of a worker that was cancelled.
    pub(super) fn is_interrupted(&self, w: usize) -> bool {
        self.workers[w].cancelled && self.is_interruptible(w)
    }

    /// Returns whether a cancellation would end a worker's wait: any but that for a mutex of threads.
    fn is_interruptible(&self, w: usize) -> bool {
        match self.workers[w].waits {
            None => false,
            Some(Wait::Lock(asked)) => self.kinds[asked.lock] != Kind::Mutex || self.tasks,
            Some(_) => true,
        }
    }

    /// Returns whether a wait ends because of a cancellation, or may end so: any live worker that has a step for it may
    /// still come there.
    pub fn may_be_cancelled(&self, w: usize, live: &[bool]) -> bool {
        let cancels = |other: usize| {
            let worker = &self.workers[other];
            live[other] && !worker.done && worker.steps.contains(&Step::Cancel(w))
        };
        self.is_interruptible(w) && (self.workers[w].cancelled || (0..live.len()).any(cancels))
    }

    /// Whether events of a worker that can cancel others were lost.
    pub fn may_have_lost_cancels(&self) -> bool {
        let cancels = |worker: &Worker| worker.steps.iter().any(|step| matches!(step, Step::Cancel(_)));
        (0..self.workers.len()).any(|w| cancels(&self.workers[w]) && self.wire.lost(w) > 0)
    }

    /// Returns the event that ends a wait without success.
    pub(super) fn gave_up(&self, w: usize, on: usize) -> EventKind {
        if self.workers[w].cancelled {
            EventKind::WaitCancelled { on: id(on) }
        } else {
            EventKind::WaitTimedOut { lock: id(on) }
        }
    }
}
