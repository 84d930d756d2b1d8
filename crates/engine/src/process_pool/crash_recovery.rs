//! Recovery after a worker process died: what happens to its tasks and to its pool.

use crate::cleanup::dead_waiter::remove_dead_waiter;
use crate::cleanup::nested_tasks::end_nested_tasks;
use crate::context::RunContext;
use crate::pool::task::PoolTask;
use crate::pool::task_progress::{TaskProgress, TaskStage};
use crate::pool::task_queue::CloseReason;
use crate::recorder::Recorder;
use crate::tasks::settle::{cancel_queued, complete_end, count_finished, settle_task};
use contend_platform::kill_process;
use contend_scenario::CrashPolicy;
use contend_trace::{DropReason, EventKind, ExitKind, PoolId, Ring, WorkerId};

/// Settles the unfinished tasks of a dead worker. Returns whether another process replaces it. The worker's end is
/// recorded last, so a model that knows of the end knows what happened to all its tasks.
pub(super) fn recover_tasks(
    run: &'static RunContext,
    pool_index: usize,
    tasks: &[PoolTask],
    recorder: &mut Recorder<'_>,
    worker: WorkerId,
) -> bool {
    let is_replaced = apply_crash_policy(run, pool_index, tasks, recorder, worker);
    recorder.write(recorder.now(), EventKind::LifeEnded(ExitKind::Killed));
    is_replaced
}

fn apply_crash_policy(
    run: &'static RunContext,
    pool_index: usize,
    tasks: &[PoolTask],
    recorder: &mut Recorder<'_>,
    worker: WorkerId,
) -> bool {
    let (ring, pool) = (run.memory.ring(worker), PoolId::from(pool_index));
    end_nested_tasks(run, worker, recorder);
    let (finished, is_first_begun) = finish_ending_tasks(run, pool, tasks, ring, recorder);
    ring.set_producer_ids(0, 0);
    remove_dead_waiter(run, worker, recorder);
    let dead = DeadWorker { run, pool_index, pool, unfinished: &tasks[finished..], is_first_begun };
    match run.task_queues[pool_index].close_reason() {
        Some(CloseReason::Cancelled) => {
            dead.lose_tasks(dead.unfinished, true, recorder);
            return false;
        }
        Some(CloseReason::Broken) => {
            dead.fail_tasks(dead.unfinished, recorder);
            return false;
        }
        Some(CloseReason::Closed) | None => {}
    }
    match run.plan.pools[pool_index].on_crash {
        CrashPolicy::Restart => dead.retry_tasks(recorder),
        CrashPolicy::LoseTask => dead.lose_tasks(dead.unfinished, false, recorder),
        CrashPolicy::Shrink => {
            dead.shrink_pool(recorder);
            return false;
        }
        CrashPolicy::FailAll => {
            dead.break_pool(worker, recorder);
            return false;
        }
    }
    true
}

/// Retires the worker at this position, which has no process any more and gets no other. After the last worker of a
/// pool, cancels the tasks in the queue.
pub(super) fn retire_process(
    run: &'static RunContext,
    pool_index: usize,
    worker_index: usize,
    recorder: &mut Recorder<'_>,
) {
    let queue = &run.task_queues[pool_index];
    let has_retired = queue.retire_worker(worker_index, false);
    if has_retired && !queue.local_queues.has_no_consumer() {
        return;
    }
    if queue.close_with(CloseReason::Broken) {
        queue.record_closed(recorder);
    }
    cancel_queued(run, PoolId::from(pool_index), DropReason::Failed, recorder);
    if !has_retired {
        queue.local_queues.remove_consumer();
    }
}

/// Returns how many tasks are finished, and whether the next one was begun. If the worker died while it ended a task,
/// completes the end.
fn finish_ending_tasks(
    run: &RunContext,
    pool: PoolId,
    tasks: &[PoolTask],
    ring: Ring<'_>,
    recorder: &mut Recorder<'_>,
) -> (usize, bool) {
    let (TaskProgress { finished, stage }, has_recorded_since) = TaskProgress::read_from(ring);
    let mut finished = (finished as usize).min(tasks.len());
    if let Some(task) = tasks.get(finished)
        && complete_end(run, pool, task, (stage, has_recorded_since), recorder)
    {
        finished += 1;
    }
    for _ in &tasks[..finished] {
        count_finished(run, pool, recorder);
    }
    (finished, stage == TaskStage::Begun)
}

/// A dead worker's unfinished tasks.
struct DeadWorker<'a> {
    run: &'static RunContext,
    pool_index: usize,
    pool: PoolId,
    unfinished: &'a [PoolTask],
    /// Whether the first of them was begun.
    is_first_begun: bool,
}

impl DeadWorker<'_> {
    fn fail_tasks(&self, tasks: &[PoolTask], recorder: &mut Recorder<'_>) {
        for task in tasks {
            recorder.write(recorder.now(), EventKind::TaskAbandoned { pool: self.pool });
            settle_task(self.run, self.pool, task, false, recorder);
        }
    }

    /// Requeues the tasks. The one that was begun fails if too many workers died while they ran it.
    fn retry_tasks(&self, recorder: &mut Recorder<'_>) {
        let mut tasks = self.unfinished.to_vec();
        if let Some(task) = tasks.first_mut().filter(|_| self.is_first_begun) {
            task.crash_count = task.crash_count.saturating_add(1);
            let retries = self.run.scenario.pools[self.pool_index].retries.eval(self.run);
            if f64::from(task.crash_count) > retries {
                let task = tasks.remove(0);
                self.fail_tasks(&[task], recorder);
            }
        }
        self.requeue_tasks(&tasks, recorder);
    }

    fn requeue_tasks(&self, tasks: &[PoolTask], recorder: &mut Recorder<'_>) {
        match self.run.task_queues[self.pool_index].requeue(tasks) {
            Ok(()) => {
                for _ in tasks {
                    recorder.write(recorder.now(), EventKind::TaskRetried { pool: self.pool });
                }
            }
            Err(CloseReason::Broken) => self.fail_tasks(tasks, recorder),
            Err(CloseReason::Cancelled | CloseReason::Closed) => self.lose_tasks(tasks, true, recorder),
        }
    }

    /// Drops the tasks. Unless `is_resolved`, which is for cancelled tasks, their waiters wait forever.
    fn lose_tasks(&self, tasks: &[PoolTask], is_resolved: bool, recorder: &mut Recorder<'_>) {
        for task in tasks {
            recorder
                .write(recorder.now(), EventKind::TaskDropped { pool: self.pool, reason: DropReason::Lost, nth: 0 });
            if is_resolved {
                settle_task(self.run, self.pool, task, false, recorder);
            } else {
                count_finished(self.run, self.pool, recorder);
            }
        }
    }

    /// Fails the task that was begun and requeues the others for the remaining workers.
    fn shrink_pool(&self, recorder: &mut Recorder<'_>) {
        let begun = usize::from(self.is_first_begun).min(self.unfinished.len());
        let (failed, others) = self.unfinished.split_at(begun);
        self.fail_tasks(failed, recorder);
        self.requeue_tasks(others, recorder);
    }

    /// Fails every unfinished task, here, in the queue and, by killing them, at the other workers.
    fn break_pool(&self, worker: WorkerId, recorder: &mut Recorder<'_>) {
        let queue = &self.run.task_queues[self.pool_index];
        if queue.close_with(CloseReason::Broken) {
            queue.record_closed(recorder);
        }
        self.fail_tasks(self.unfinished, recorder);
        cancel_queued(self.run, self.pool, DropReason::Failed, recorder);
        for other in self.run.plan.registry.pools[self.pool_index].workers.iter().filter(|other| **other != worker) {
            if let Some((pid, _)) = self.run.memory.ring(*other).producer_ids() {
                kill_process(pid);
            }
        }
    }
}
