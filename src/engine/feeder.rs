//! Feeds a pool: at a rate whatever the pool does, or a batch as fast as the queue takes it.

use std::time::Duration;

use super::actor::Actor;
use super::block_on::block_on;
use super::pool::do_task;
use super::queue::{Queue, Refused, Task};
use super::run::Run;
use crate::scenario::{Expr, Feed, Policy, Pool};
use crate::trace::{EventKind, Notice, PoolId, State};

/// No sleep between two tasks is longer than this, in nanoseconds: a rate that is turned up takes effect.
const LONGEST_SLEEP: f64 = 0.1e9;

/// Feeds the pool at `index` until its tasks are all put, or the feeder is asked to end; then closes the queue.
pub fn feed(run: &'static Run, index: usize, actor: &mut Actor) {
    let feeder = Feeder { run, pool: &run.scenario.pools[index], id: PoolId::from(index), queue: &run.queues[index] };
    match &feeder.pool.feed {
        Feed::Arrive { rate } => feeder.arrive(rate, actor),
        Feed::Batch { .. } | Feed::Files { .. } | Feed::Each { .. } => {
            feeder.batch(run.plan.cast.pools[index].total.unwrap_or(0), actor);
        }
    }
    feeder.queue.close();
}

struct Feeder {
    run: &'static Run,
    pool: &'static Pool,
    id: PoolId,
    queue: &'static Queue,
}

impl Feeder {
    /// Open loop: a task is due every `1 / rate`, however late the feeder itself is.
    fn arrive(&self, rate: &Expr, actor: &mut Actor) {
        let tick_nanos = self.run.board.tick_nanos().unwrap_or(1.0);
        let mut last = actor.pen.now() as f64;
        let mut number = 0;
        while !actor.asked_to_end() {
            let (now, rate) = (actor.pen.now() as f64, rate.eval(actor));
            if rate <= 0.0 {
                last = now; // nothing is due while the rate is 0
                sleep(actor, LONGEST_SLEEP);
                continue;
            }
            let due = last + 1e9 / rate / tick_nanos;
            if due > now {
                sleep(actor, ((due - now) * tick_nanos).min(LONGEST_SLEEP));
                continue;
            }
            self.submit(Task { number, due: due as u64, failed: 0 }, actor);
            (last, number) = (due, number + 1);
        }
    }

    fn batch(&self, total: u64, actor: &mut Actor) {
        if let Some(first) = self.run.job.unread().first() {
            let count = self.run.job.unread().len();
            let text = format!("directories that could not be read, and were left out: {count}; the first is {first}");
            self.run.notice(Notice::Note(text));
        }
        for number in 0..total {
            if actor.asked_to_end() {
                return;
            }
            if let Err(e) = self.run.job.prepare(number) {
                let what = format!("a sample could not be made: {e}");
                self.run.notice(Notice::Failed { worker: actor.me(), what });
            }
            let due = actor.pen.now();
            self.submit(Task { number, due, failed: 0 }, actor);
        }
    }

    fn submit(&self, task: Task, actor: &mut Actor) {
        match self.pool.policy {
            Policy::Block => self.queue.put(task, &mut actor.pen),
            Policy::Reject => {
                if self.queue.try_put(task, &mut actor.pen).is_err() {
                    let at = actor.pen.now();
                    actor.pen.write(at, EventKind::Rejected { pool: self.id });
                }
            }
            Policy::CallerRuns => {
                if let Err(Refused(task)) = self.queue.try_put(task, &mut actor.pen) {
                    block_on(do_task(self.run, self.id, task, actor));
                }
            }
        }
    }
}

fn sleep(actor: &mut Actor, nanos: f64) {
    actor.pen.block(State::Sleep, None);
    std::thread::sleep(Duration::from_nanos(nanos as u64));
    actor.pen.resume();
}
