//! Waits that give up.

use contend::trace::{EventKind, State};

use super::{Phase, Scene, id, life, results_of};
use crate::explorer::program::Step;

impl Scene<'_> {
    /// Ends a wait with a time limit, and leaves the resource as if the worker had never come.
    pub(super) fn give_up(&mut self, w: usize, step: Step) {
        let on = match step {
            // Only a cancelled worker gives up these.
            Step::Select { .. }
            | Step::Spawn(_)
            | Step::Submit(_)
            | Step::Shutdown(_)
            | Step::ShutdownNow(_)
            | Step::Discard(_) => {
                self.record(w, EventKind::Resumed);
                return self.end_cancelled(w);
            }
            Step::Lock(on) | Step::TryLock(on) if self.world.workers[w].killed => {
                self.die_in_line(w, on);
                return self.end_cancelled(w);
            }
            Step::Lock(on) | Step::TryLock(on) => {
                self.leave_line(w, on);
                id(on)
            }
            Step::Read(on) | Step::Write(on) => {
                self.leave_rwlock(w, on, matches!(step, Step::Read(_)));
                id(on)
            }
            Step::Meet(on) => {
                let words = &mut self.world.words[on];
                words.waiting -= 1;
                words.set -= 1;
                id(on)
            }
            Step::Join(other) => match life(self.program, other) {
                Some(life) => life,
                None => return,
            },
            Step::Result => match self.world.workers[w].promises.front() {
                Some((pool, _)) => results_of(self.program, *pool),
                None => return,
            },
            Step::Put(on) => {
                self.leave_partner(on, State::Full);
                id(on)
            }
            Step::Take(on) => {
                self.leave_partner(on, State::Empty);
                id(on)
            }
            Step::Acquire(on, _) | Step::Pass(on) => id(on),
            step => unreachable!("{step:?} has no limit"),
        };
        self.record(w, EventKind::WaitTimedOut { lock: on });
        match step {
            Step::Lock(on) | Step::TryLock(on) | Step::Read(on) | Step::Write(on) | Step::Acquire(on, _) => {
                self.skip(w, on);
            }
            _ => self.next(w),
        }
    }

    /// Leaves the line of an rwlock: those behind wait for one less.
    fn leave_rwlock(&mut self, w: usize, on: usize, reads: bool) {
        let place = self.world.workers[w].before;
        let waits_here = |other: usize| {
            let step = self.world.step_of(self.program, other);
            let here = matches!(step, Some(Step::Read(of) | Step::Write(of)) if of == on);
            here && self.world.workers[other].phase == Phase::Waits && !self.world.is_idle(self.program, other)
        };
        let others: Vec<usize> =
            (0..self.world.workers.len()).filter(|other| *other != w && waits_here(*other)).collect();
        for other in others {
            let other = &mut self.world.workers[other];
            if reads && other.before.1 > place.1 {
                other.need.1 -= 1;
            } else if !reads && other.before.0 > place.0 {
                other.need.0 -= 1;
            }
        }
        let words = &mut self.world.words[on];
        *(if reads { &mut words.left.1 } else { &mut words.left.0 }) += 1;
        if !words.writer && words.came.0 == words.went.0 + words.left.0 {
            words.let_in = words.came.1;
        }
    }
}
