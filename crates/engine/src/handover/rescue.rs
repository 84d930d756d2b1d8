//! A worker process died: what becomes of the tasks it had, and of its pool.

use super::Outside;
use crate::dead_waiter::bury_waiter;
use crate::nested::end_nested;
use crate::pool::{call_off, count_off, over, resolve};
use crate::progress::{Progress, Stage};
use crate::queue::{Shut, Task};
use crate::recorder::Recorder;
use crate::run::Run;
use contend_platform::kill_process;
use contend_scenario::Crash;
use contend_trace::{EventKind, Fate, How, PoolId, Ring, WorkerId};

/// Settles the dead worker's unfinished tasks. Returns whether another process takes its place. The worker's end is recorded
/// last, so a model that has seen it has seen the fate of all its tasks.
pub(super) fn rescue(run: &'static Run, index: usize, tasks: &[Task], pen: &mut Recorder<'_>, me: WorkerId) -> bool {
    let again = settle(run, index, tasks, pen, me);
    pen.write(pen.now(), EventKind::Ended(How::Killed));
    again
}

fn settle(run: &'static Run, index: usize, tasks: &[Task], pen: &mut Recorder<'_>, me: WorkerId) -> bool {
    let (ring, pool) = (run.board.ring(me), PoolId::from(index));
    end_nested(run, me, pen);
    let (over, begun) = finish(run, pool, tasks, ring, pen);
    ring.sign(0, 0);
    bury_waiter(run, me, pen);
    let dead = Dead { run, index, pool, left: &tasks[over..], begun };
    match run.queues[index].why_shut() {
        Some(Shut::Cancelled) => {
            dead.lose(dead.left, true, pen);
            return false;
        }
        Some(Shut::Broken) => {
            dead.give_up(dead.left, pen);
            return false;
        }
        Some(Shut::Closed) | None => {}
    }
    match run.plan.pools[index].on_crash {
        Crash::Restart => dead.retry(pen),
        Crash::Lose => dead.lose(dead.left, false, pen),
        Crash::Shrink => {
            dead.shrink(pen);
            return false;
        }
        Crash::FailAll => {
            dead.break_pool(me, pen);
            return false;
        }
    }
    true
}

/// The worker at this place has no process any more, and gets no other. If it was the last of its pool, nothing goes on.
pub(super) fn go_without(run: &'static Run, index: usize, seat: usize, pen: &mut Recorder<'_>) {
    let queue = &run.queues[index];
    let went = queue.leave(seat, false);
    if went && !queue.dealt.is_deserted() {
        return;
    }
    if queue.shut(Shut::Broken) {
        queue.tell_closed(pen);
    }
    call_off(run, PoolId::from(index), Fate::Failed, pen);
    if !went {
        queue.dealt.go();
    }
}

/// How many tasks are over, and whether the next one was begun. The one that the dead worker was about to end is ended in
/// its name: what it noted, and what its ring has told since, say which steps are left.
fn finish(run: &Run, pool: PoolId, tasks: &[Task], ring: Ring<'_>, pen: &mut Recorder<'_>) -> (usize, bool) {
    let (Progress { over, stage }, told) = Progress::of(ring);
    let mut over = (over as usize).min(tasks.len());
    if let (Stage::Ending(end) | Stage::Resolving(end), Some(task)) = (stage, tasks.get(over)) {
        let is_ending = stage == Stage::Ending(end);
        if is_ending && !told {
            pen.write(pen.now(), end.event(pool));
        }
        if is_ending || !told {
            resolve(run, pool, task, end.ok(), pen);
        }
        over += 1;
    }
    for _ in &tasks[..over] {
        count_off(run, pool, pen);
    }
    (over, stage == Stage::Begun)
}

/// A dead worker's tasks that are not done.
struct Dead<'a> {
    run: &'static Run,
    index: usize,
    pool: PoolId,
    left: &'a [Task],
    /// Whether the first of them was begun.
    begun: bool,
}

impl Dead<'_> {
    /// These tasks failed.
    fn give_up(&self, tasks: &[Task], pen: &mut Recorder<'_>) {
        for task in tasks {
            pen.write(pen.now(), EventKind::GivenUp { pool: self.pool });
            over(self.run, self.pool, task, false, pen);
        }
    }

    /// All are done again, except one that workers died at too often.
    fn retry(&self, pen: &mut Recorder<'_>) {
        let mut left = self.left.to_vec();
        if let Some(task) = left.first_mut().filter(|_| self.begun) {
            task.failed = task.failed.saturating_add(1);
            let retries = self.run.scenario.pools[self.index].retries.eval(&Outside(self.run));
            if f64::from(task.failed) > retries {
                let task = left.remove(0);
                self.give_up(&[task], pen);
            }
        }
        self.put_back(&left, pen);
    }

    fn put_back(&self, tasks: &[Task], pen: &mut Recorder<'_>) {
        match self.run.queues[self.index].put_back(tasks) {
            Ok(()) => tasks.iter().for_each(|_| pen.write(pen.now(), EventKind::Retried { pool: self.pool })),
            Err(Shut::Broken) => self.give_up(tasks, pen),
            Err(Shut::Cancelled | Shut::Closed) => self.lose(tasks, true, pen),
        }
    }

    /// Nobody remembers them: whoever waits for their results waits for ever, unless they were called off.
    fn lose(&self, tasks: &[Task], told: bool, pen: &mut Recorder<'_>) {
        for task in tasks {
            pen.write(pen.now(), EventKind::Met { pool: self.pool, fate: Fate::Lost });
            if told {
                over(self.run, self.pool, task, false, pen);
            } else {
                count_off(self.run, self.pool, pen);
            }
        }
    }

    /// The task failed, and the others go on without the dead one.
    fn shrink(&self, pen: &mut Recorder<'_>) {
        let (failed, left) = self.left.split_at(usize::from(self.begun).min(self.left.len()));
        self.give_up(failed, pen);
        self.put_back(left, pen);
    }

    /// Everything fails that is not done, here and at the other workers.
    fn break_pool(&self, me: WorkerId, pen: &mut Recorder<'_>) {
        let queue = &self.run.queues[self.index];
        if queue.shut(Shut::Broken) {
            queue.tell_closed(pen);
        }
        self.give_up(self.left, pen);
        call_off(self.run, self.pool, Fate::Failed, pen);
        for other in self.run.plan.cast.pools[self.index].workers.iter().filter(|other| **other != me) {
            if let Some((pid, _)) = self.run.board.ring(*other).who() {
                kill_process(pid);
            }
        }
    }
}
