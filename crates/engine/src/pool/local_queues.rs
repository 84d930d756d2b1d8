//! Tasks that were distributed to single workers of a pool, and tasks that were put back. They exist only in the
//! runner, where all threads that take tasks are.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::task::PoolTask;

#[derive(Debug, Default)]
pub struct LocalQueues {
    state: Mutex<LocalQueuesState>,
}

#[derive(Debug, Default)]
struct LocalQueuesState {
    /// For any worker.
    requeued: VecDeque<PoolTask>,
    /// By the worker's position in the pool.
    per_worker: Vec<VecDeque<PoolTask>>,
    /// Whether a worker may take another worker's tasks.
    is_stealing_allowed: bool,
    /// The number of workers that take tasks.
    consumer_count: usize,
}

impl LocalQueues {
    fn lock_state(&self) -> MutexGuard<'_, LocalQueuesState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one more worker that takes tasks.
    pub fn add_consumer(&self) {
        self.lock_state().consumer_count += 1;
    }

    pub fn remove_consumer(&self) {
        let mut guard = self.lock_state();
        guard.consumer_count = guard.consumer_count.saturating_sub(1);
    }

    /// Whether no worker takes tasks any more.
    pub fn has_no_consumer(&self) -> bool {
        self.lock_state().consumer_count == 0
    }

    /// Whether tasks are left here that only the worker at this position can take: it is the last one.
    pub fn needs_worker(&self, worker_index: usize) -> bool {
        self.lock_state().needs_worker(worker_index)
    }

    /// Sets whether a worker may take another worker's tasks.
    pub fn allow_stealing(&self, allowed: bool) {
        self.lock_state().is_stealing_allowed = allowed;
    }

    /// Distributes tasks to `workers` workers, consecutive ones to the same worker. The first workers get the
    /// remainder, one task each.
    pub fn distribute(&self, tasks: &[PoolTask], workers: usize) {
        let (n, workers) = (tasks.len(), workers.max(1));
        let mut guard = self.lock_state();
        let queues = workers.max(guard.per_worker.len());
        guard.per_worker.resize(queues, VecDeque::new());
        let bounds = (0..=workers).map(|worker| (n * worker).div_ceil(workers)).collect::<Vec<_>>();
        for (queue, bounds) in guard.per_worker.iter_mut().zip(bounds.windows(2)) {
            queue.extend(&tasks[bounds[0]..bounds[1]]);
        }
    }

    pub fn requeue(&self, tasks: &[PoolTask]) {
        let mut guard = self.lock_state();
        tasks.iter().rev().for_each(|task| guard.requeued.push_front(*task));
    }

    /// Retires the worker at this position if it has no tasks left or others can take them. A worker that found no task
    /// (`is_idle`) stays if tasks were put back meanwhile. Returns whether it retired.
    pub fn retire_worker(&self, worker_index: usize, is_idle: bool) -> bool {
        let mut guard = self.lock_state();
        if guard.needs_worker(worker_index) || is_idle && !guard.requeued.is_empty() {
            return false;
        }
        let left = guard.per_worker.get_mut(worker_index).map(std::mem::take).unwrap_or_default();
        guard.requeued.extend(left);
        guard.consumer_count = guard.consumer_count.saturating_sub(1);
        true
    }

    /// Takes up to `limit` tasks that were put back, or else of the worker's own.
    pub fn take_local(&self, worker_index: usize, limit: usize, tasks: &mut Vec<PoolTask>) {
        let mut guard = self.lock_state();
        let LocalQueuesState { requeued, per_worker, .. } = &mut *guard;
        let from = if requeued.is_empty() { per_worker.get_mut(worker_index) } else { Some(requeued) };
        if let Some(from) = from {
            let n = limit.clamp(1, from.len().max(1)).min(from.len());
            tasks.extend(from.drain(..n));
        }
    }

    /// Takes the last task of the worker with the most tasks. Returns that worker's position.
    pub fn steal_task(&self, worker_index: usize, tasks: &mut Vec<PoolTask>) -> Option<usize> {
        let mut guard = self.lock_state();
        if !guard.is_stealing_allowed {
            return None;
        }
        let others = guard.per_worker.iter_mut().enumerate().filter(|(other, _)| *other != worker_index);
        let (from, longest) = others.max_by_key(|(other, queue)| (queue.len(), std::cmp::Reverse(*other)))?;
        tasks.push(longest.pop_back()?);
        Some(from)
    }

    /// Removes the wanted tasks.
    pub fn remove_tasks(&self, wanted: impl Fn(&PoolTask) -> bool) -> Vec<PoolTask> {
        let mut guard = self.lock_state();
        let LocalQueuesState { requeued, per_worker, .. } = &mut *guard;
        let mut removed = Vec::new();
        for queue in std::iter::once(requeued).chain(per_worker) {
            let (out, kept) = std::mem::take(queue).into_iter().partition::<Vec<_>, _>(&wanted);
            *queue = kept.into();
            removed.extend(out);
        }
        removed
    }
}

impl LocalQueuesState {
    fn needs_worker(&self, worker_index: usize) -> bool {
        let has_own = self.per_worker.get(worker_index).is_some_and(|queue| !queue.is_empty());
        self.consumer_count <= 1 && (has_own || !self.requeued.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(number: u64) -> PoolTask {
        PoolTask { number, due: 0, crash_count: 0, result: None }
    }

    fn take(local_queues: &LocalQueues, worker_index: usize, limit: usize) -> Vec<u64> {
        let mut tasks = Vec::new();
        local_queues.take_local(worker_index, limit, &mut tasks);
        tasks.iter().map(|task| task.number).collect()
    }

    #[test]
    fn each_worker_gets_consecutive_tasks() {
        let local_queues = LocalQueues::default();
        local_queues.distribute(&(0..7).map(task).collect::<Vec<_>>(), 3);
        assert_eq!(
            [take(&local_queues, 0, 9), take(&local_queues, 1, 9), take(&local_queues, 2, 9)],
            [vec![0, 1, 2], vec![3, 4], vec![5, 6]]
        );
        assert!(take(&local_queues, 1, 9).is_empty());
    }

    #[test]
    fn requeued_tasks_come_first_and_go_to_any_worker() {
        let local_queues = LocalQueues::default();
        local_queues.distribute(&[task(0), task(1)], 2);
        local_queues.requeue(&[task(8), task(9)]);
        assert_eq!([take(&local_queues, 1, 1), take(&local_queues, 1, 1), take(&local_queues, 1, 1)], [[8], [9], [1]]);
        (0..2).for_each(|_| local_queues.add_consumer());
        assert!(local_queues.retire_worker(0, false));
        assert_eq!(take(&local_queues, 1, 1), [0]);
    }

    #[test]
    fn last_worker_stays_while_tasks_are_left() {
        let local_queues = LocalQueues::default();
        local_queues.distribute(&(0..4).map(task).collect::<Vec<_>>(), 2);
        (0..2).for_each(|_| local_queues.add_consumer());
        assert_eq!(take(&local_queues, 1, 9), [2, 3]);
        local_queues.requeue(&[task(3)]);
        assert!(!local_queues.retire_worker(1, true), "a task was put back");
        assert_eq!(take(&local_queues, 1, 9), [3]);
        assert!(local_queues.retire_worker(1, true));
        assert!(
            local_queues.needs_worker(0) && !local_queues.retire_worker(0, false),
            "no other worker can take its tasks"
        );
        assert_eq!(take(&local_queues, 0, 9), [0, 1]);
        assert!(!local_queues.needs_worker(0) && local_queues.retire_worker(0, false));
    }

    #[test]
    fn stealing_takes_the_last_task_of_the_longest_queue() {
        let local_queues = LocalQueues::default();
        local_queues.distribute(&(0..8).map(task).collect::<Vec<_>>(), 2);
        let mut tasks = Vec::new();
        assert_eq!(local_queues.steal_task(1, &mut tasks), None, "stealing is not allowed");
        local_queues.allow_stealing(true);
        assert_eq!(take(&local_queues, 1, 9), [4, 5, 6, 7]);
        assert_eq!(local_queues.steal_task(1, &mut tasks), Some(0));
        assert_eq!(tasks, [task(3)]);
        assert_eq!(take(&local_queues, 0, 9), [0, 1, 2]);
        assert_eq!(local_queues.steal_task(1, &mut tasks), None, "no task is left");
        assert_eq!(local_queues.remove_tasks(|_| true), []);
    }
}
