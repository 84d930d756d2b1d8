//! Taking tasks from a pool's queue.

use super::{DEPTH, HEAD, IN_RING, MORE, PUT, PUTTERS, Queue, RING, ROOM, TAKEN, TAKERS, TASK, Task, shut, wait};
use crate::recorder::Recorder;
use crate::results::Promise;
use crate::shared::monitor::Inside;
use contend_trace::{EventKind, State};

impl Queue {
    /// Takes up to `limit` tasks into `tasks`, waiting for the first. Stays empty when no more will come, or `enough` says
    /// so; call [`Queue::wake`] when its answer changed. Whose they were, if they were dealt to somebody else than `seat`.
    pub async fn take(
        &self,
        seat: usize,
        limit: usize,
        tasks: &mut Vec<Task>,
        pen: &mut Recorder<'_>,
        enough: impl Fn() -> bool,
    ) -> Option<usize> {
        tasks.clear();
        let mut inside = self.monitor.enter();
        let mut blocked = false;
        let from = loop {
            if enough() {
                if blocked {
                    inside.wake_one(MORE); // the wake-up that came here is another's
                }
                return None;
            }
            let from = self.pick(&mut inside, seat, limit, tasks);
            if !tasks.is_empty() {
                break from;
            }
            if shut(&inside).is_some() {
                return None;
            }
            if !blocked {
                pen.block(State::Empty, Some(self.id));
                blocked = true;
            }
            if self.deals {
                pen.found_none(self.id, inside.get(PUT));
            }
            inside = wait(inside, TAKERS, MORE).await;
        };
        self.took(inside, tasks.len() as u64, pen);
        from
    }

    /// Counts tasks that were taken, and leaves.
    fn took(&self, mut inside: Inside<'_>, n: u64, pen: &mut Recorder<'_>) {
        let (depth, taken) = (inside.get(DEPTH).saturating_sub(n), inside.get(TAKEN));
        inside.set(DEPTH, depth);
        inside.set(TAKEN, taken + n);
        match inside.get(PUTTERS) {
            0 => {}
            _ if n == 1 => drop(inside.wake_one(ROOM)),
            _ => inside.wake_all(ROOM),
        }
        let at = pen.now();
        drop(inside);
        for one in 1..=n {
            let (left, nth) = (depth + n - one, (taken + one) as u32);
            pen.write(
                at,
                match u16::try_from(left) {
                    Ok(depth) => EventKind::TookNth { queue: self.id, depth, nth },
                    Err(_) => EventKind::Took { queue: self.id, depth: left as u32 },
                },
            );
        }
    }

    /// Finds tasks for a worker: what was put back or dealt to it, what is in the ring, what was dealt to others.
    fn pick(&self, inside: &mut Inside<'_>, seat: usize, limit: usize, tasks: &mut Vec<Task>) -> Option<usize> {
        self.dealt.own(seat, limit, tasks);
        if tasks.is_empty() {
            let n = inside.get(IN_RING).min(limit.max(1) as u64);
            (0..n).for_each(|_| tasks.push(self.pop(inside)));
        }
        if tasks.is_empty() { self.dealt.steal(seat, tasks) } else { None }
    }

    pub(super) fn pop(&self, inside: &mut Inside<'_>) -> Task {
        let head = inside.get(HEAD);
        let at = RING + head as usize * TASK;
        inside.set(HEAD, (head + 1) % self.capacity);
        inside.set(IN_RING, inside.get(IN_RING).saturating_sub(1));
        let (number, due, result) = (inside.get(at), inside.get(at + 1), Promise::of(inside.get(at + 2)));
        Task { number, due, failed: 0, result }
    }
}
