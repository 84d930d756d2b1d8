//! A worker process died: what becomes of the tasks it had, and of its pool.

use crate::context::RunContext;
use crate::dead_waiter::remove_dead_waiter;
use crate::nested_tasks::end_nested_tasks;
use crate::pool::{cancel_queued, count_finished, resolve_result, settle_task};
use crate::recorder::Recorder;
use crate::task_progress::{TaskProgress, TaskStage};
use crate::task_queue::{CloseReason, PoolTask};
use contend_platform::kill_process;
use contend_scenario::CrashPolicy;
use contend_trace::{DropReason, EventKind, ExitKind, PoolId, Ring, WorkerId};

/// Settles the dead worker's unfinished tasks. Returns whether another process takes its place. The worker's end is recorded
/// last, so a model that has seen it has seen the fate of all its tasks.
pub(super) fn recover_tasks(
    run: &'static RunContext,
    pool_index: usize,
    tasks: &[PoolTask],
    recorder: &mut Recorder<'_>,
    me: WorkerId,
) -> bool {
    let again = apply_crash_policy(run, pool_index, tasks, recorder, me);
    recorder.write(recorder.now(), EventKind::LifeEnded(ExitKind::Killed));
    again
}

fn apply_crash_policy(
    run: &'static RunContext,
    pool_index: usize,
    tasks: &[PoolTask],
    recorder: &mut Recorder<'_>,
    me: WorkerId,
) -> bool {
    let (ring, pool) = (run.memory.ring(me), PoolId::from(pool_index));
    end_nested_tasks(run, me, recorder);
    let (over, begun) = finish_ending_tasks(run, pool, tasks, ring, recorder);
    ring.set_producer_ids(0, 0);
    remove_dead_waiter(run, me, recorder);
    let dead = DeadWorker { run, pool_index, pool, unfinished: &tasks[over..], is_first_begun: begun };
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
            dead.break_pool(me, recorder);
            return false;
        }
    }
    true
}

/// The worker at this place has no process any more, and gets no other. If it was the last of its pool, nothing goes on.
pub(super) fn retire_process(
    run: &'static RunContext,
    pool_index: usize,
    worker_index: usize,
    recorder: &mut Recorder<'_>,
) {
    let queue = &run.task_queues[pool_index];
    let went = queue.retire_worker(worker_index, false);
    if went && !queue.local_queues.has_no_consumer() {
        return;
    }
    if queue.close_with(CloseReason::Broken) {
        queue.record_closed(recorder);
    }
    cancel_queued(run, PoolId::from(pool_index), DropReason::Failed, recorder);
    if !went {
        queue.local_queues.remove_consumer();
    }
}

/// How many tasks are over, and whether the next one was begun. The one that the dead worker was about to end is ended in
/// its name: what it noted, and what its ring has told since, say which steps are left.
fn finish_ending_tasks(
    run: &RunContext,
    pool: PoolId,
    tasks: &[PoolTask],
    ring: Ring<'_>,
    recorder: &mut Recorder<'_>,
) -> (usize, bool) {
    let (TaskProgress { finished: over, stage }, has_recorded_since) = TaskProgress::read_from(ring);
    let mut over = (over as usize).min(tasks.len());
    if let (TaskStage::Ending(end) | TaskStage::Resolving(end), Some(task)) = (stage, tasks.get(over)) {
        let is_ending = stage == TaskStage::Ending(end);
        if is_ending && !has_recorded_since {
            recorder.write(recorder.now(), end.end_event(pool));
        }
        if is_ending || !has_recorded_since {
            resolve_result(run, pool, task, end.is_ok(), recorder);
        }
        over += 1;
    }
    for _ in &tasks[..over] {
        count_finished(run, pool, recorder);
    }
    (over, stage == TaskStage::Begun)
}

/// A dead worker's tasks that are not done.
struct DeadWorker<'a> {
    run: &'static RunContext,
    pool_index: usize,
    pool: PoolId,
    unfinished: &'a [PoolTask],
    /// Whether the first of them was begun.
    is_first_begun: bool,
}

impl DeadWorker<'_> {
    /// These tasks failed.
    fn fail_tasks(&self, tasks: &[PoolTask], recorder: &mut Recorder<'_>) {
        for task in tasks {
            recorder.write(recorder.now(), EventKind::TaskAbandoned { pool: self.pool });
            settle_task(self.run, self.pool, task, false, recorder);
        }
    }

    /// All are done again, except one that workers died at too often.
    fn retry_tasks(&self, recorder: &mut Recorder<'_>) {
        let mut left = self.unfinished.to_vec();
        if let Some(task) = left.first_mut().filter(|_| self.is_first_begun) {
            task.crash_count = task.crash_count.saturating_add(1);
            let retries = self.run.scenario.pools[self.pool_index].retries.eval(self.run);
            if f64::from(task.crash_count) > retries {
                let task = left.remove(0);
                self.fail_tasks(&[task], recorder);
            }
        }
        self.requeue_tasks(&left, recorder);
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

    /// Nobody remembers them: whoever waits for their results waits for ever, unless they were called off.
    fn lose_tasks(&self, tasks: &[PoolTask], is_resolved: bool, recorder: &mut Recorder<'_>) {
        for task in tasks {
            recorder.write(recorder.now(), EventKind::TaskDropped { pool: self.pool, reason: DropReason::Lost });
            if is_resolved {
                settle_task(self.run, self.pool, task, false, recorder);
            } else {
                count_finished(self.run, self.pool, recorder);
            }
        }
    }

    /// The task failed, and the others go on without the dead one.
    fn shrink_pool(&self, recorder: &mut Recorder<'_>) {
        let (failed, left) = self.unfinished.split_at(usize::from(self.is_first_begun).min(self.unfinished.len()));
        self.fail_tasks(failed, recorder);
        self.requeue_tasks(left, recorder);
    }

    /// Everything fails that is not done, here and at the other workers.
    fn break_pool(&self, me: WorkerId, recorder: &mut Recorder<'_>) {
        let queue = &self.run.task_queues[self.pool_index];
        if queue.close_with(CloseReason::Broken) {
            queue.record_closed(recorder);
        }
        self.fail_tasks(self.unfinished, recorder);
        cancel_queued(self.run, self.pool, DropReason::Failed, recorder);
        for other in self.run.plan.cast.pools[self.pool_index].workers.iter().filter(|other| **other != me) {
            if let Some((pid, _)) = self.run.memory.ring(*other).producer_ids() {
                kill_process(pid);
            }
        }
    }
}
