//! Takes tasks from the queue of a pool.

use super::{
    DEPTH, HEAD, IN_RING, PUT_COUNT, RING_START, ROOM_AVAILABLE, TAKEN_COUNT, TASK_AVAILABLE, TASK_WORDS, TaskQueue,
    WAITING_PUTTERS, WAITING_TAKERS, read_close_reason,
};
use crate::pool::result_store::Promise;
use crate::pool::task::PoolTask;
use crate::recorder::Recorder;
use crate::shared::monitor::MonitorGuard;
use contend_trace::{EventKind, ResourceId, State};

impl TaskQueue {
    /// Takes up to `limit` tasks into `tasks`, waiting for the first. Takes none when no more will come, or when
    /// `should_stop` returns `true`; call [`TaskQueue::wake_takers`] when its answer changes. Returns the position of
    /// the worker from which they were stolen, if they were.
    pub async fn take(
        &self,
        worker_index: usize,
        limit: usize,
        tasks: &mut Vec<PoolTask>,
        recorder: &mut Recorder<'_>,
        should_stop: impl Fn() -> bool,
    ) -> Option<usize> {
        tasks.clear();
        let mut guard = self.monitor.enter();
        let mut is_blocked = false;
        let from = loop {
            if should_stop() {
                if is_blocked {
                    guard.wake_one(TASK_AVAILABLE); // this wake-up was for another taker
                }
                return None;
            }
            let from = self.pick_tasks(&mut guard, worker_index, limit, tasks);
            if !tasks.is_empty() {
                break from;
            }
            if read_close_reason(&guard).is_some() {
                return None;
            }
            if !is_blocked {
                recorder.block(State::Empty, Some(self.id));
                is_blocked = true;
            }
            if self.uses_local_queues {
                recorder.record_no_task(self.id, guard.get(PUT_COUNT));
            }
            guard = guard.wait_counted(WAITING_TAKERS, TASK_AVAILABLE, None).await;
        };
        self.record_taken(guard, tasks.len() as u64, recorder);
        from
    }

    /// Takes the newest task, for a worker that waits for the result `awaited` and is woken by either. Takes none when
    /// no more will come, or when `should_stop` returns `true`, as [`TaskQueue::take`].
    pub async fn take_newest(
        &self,
        worker_index: usize,
        (on, nth): (ResourceId, u64),
        recorder: &mut Recorder<'_>,
        should_stop: impl Fn() -> bool,
    ) -> Option<PoolTask> {
        let (mut guard, mut is_blocked) = (self.monitor.enter(), false);
        loop {
            if should_stop() {
                if is_blocked {
                    guard.wake_one(TASK_AVAILABLE); // this wake-up may have been for another taker
                }
                break;
            }
            if let Some(task) = self.pick_newest(&mut guard, worker_index) {
                if is_blocked {
                    recorder.resume();
                }
                self.record_taken(guard, 1, recorder);
                return Some(task);
            }
            if read_close_reason(&guard).is_some() {
                break;
            }
            if !is_blocked {
                recorder.write(recorder.now(), EventKind::AwaitsResult { on, nth, helps: true });
                recorder.block(State::Signal, Some(on));
                is_blocked = true;
            }
            guard = guard.wait_counted(WAITING_TAKERS, TASK_AVAILABLE, None).await;
        }
        drop(guard);
        if is_blocked {
            recorder.resume();
        }
        None
    }

    /// Finds the newest task in the ring buffer, or else one as [`TaskQueue::take`] does.
    fn pick_newest(&self, guard: &mut MonitorGuard<'_>, worker_index: usize) -> Option<PoolTask> {
        let in_ring = guard.get(IN_RING);
        if in_ring == 0 {
            let mut tasks = Vec::with_capacity(1);
            self.pick_tasks(guard, worker_index, 1, &mut tasks);
            return tasks.pop();
        }
        guard.set(IN_RING, in_ring - 1);
        Some(read_task(guard, (guard.get(HEAD) + in_ring - 1) % self.capacity))
    }

    /// Counts and records taken tasks, and leaves the monitor.
    fn record_taken(&self, mut guard: MonitorGuard<'_>, n: u64, recorder: &mut Recorder<'_>) {
        let (depth, taken) = (guard.get(DEPTH).saturating_sub(n), guard.get(TAKEN_COUNT));
        guard.set(DEPTH, depth);
        guard.set(TAKEN_COUNT, taken + n);
        match guard.get(WAITING_PUTTERS) {
            0 => {}
            _ if n == 1 => drop(guard.wake_one(ROOM_AVAILABLE)),
            _ => guard.wake_all(ROOM_AVAILABLE),
        }
        let at = recorder.now();
        drop(guard);
        for i in 1..=n {
            let (left, nth) = (depth + n - i, (taken + i) as u32);
            recorder.write(
                at,
                match u16::try_from(left) {
                    Ok(depth) => EventKind::TookNth { queue: self.id, depth, nth },
                    Err(_) => EventKind::Took { queue: self.id, depth: left as u32 },
                },
            );
        }
    }

    /// Finds tasks for a worker: put back or distributed to it, in the ring buffer, or distributed to others.
    fn pick_tasks(
        &self,
        guard: &mut MonitorGuard<'_>,
        worker_index: usize,
        limit: usize,
        tasks: &mut Vec<PoolTask>,
    ) -> Option<usize> {
        self.local_queues.take_local(worker_index, limit, tasks);
        if tasks.is_empty() {
            let n = guard.get(IN_RING).min(limit.max(1) as u64);
            (0..n).for_each(|_| tasks.push(self.pop(guard)));
        }
        if tasks.is_empty() { self.local_queues.steal_task(worker_index, tasks) } else { None }
    }

    pub(super) fn pop(&self, guard: &mut MonitorGuard<'_>) -> PoolTask {
        let head = guard.get(HEAD);
        guard.set(HEAD, (head + 1) % self.capacity);
        guard.set(IN_RING, guard.get(IN_RING).saturating_sub(1));
        read_task(guard, head)
    }
}

/// Reads the task at this position of the ring buffer.
fn read_task(guard: &MonitorGuard<'_>, position: u64) -> PoolTask {
    let at = RING_START + position as usize * TASK_WORDS;
    let (number, due, result) = (guard.get(at), guard.get(at + 1), Promise::from_word(guard.get(at + 2)));
    PoolTask { number, due, crash_count: 0, result }
}
