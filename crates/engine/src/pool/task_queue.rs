//! The bounded queue of a pool, in shared memory. Feeders and submitters put tasks, in any process; the pool's workers,
//! or their proxies in the runner, take them. Time stamps, depths and numbers are taken inside its monitor. A wait
//! blocks its thread, unless tasks of the event loop share the queue.

mod take_tasks;

use super::local_queues::LocalQueues;
use super::open_work::OpenWork;
use super::result_store::Promise;
use super::task::PoolTask;
use crate::interrupt;
use crate::recorder::Recorder;
use crate::shared::monitor::{Monitor, MonitorGuard};
use crate::shared::wake_counter::WakeCounter;
use contend_trace::{EventKind, ResourceId, State};

/// Position of the oldest task in the ring buffer, and the number of tasks there.
const HEAD: usize = 0;
const IN_RING: usize = 1;
/// The number of tasks in the ring buffer and in local queues.
const DEPTH: usize = 2;
/// 0 while the queue is open.
const CLOSE_REASON: usize = 3;
/// The number of waiters for a task, and for room. Without waiters no wake-up is needed.
const WAITING_TAKERS: usize = 4;
const WAITING_PUTTERS: usize = 5;
const TASK_AVAILABLE: WakeCounter = WakeCounter(6);
const ROOM_AVAILABLE: WakeCounter = WakeCounter(7);
/// The total numbers of tasks put, and taken.
const PUT_COUNT: usize = 8;
const TAKEN_COUNT: usize = 9;
/// Tasks that are not finished.
const OPEN_TASKS: usize = 10;
const ALL_FINISHED: WakeCounter = WakeCounter(11);
/// The number of the next submitted task.
const NEXT_NUMBER: usize = 12;
const RING_START: usize = 16;
/// Words of a task in the ring buffer: number, due time, promise.
const TASK_WORDS: usize = 3;

/// Why the queue accepts no tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// No more tasks will come; the workers finish the rest.
    Closed = 1,
    /// The rest is cancelled.
    Cancelled = 2,
    /// A worker died, and the pool fails with it.
    Broken = 3,
}

/// Why a task was not put.
#[derive(Debug)]
pub enum PutError {
    /// The queue is full; returns the task.
    Full(PoolTask),
    Closed(CloseReason),
}

#[derive(Debug)]
pub struct TaskQueue {
    id: ResourceId,
    capacity: u64,
    monitor: Monitor<'static>,
    /// Tasks outside of the ring buffer. Only in the runner, where all takers are.
    pub local_queues: LocalQueues,
    /// Whether batches are distributed to single workers: then a worker may find no task although the queue has some,
    /// and records that.
    uses_local_queues: bool,
    /// `None` if no step submits tasks.
    open_work: Option<OpenWork>,
}

/// Returns the number of words that a queue takes.
pub const fn queue_words(capacity: usize) -> usize {
    RING_START + capacity * TASK_WORDS
}

impl TaskQueue {
    pub fn new(
        id: ResourceId,
        (capacity, uses_local_queues): (u32, bool),
        monitor: Monitor<'static>,
        open_work: Option<OpenWork>,
    ) -> Self {
        Self {
            id,
            capacity: u64::from(capacity),
            monitor,
            local_queues: LocalQueues::default(),
            uses_local_queues,
            open_work,
        }
    }

    /// Puts a task, waiting for room.
    ///
    /// # Errors
    /// If the queue is closed before the task is in it, or the worker is cancelled.
    pub async fn put(&self, task: PoolTask, recorder: &mut Recorder<'_>) -> Result<(), CloseReason> {
        let mut guard = self.monitor.enter();
        if self.is_full(&guard) {
            recorder.block(State::Full, Some(self.id));
            while self.is_full(&guard) {
                if interrupt::should_give_up(None) {
                    drop(guard);
                    recorder.resume();
                    return Err(CloseReason::Cancelled);
                }
                guard = guard.wait_counted(WAITING_PUTTERS, ROOM_AVAILABLE, None).await;
            }
            if read_close_reason(&guard).is_some() {
                recorder.resume();
            }
        }
        if let Some(reason) = read_close_reason(&guard) {
            return Err(reason);
        }
        self.push(guard, task, recorder);
        Ok(())
    }

    /// Puts a task if there is room.
    ///
    /// # Errors
    /// Returns the task if the queue is full, or the reason if it is closed.
    pub fn try_put(&self, task: PoolTask, recorder: &mut Recorder<'_>) -> Result<(), PutError> {
        let guard = self.monitor.enter();
        if let Some(reason) = read_close_reason(&guard) {
            return Err(PutError::Closed(reason));
        }
        if self.is_full(&guard) {
            return Err(PutError::Full(task));
        }
        self.push(guard, task, recorder);
        Ok(())
    }

    /// Whether a put must wait. Nothing waits for room in a closed queue.
    fn is_full(&self, guard: &MonitorGuard<'_>) -> bool {
        guard.get(DEPTH) >= self.capacity && read_close_reason(guard).is_none()
    }

    fn push(&self, mut guard: MonitorGuard<'_>, task: PoolTask, recorder: &mut Recorder<'_>) {
        self.append(&mut guard, task);
        self.count_put(&mut guard, 1);
        match guard.get(WAITING_TAKERS) {
            0 => {}
            // A worker that gets no task waits again, and records that.
            _ if self.uses_local_queues => guard.wake_all(TASK_AVAILABLE),
            _ => drop(guard.wake_one(TASK_AVAILABLE)),
        }
        let (at, event) = (recorder.now(), self.make_put_event(&guard, 0));
        drop(guard);
        recorder.write(at, event);
    }

    /// Writes a task behind the last one in the ring buffer, which has room.
    fn append(&self, guard: &mut MonitorGuard<'_>, task: PoolTask) {
        let in_ring = guard.get(IN_RING);
        let at = RING_START + ((guard.get(HEAD) + in_ring) % self.capacity) as usize * TASK_WORDS;
        guard.set(at, task.number);
        guard.set(at + 1, task.due);
        guard.set(at + 2, task.result.map_or(0, Promise::to_word));
        guard.set(IN_RING, in_ring + 1);
    }

    /// Counts new tasks.
    fn count_put(&self, guard: &mut MonitorGuard<'_>, tasks: u64) {
        for word in [DEPTH, PUT_COUNT, OPEN_TASKS] {
            guard.set(word, guard.get(word) + tasks);
        }
        if let Some(open_work) = self.open_work {
            open_work.add(tasks);
        }
    }

    /// Returns the event of a put after which `later` more tasks were put.
    fn make_put_event(&self, guard: &MonitorGuard<'_>, later: u64) -> EventKind {
        let (depth, nth) = (guard.get(DEPTH) - later, (guard.get(PUT_COUNT) - later) as u32);
        match u16::try_from(depth) {
            Ok(depth) => EventKind::PutNth { queue: self.id, depth, nth },
            Err(_) => EventKind::Put { queue: self.id, depth: depth as u32 },
        }
    }

    /// Distributes a batch to `workers` workers, equal shares of consecutive tasks, all at once and beyond the
    /// capacity.
    ///
    /// # Errors
    /// If the queue is closed: then no task was put.
    pub fn distribute(
        &self,
        tasks: &[PoolTask],
        workers: usize,
        recorder: &mut Recorder<'_>,
    ) -> Result<(), CloseReason> {
        let mut guard = self.monitor.enter();
        if let Some(reason) = read_close_reason(&guard) {
            return Err(reason);
        }
        self.local_queues.distribute(tasks, workers);
        self.count_put(&mut guard, tasks.len() as u64);
        guard.wake_all(TASK_AVAILABLE);
        let at = recorder.now();
        let events: Vec<EventKind> =
            (0..tasks.len() as u64).rev().map(|later| self.make_put_event(&guard, later)).collect();
        drop(guard);
        for event in events {
            recorder.write(at, event);
        }
        Ok(())
    }

    /// Puts unfinished tasks back, at the front and beyond the capacity.
    ///
    /// # Errors
    /// If the rest of the queue was cancelled: no worker would take the tasks.
    pub fn requeue(&self, tasks: &[PoolTask]) -> Result<(), CloseReason> {
        let mut guard = self.monitor.enter();
        if let Some(reason @ (CloseReason::Cancelled | CloseReason::Broken)) = read_close_reason(&guard) {
            return Err(reason);
        }
        self.local_queues.requeue(tasks);
        for word in [DEPTH, PUT_COUNT] {
            guard.set(word, guard.get(word) + tasks.len() as u64);
        }
        guard.wake_all(TASK_AVAILABLE);
        Ok(())
    }

    /// Retires the worker at this position, see [`LocalQueues::retire_worker`]. Returns whether it retired.
    pub fn retire_worker(&self, worker_index: usize, is_idle: bool) -> bool {
        let mut guard = self.monitor.enter();
        let has_retired = self.local_queues.retire_worker(worker_index, is_idle);
        guard.wake_all(TASK_AVAILABLE); // any worker may take its tasks now
        has_retired
    }

    /// Closes the queue. Returns whether it was open.
    pub fn close_with(&self, reason: CloseReason) -> bool {
        let mut guard = self.monitor.enter();
        let before = guard.get(CLOSE_REASON);
        guard.set(CLOSE_REASON, before.max(reason as u64));
        for wake_counter in [TASK_AVAILABLE, ROOM_AVAILABLE] {
            guard.wake_all(wake_counter);
        }
        before == 0
    }

    /// Closes the queue after the last task, and records that.
    pub fn close(&self, recorder: &mut Recorder<'_>) {
        if self.close_with(CloseReason::Closed) {
            self.record_closed(recorder);
        }
    }

    pub fn record_closed(&self, recorder: &mut Recorder<'_>) {
        recorder.write(recorder.now(), EventKind::Closed { queue: self.id });
    }

    /// Returns why the queue is closed, if it is.
    pub fn close_reason(&self) -> Option<CloseReason> {
        read_close_reason(&self.monitor.enter())
    }

    /// Removes the wanted tasks, of those that this process can reach, and wakes waiters for room.
    pub fn remove_tasks(&self, wanted: impl Fn(&PoolTask) -> bool) -> impl Iterator<Item = (u32, PoolTask)> {
        let mut guard = self.monitor.enter();
        let mut tasks = self.local_queues.remove_tasks(&wanted);
        for _ in 0..guard.get(IN_RING) {
            let task = self.pop(&mut guard);
            if wanted(&task) {
                tasks.push(task);
            } else {
                self.append(&mut guard, task);
            }
        }
        let n = tasks.len() as u64;
        guard.set(DEPTH, guard.get(DEPTH).saturating_sub(n));
        let taken = guard.get(TAKEN_COUNT);
        guard.set(TAKEN_COUNT, taken + n);
        guard.wake_all(ROOM_AVAILABLE);
        (taken + 1..).map(|nth| nth as u32).zip(tasks)
    }

    /// Counts a task as finished. Returns whether no task of any pool is left and no worker that could submit another.
    pub fn finish_one(&self) -> bool {
        let mut guard = self.monitor.enter();
        let open = guard.get(OPEN_TASKS).saturating_sub(1);
        guard.set(OPEN_TASKS, open);
        if open == 0 {
            guard.wake_all(ALL_FINISHED);
        }
        drop(guard);
        self.open_work.is_some_and(OpenWork::finish_one)
    }

    /// Returns the number of unfinished tasks.
    pub fn open_tasks(&self) -> u64 {
        self.monitor.enter().get(OPEN_TASKS)
    }

    /// Counts a task that its submitter runs itself.
    pub fn count_direct_task(&self) {
        let mut guard = self.monitor.enter();
        guard.set(OPEN_TASKS, guard.get(OPEN_TASKS) + 1);
        if let Some(open_work) = self.open_work {
            open_work.add(1);
        }
    }

    /// Waits until all tasks are finished, or the worker is cancelled.
    pub async fn wait_until_finished(&self) {
        let mut guard = self.monitor.enter();
        while guard.get(OPEN_TASKS) > 0 && !interrupt::should_give_up(None) {
            guard = guard.wait(ALL_FINISHED).await;
        }
    }

    /// Returns the number for the next submitted task.
    pub fn next_number(&self) -> u64 {
        let mut guard = self.monitor.enter();
        let number = guard.get(NEXT_NUMBER);
        guard.set(NEXT_NUMBER, number + 1);
        number
    }

    /// Wakes all takers to check again whether they should stop.
    pub fn wake_takers(&self) {
        // A taker that has just checked waits already; any other sees the change.
        self.monitor.enter().wake_all(TASK_AVAILABLE);
    }
}

fn read_close_reason(guard: &MonitorGuard<'_>) -> Option<CloseReason> {
    match guard.get(CLOSE_REASON) {
        0 => None,
        1 => Some(CloseReason::Closed),
        2 => Some(CloseReason::Cancelled),
        _ => Some(CloseReason::Broken),
    }
}
