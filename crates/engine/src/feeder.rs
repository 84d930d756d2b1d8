//! Feeds a pool: at a rate whatever the pool does, or a batch as fast as the queue takes it.

mod collect_results;

use std::time::{Duration, Instant};

use super::block_on::block_on;
use super::context::RunContext;
use super::plan::pool_size;
use super::pool::submit_task;
use super::result_store::Promise;
use super::step_runner::StepRunner;
use super::task_queue::{CloseReason, PoolTask, TaskQueue};
use contend_scenario::{Expr, Feed, PoolSpec, ResultDelivery, TaskDistribution};
use contend_trace::{Notice, PoolId, State};

/// No sleep between two tasks is longer than this, in nanoseconds: a rate that is turned up takes effect.
const LONGEST_SLEEP: f64 = 0.1e9;

/// A sleep that lasts so much longer, in nanoseconds, was no lack of a core: the whole run was stopped.
const SUSPENDED_NANOS: f64 = 10e9;

/// Feeds the pool at `index` until its tasks are all put, or the feeder is asked to end; collects the results, if it wants
/// them; then closes the queue, unless others may bring tasks as well.
pub fn run_feeder(run: &'static RunContext, pool_index: usize, step_runner: &mut StepRunner) {
    let feeder = Feeder {
        run,
        pool: &run.scenario.pools[pool_index],
        id: PoolId::from(pool_index),
        queue: &run.task_queues[pool_index],
    };
    match &feeder.pool.feed {
        Feed::Submitted => {}
        Feed::OpenLoop { rate } => feeder.feed_arrivals(rate, step_runner),
        Feed::Batch { .. } | Feed::Files { .. } | Feed::Words { .. } => {
            let began = Instant::now();
            let promises = feeder.feed_batch(run.plan.cast.pools[pool_index].total_tasks.unwrap_or(0), step_runner);
            collect_results::collect_results(run, pool_index, &promises, began, step_runner);
        }
    }
    if run.plan.task_sources.is_empty() {
        feeder.queue.close(&mut step_runner.recorder);
    } else {
        run.remove_task_source(step_runner.id(), Some(&mut step_runner.recorder));
    }
}

struct Feeder {
    run: &'static RunContext,
    pool: &'static PoolSpec,
    id: PoolId,
    queue: &'static TaskQueue,
}

impl Feeder {
    /// Open loop: a task is due every `1 / rate`, however late the feeder itself is.
    fn feed_arrivals(&self, rate: &Expr, step_runner: &mut StepRunner) {
        let mut pace = ArrivalSchedule::new();
        let mut number = 0;
        while let Some(due) = pace.wait_for_next(rate, step_runner) {
            let task = PoolTask { number, due, crash_count: 0, result: None };
            if block_on(submit_task(self.run, self.id, task, step_runner)).is_err() {
                return;
            }
            number += 1;
        }
    }

    /// Puts all tasks; returns the results that were promised, if they are to be read one by one.
    fn feed_batch(&self, total: u64, step_runner: &mut StepRunner) -> Vec<Promise> {
        let mut promises = Vec::new();
        let mut dealt = Vec::new();
        let shared = self.run.plan.pools[self.id.index()].schedule == TaskDistribution::Shared;
        if let Some(first) = self.run.input_items.unreadable_dirs().first() {
            let count = self.run.input_items.unreadable_dirs().len();
            let text = format!("directories that could not be read, and were left out: {count}; the first is {first}");
            self.run.send_notice(Notice::Note(text));
        }
        let mut pace = ArrivalSchedule::new();
        for number in 0..total {
            let due = match &self.pool.pace {
                Some(rate) => pace.wait_for_next(rate, step_runner),
                None => (!step_runner.asked_to_end()).then(|| step_runner.recorder.now()),
            };
            let Some(due) = due else { break };
            if let Err(e) = self.run.input_items.create_sample(number) {
                let what = format!("a sample could not be made: {e}");
                self.run.send_notice(Notice::TaskFailed { worker: step_runner.id(), message: what });
            }
            let result = self.promise_result(&mut promises);
            let task = PoolTask { number, due, crash_count: 0, result };
            if !shared {
                dealt.push(task);
            } else if block_on(submit_task(self.run, self.id, task, step_runner)).is_err() {
                self.withdraw_promise(result, &mut promises);
                break;
            }
            if self.delivery() == Some(ResultDelivery::Ignored)
                && let (Some(results), Some(promise)) = (self.run.results(self.id), result)
            {
                results.forget(promise, &mut step_runner.recorder);
            }
        }
        if !shared && self.distribute_tasks(&dealt, step_runner).is_err() {
            for task in &dealt {
                self.withdraw_promise(task.result, &mut promises);
            }
        }
        promises
    }

    fn delivery(&self) -> Option<ResultDelivery> {
        self.run.plan.pools[self.id.index()].delivery
    }

    /// A result for a task, if anybody wants it.
    fn promise_result(&self, promises: &mut Vec<Promise>) -> Option<Promise> {
        let delivery = self.delivery()?;
        let promise = self.run.results(self.id)?.promise_result(delivery == ResultDelivery::AsCompleted)?;
        if delivery != ResultDelivery::Ignored {
            promises.push(promise);
        }
        Some(promise)
    }

    /// The pool would not have the task.
    fn withdraw_promise(&self, result: Option<Promise>, promises: &mut Vec<Promise>) {
        if let (Some(results), Some(promise)) = (self.run.results(self.id), result) {
            results.withdraw(promise);
            promises.retain(|other| *other != promise);
        }
    }

    fn distribute_tasks(&self, tasks: &[PoolTask], step_runner: &mut StepRunner) -> Result<(), CloseReason> {
        let steal = self.run.plan.pools[self.id.index()].schedule == TaskDistribution::Steal;
        self.queue.local_queues.allow_stealing(steal);
        let workers = pool_size(&self.pool.workers, self.pool.max_workers, step_runner);
        self.queue.distribute(tasks, workers as usize, &mut step_runner.recorder)
    }
}

/// When tasks are due that come at a rate. By the system's clock: the counter leaps when the machine was suspended.
struct ArrivalSchedule {
    began: Instant,
    /// When the one before was, in nanoseconds since then.
    last_due: f64,
}

impl ArrivalSchedule {
    fn new() -> Self {
        Self { began: Instant::now(), last_due: 0.0 }
    }

    /// Waits until the next one is due, and says when that was, in ticks: `1 / rate` after the one before, however late it is.
    /// None when the feeder is asked to end.
    fn wait_for_next(&mut self, rate: &Expr, step_runner: &mut StepRunner) -> Option<u64> {
        while !step_runner.asked_to_end() {
            let (now, rate) = (self.now(), rate.eval(step_runner));
            if rate <= 0.0 {
                self.last_due = now; // nothing is due while the rate is 0
                self.sleep(LONGEST_SLEEP, step_runner);
                continue;
            }
            let due = self.last_due + 1e9 / rate;
            if due <= now {
                self.last_due = due;
                let ago = (now - due) / step_runner.run.memory.tick_nanos().unwrap_or(1.0);
                return Some(step_runner.recorder.now().saturating_sub(ago as u64));
            }
            self.sleep((due - now).min(LONGEST_SLEEP), step_runner);
        }
        None
    }

    fn now(&self) -> f64 {
        self.began.elapsed().as_nanos() as f64
    }

    /// Sleeps for so many nanoseconds. Whoever was stopped meanwhile goes on where it was: what would have been due in that
    /// time is not to come all at once.
    fn sleep(&mut self, nanos: f64, step_runner: &mut StepRunner) {
        let before = self.now();
        step_runner.recorder.block(State::Sleep, None);
        std::thread::sleep(Duration::from_nanos(nanos as u64));
        step_runner.recorder.resume();
        let too_long = self.now() - before - nanos;
        if too_long > SUSPENDED_NANOS {
            self.last_due += too_long;
        }
    }
}
