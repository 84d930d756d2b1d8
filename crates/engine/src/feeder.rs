//! Feeds a pool: at a rate whatever the pool does, or a batch as fast as the queue takes it.

mod collect;

use std::time::{Duration, Instant};

use super::actor::Actor;
use super::block_on::block_on;
use super::plan::pool_size;
use super::pool::give;
use super::queue::{Queue, Shut, Task};
use super::results::Promise;
use super::run::Run;
use contend_scenario::{Delivery, Expr, Feed, Pool, Schedule};
use contend_trace::{Notice, PoolId, State};

/// No sleep between two tasks is longer than this, in nanoseconds: a rate that is turned up takes effect.
const LONGEST_SLEEP: f64 = 0.1e9;

/// A sleep that lasts so much longer, in nanoseconds, was no lack of a core: the whole run was stopped.
const STOPPED: f64 = 10e9;

/// Feeds the pool at `index` until its tasks are all put, or the feeder is asked to end; collects the results, if it wants
/// them; then closes the queue, unless others may bring tasks as well.
pub fn feed(run: &'static Run, index: usize, actor: &mut Actor) {
    let feeder = Feeder { run, pool: &run.scenario.pools[index], id: PoolId::from(index), queue: &run.queues[index] };
    match &feeder.pool.feed {
        Feed::Submitted => {}
        Feed::Arrive { rate } => feeder.arrive(rate, actor),
        Feed::Batch { .. } | Feed::Files { .. } | Feed::Each { .. } => {
            let began = Instant::now();
            let promises = feeder.batch(run.plan.cast.pools[index].total.unwrap_or(0), actor);
            collect::collect(run, index, &promises, began, actor);
        }
    }
    if run.plan.sources.is_empty() {
        feeder.queue.close(&mut actor.pen);
    } else {
        run.leave(actor.me(), Some(&mut actor.pen));
    }
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
        let mut pace = Pace::new();
        let mut number = 0;
        while let Some(due) = pace.next(rate, actor) {
            let task = Task { number, due, failed: 0, result: None };
            if block_on(give(self.run, self.id, task, actor)).is_err() {
                return;
            }
            number += 1;
        }
    }

    /// Puts all tasks; returns the results that were promised, if they are to be read one by one.
    fn batch(&self, total: u64, actor: &mut Actor) -> Vec<Promise> {
        let mut promises = Vec::new();
        let mut dealt = Vec::new();
        let shared = self.run.plan.pools[self.id.index()].schedule == Schedule::Shared;
        if let Some(first) = self.run.job.unread().first() {
            let count = self.run.job.unread().len();
            let text = format!("directories that could not be read, and were left out: {count}; the first is {first}");
            self.run.notice(Notice::Note(text));
        }
        let mut pace = Pace::new();
        for number in 0..total {
            let due = match &self.pool.pace {
                Some(rate) => pace.next(rate, actor),
                None => (!actor.asked_to_end()).then(|| actor.pen.now()),
            };
            let Some(due) = due else { break };
            if let Err(e) = self.run.job.prepare(number) {
                let what = format!("a sample could not be made: {e}");
                self.run.notice(Notice::Failed { worker: actor.me(), what });
            }
            let result = self.promise(&mut promises);
            let task = Task { number, due, failed: 0, result };
            if !shared {
                dealt.push(task);
            } else if block_on(give(self.run, self.id, task, actor)).is_err() {
                self.withdraw(result, &mut promises);
                break;
            }
            if self.delivery() == Some(Delivery::Ignored)
                && let (Some(results), Some(promise)) = (self.run.results(self.id), result)
            {
                results.forget(promise, &mut actor.pen);
            }
        }
        if !shared && self.deal(&dealt, actor).is_err() {
            for task in &dealt {
                self.withdraw(task.result, &mut promises);
            }
        }
        promises
    }

    fn delivery(&self) -> Option<Delivery> {
        self.run.plan.pools[self.id.index()].delivery
    }

    /// A result for a task, if anybody wants it.
    fn promise(&self, promises: &mut Vec<Promise>) -> Option<Promise> {
        let delivery = self.delivery()?;
        let promise = self.run.results(self.id)?.promise(delivery == Delivery::AsCompleted)?;
        if delivery != Delivery::Ignored {
            promises.push(promise);
        }
        Some(promise)
    }

    /// The pool would not have the task.
    fn withdraw(&self, result: Option<Promise>, promises: &mut Vec<Promise>) {
        if let (Some(results), Some(promise)) = (self.run.results(self.id), result) {
            results.withdraw(promise);
            promises.retain(|other| *other != promise);
        }
    }

    fn deal(&self, tasks: &[Task], actor: &mut Actor) -> Result<(), Shut> {
        let steal = self.run.plan.pools[self.id.index()].schedule == Schedule::Steal;
        self.queue.dealt.let_steal(steal);
        let workers = pool_size(&self.pool.workers, self.pool.most, actor);
        self.queue.deal(tasks, workers as usize, &mut actor.pen)
    }
}

/// When tasks are due that come at a rate. By the system's clock: the counter leaps when the machine was suspended.
struct Pace {
    began: Instant,
    /// When the one before was, in nanoseconds since then.
    last: f64,
}

impl Pace {
    fn new() -> Self {
        Self { began: Instant::now(), last: 0.0 }
    }

    /// Waits until the next one is due, and says when that was, in ticks: `1 / rate` after the one before, however late it is.
    /// None when the feeder is asked to end.
    fn next(&mut self, rate: &Expr, actor: &mut Actor) -> Option<u64> {
        while !actor.asked_to_end() {
            let (now, rate) = (self.now(), rate.eval(actor));
            if rate <= 0.0 {
                self.last = now; // nothing is due while the rate is 0
                self.sleep(LONGEST_SLEEP, actor);
                continue;
            }
            let due = self.last + 1e9 / rate;
            if due <= now {
                self.last = due;
                let ago = (now - due) / actor.run.board.tick_nanos().unwrap_or(1.0);
                return Some(actor.pen.now().saturating_sub(ago as u64));
            }
            self.sleep((due - now).min(LONGEST_SLEEP), actor);
        }
        None
    }

    fn now(&self) -> f64 {
        self.began.elapsed().as_nanos() as f64
    }

    /// Sleeps for so many nanoseconds. Whoever was stopped meanwhile goes on where it was: what would have been due in that
    /// time is not to come all at once.
    fn sleep(&mut self, nanos: f64, actor: &mut Actor) {
        let before = self.now();
        actor.pen.block(State::Sleep, None);
        std::thread::sleep(Duration::from_nanos(nanos as u64));
        actor.pen.resume();
        let too_long = self.now() - before - nanos;
        if too_long > STOPPED {
            self.last += too_long;
        }
    }
}
