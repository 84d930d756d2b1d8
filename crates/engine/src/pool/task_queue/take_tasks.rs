//! Taking tasks from a pool's queue.

use super::{
    DEPTH, HEAD, IN_RING, PUT_COUNT, RING_START, ROOM_AVAILABLE, TAKEN_COUNT, TASK_AVAILABLE, TASK_WORDS, TaskQueue,
    WAITING_PUTTERS, WAITING_TAKERS, read_close_reason, wait,
};
use crate::pool::result_store::Promise;
use crate::pool::task::PoolTask;
use crate::recorder::Recorder;
use crate::shared::monitor::MonitorGuard;
use contend_trace::{EventKind, State};

impl TaskQueue {
    /// Takes up to `limit` tasks into `tasks`, waiting for the first. Stays empty when no more will come, or `enough` says
    /// so; call [`TaskQueue::wake_takers`] when its answer changed. Whose they were, if they were dealt to somebody else than `seat`.
    pub async fn take(
        &self,
        worker_index: usize,
        limit: usize,
        tasks: &mut Vec<PoolTask>,
        recorder: &mut Recorder<'_>,
        enough: impl Fn() -> bool,
    ) -> Option<usize> {
        tasks.clear();
        let mut guard = self.monitor.enter();
        let mut blocked = false;
        let from = loop {
            if enough() {
                if blocked {
                    guard.wake_one(TASK_AVAILABLE); // the wake-up that came here is another's
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
            if !blocked {
                recorder.block(State::Empty, Some(self.id));
                blocked = true;
            }
            if self.uses_local_queues {
                recorder.record_no_task(self.id, guard.get(PUT_COUNT));
            }
            guard = wait(guard, WAITING_TAKERS, TASK_AVAILABLE).await;
        };
        self.record_taken(guard, tasks.len() as u64, recorder);
        from
    }

    /// Counts tasks that were taken, and leaves.
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
        for one in 1..=n {
            let (left, nth) = (depth + n - one, (taken + one) as u32);
            recorder.write(
                at,
                match u16::try_from(left) {
                    Ok(depth) => EventKind::TookNth { queue: self.id, depth, nth },
                    Err(_) => EventKind::Took { queue: self.id, depth: left as u32 },
                },
            );
        }
    }

    /// Finds tasks for a worker: what was put back or dealt to it, what is in the ring, what was dealt to others.
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
        let at = RING_START + head as usize * TASK_WORDS;
        guard.set(HEAD, (head + 1) % self.capacity);
        guard.set(IN_RING, guard.get(IN_RING).saturating_sub(1));
        let (number, due, result) = (guard.get(at), guard.get(at + 1), Promise::from_word(guard.get(at + 2)));
        PoolTask { number, due, crash_count: 0, result }
    }
}
