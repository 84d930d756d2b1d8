//! Feeds a pool: at a rate, whatever the pool does; for clients that wait for their results; or with a batch, as fast
//! as the queue accepts it.

mod arrival_schedule;
mod closed_loop;
mod collect_results;
mod rate_curve;
mod replay;

use std::time::Instant;

use self::arrival_schedule::ArrivalSchedule;
use self::collect_results::collect_results;
use self::replay::BatchSchedule;
use crate::block_on::block_on;
use crate::context::RunContext;
use crate::plan::pool_size;
use crate::pool::result_store::Promise;
use crate::pool::task::PoolTask;
use crate::pool::task_queue::{CloseReason, TaskQueue};
use crate::step_runner::StepRunner;
use crate::tasks::submit::submit_task;
use contend_scenario::{Arrivals, Feed, PoolSpec, ResultDelivery, TaskDistribution};
use contend_trace::{Notice, PoolId};

/// Feeds the pool at `pool_index` until all its tasks are in the queue or the feeder must end, collects the results if
/// the feed wants them, then closes the queue, unless other workers may submit tasks too.
pub fn run_feeder(run: &'static RunContext, pool_index: usize, step_runner: &mut StepRunner) {
    let feeder = Feeder {
        run,
        pool: &run.scenario.pools[pool_index],
        id: PoolId::from(pool_index),
        queue: &run.task_queues[pool_index],
    };
    match &feeder.pool.feed {
        Feed::Submitted => {}
        Feed::OpenLoop(arrivals) => feeder.feed_arrivals(arrivals, step_runner),
        Feed::Clients { count, think } => feeder.feed_clients(count, think, step_runner),
        Feed::Batch { .. } | Feed::Dependent { .. } | Feed::Files { .. } | Feed::Words { .. } | Feed::Trace { .. } => {
            let began = Instant::now();
            feeder.report_unreadable_dirs();
            let promises = feeder.feed_batch(run.plan.registry.pools[pool_index].total_tasks.unwrap_or(0), step_runner);
            collect_results(run, pool_index, &promises, began, step_runner);
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
    /// Submits tasks at a rate, however late the feeder itself is.
    fn feed_arrivals(&self, arrivals: &Arrivals, step_runner: &mut StepRunner) {
        let mut schedule = ArrivalSchedule::new();
        let mut number = 0;
        while let Some(due) = schedule.wait_for_next(arrivals, step_runner) {
            let task = PoolTask { number, due, crash_count: 0, result: None };
            if block_on(submit_task(self.run, self.id, task, step_runner)).is_err() {
                return;
            }
            number += 1;
        }
    }

    fn report_unreadable_dirs(&self) {
        let dirs = self.run.input_items.unreadable_dirs();
        if let Some(first) = dirs.first() {
            let text = format!("skipped unreadable directories: {}; the first is {first}", dirs.len());
            self.run.send_notice(Notice::Note(text));
        }
    }

    /// Submits or distributes all tasks of a batch. Returns the results that the feeder is to read.
    fn feed_batch(&self, total: u64, step_runner: &mut StepRunner) -> Vec<Promise> {
        let mut promises = Vec::new();
        let mut distributed = Vec::new();
        let is_shared = self.run.plan.pools[self.id.index()].schedule == TaskDistribution::Shared;
        let mut schedule = BatchSchedule::new(self.run, self.pool, self.id.index(), step_runner);
        for number in 0..total {
            let Some(due) = schedule.wait_for(number, step_runner) else { break };
            self.create_sample(number, step_runner);
            let result = self.promise_result(&mut promises);
            let task = PoolTask { number, due, crash_count: 0, result };
            if !is_shared {
                distributed.push(task);
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
        if !is_shared && self.distribute_tasks(&distributed, step_runner).is_err() {
            for task in &distributed {
                self.withdraw_promise(task.result, &mut promises);
            }
        }
        promises
    }

    fn create_sample(&self, number: u64, step_runner: &StepRunner) {
        if let Err(e) = self.run.input_items.create_sample(number) {
            let message = format!("cannot create a sample file: {e}");
            self.run.send_notice(Notice::TaskFailed { worker: step_runner.id(), message });
        }
    }

    fn delivery(&self) -> Option<ResultDelivery> {
        self.run.plan.pools[self.id.index()].delivery
    }

    /// Promises a result for a task, if the scenario asks for results.
    fn promise_result(&self, promises: &mut Vec<Promise>) -> Option<Promise> {
        let delivery = self.delivery()?;
        let promise = self.run.results(self.id)?.promise_result(delivery == ResultDelivery::AsCompleted)?;
        if delivery != ResultDelivery::Ignored {
            promises.push(promise);
        }
        Some(promise)
    }

    /// Withdraws the promise of a task that the pool did not accept.
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
