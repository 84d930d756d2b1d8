//! The bounded queue of a pool, in shared memory: whoever feeds the pool or submits to it puts tasks, in whatever
//! process; its workers, or those who stand for them in the runner, take them. Stamps, depths and numbers are taken
//! inside its monitor. What waits blocks its thread, unless tasks of the event loop are among those who share the queue.

mod take_tasks;

use super::local_queues::LocalQueues;
use super::open_work::OpenWork;
use super::result_store::Promise;
use super::task::PoolTask;
use crate::recorder::Recorder;
use crate::shared::monitor::{Monitor, MonitorGuard};
use crate::shared::wake_counter::WakeCounter;
use contend_trace::{EventKind, ResourceId, State};

/// Position of the oldest task in the ring, and how many are in the ring.
const HEAD: usize = 0;
const IN_RING: usize = 1;
/// How many are in the ring and elsewhere.
const DEPTH: usize = 2;
/// 0 while tasks may come.
const CLOSE_REASON: usize = 3;
/// How many wait for a task, and for room: nobody is woken for nothing.
const WAITING_TAKERS: usize = 4;
const WAITING_PUTTERS: usize = 5;
const TASK_AVAILABLE: WakeCounter = WakeCounter(6);
const ROOM_AVAILABLE: WakeCounter = WakeCounter(7);
/// How many tasks were ever put, and taken.
const PUT_COUNT: usize = 8;
const TAKEN_COUNT: usize = 9;
/// Tasks that came and are not over.
const OPEN_TASKS: usize = 10;
const ALL_FINISHED: WakeCounter = WakeCounter(11);
/// How many tasks were submitted.
const NEXT_NUMBER: usize = 12;
const RING_START: usize = 16;
/// Words of a task in the ring: its number, when it is due, its result.
const TASK_WORDS: usize = 3;

/// Why no task can be put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// No more are to come.
    Closed = 1,
    /// What is left is called off.
    Cancelled = 2,
    /// A worker died, and the pool with it.
    Broken = 3,
}

/// A task that is not in the queue.
#[derive(Debug)]
pub enum PutError {
    /// There is no room for it.
    Full(PoolTask),
    Closed(CloseReason),
}

#[derive(Debug)]
pub struct TaskQueue {
    id: ResourceId,
    capacity: u64,
    monitor: Monitor<'static>,
    /// Tasks that are not in the ring. In the runner only: nobody else takes any.
    pub local_queues: LocalQueues,
    /// Whether a batch is dealt out: then a worker may find none though the queue has some, and tells so.
    uses_local_queues: bool,
    /// Tasks of all pools that are not over, and who may still bring some; `None` where nobody submits.
    open_work: Option<OpenWork>,
}

/// Words that a queue of so many tasks takes.
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
    /// When nothing can be put any more, or not any more since it waits.
    pub async fn put(&self, task: PoolTask, recorder: &mut Recorder<'_>) -> Result<(), CloseReason> {
        let mut guard = self.monitor.enter();
        if self.is_full(&guard) {
            recorder.block(State::Full, Some(self.id));
            while self.is_full(&guard) {
                guard = wait(guard, WAITING_PUTTERS, ROOM_AVAILABLE).await;
            }
            if read_close_reason(&guard).is_some() {
                recorder.resume();
            }
        }
        if let Some(shut) = read_close_reason(&guard) {
            return Err(shut);
        }
        self.push(guard, task, recorder);
        Ok(())
    }

    /// Puts a task if there is room.
    ///
    /// # Errors
    /// Gives the task back if there is none, or says that nothing can be put any more.
    pub fn try_put(&self, task: PoolTask, recorder: &mut Recorder<'_>) -> Result<(), PutError> {
        let guard = self.monitor.enter();
        if let Some(shut) = read_close_reason(&guard) {
            return Err(PutError::Closed(shut));
        }
        if self.is_full(&guard) {
            return Err(PutError::Full(task));
        }
        self.push(guard, task, recorder);
        Ok(())
    }

    /// Whether whoever puts must wait. Nobody waits for room in a queue that is shut.
    fn is_full(&self, guard: &MonitorGuard<'_>) -> bool {
        guard.get(DEPTH) >= self.capacity && read_close_reason(guard).is_none()
    }

    fn push(&self, mut guard: MonitorGuard<'_>, task: PoolTask, recorder: &mut Recorder<'_>) {
        let in_ring = guard.get(IN_RING);
        let at = RING_START + ((guard.get(HEAD) + in_ring) % self.capacity) as usize * TASK_WORDS;
        guard.set(at, task.number);
        guard.set(at + 1, task.due);
        guard.set(at + 2, task.result.map_or(0, Promise::to_word));
        guard.set(IN_RING, in_ring + 1);
        self.count_put(&mut guard, 1);
        match guard.get(WAITING_TAKERS) {
            0 => {}
            _ if self.uses_local_queues => guard.wake_all(TASK_AVAILABLE), // who gets none looks again, and tells so
            _ => drop(guard.wake_one(TASK_AVAILABLE)),
        }
        let (at, event) = (recorder.now(), self.make_put_event(&guard, 0));
        drop(guard);
        recorder.write(at, event);
    }

    /// Counts tasks that came.
    fn count_put(&self, guard: &mut MonitorGuard<'_>, tasks: u64) {
        for place in [DEPTH, PUT_COUNT, OPEN_TASKS] {
            guard.set(place, guard.get(place) + tasks);
        }
        if let Some(open_work) = self.open_work {
            open_work.add(tasks);
        }
    }

    /// The put of the newest task but `later`.
    fn make_put_event(&self, guard: &MonitorGuard<'_>, later: u64) -> EventKind {
        let (depth, nth) = (guard.get(DEPTH) - later, (guard.get(PUT_COUNT) - later) as u32);
        match u16::try_from(depth) {
            Ok(depth) => EventKind::PutNth { queue: self.id, depth, nth },
            Err(_) => EventKind::Put { queue: self.id, depth: depth as u32 },
        }
    }

    /// Deals a batch out to so many workers, an equal part of neighbours to each, all at once and whatever the capacity.
    ///
    /// # Errors
    /// When nothing can be put any more: then nothing was.
    pub fn distribute(
        &self,
        tasks: &[PoolTask],
        workers: usize,
        recorder: &mut Recorder<'_>,
    ) -> Result<(), CloseReason> {
        let mut guard = self.monitor.enter();
        if let Some(shut) = read_close_reason(&guard) {
            return Err(shut);
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

    /// Puts tasks back that were taken and not done, at the front and whatever the capacity: nobody waits for them.
    ///
    /// # Errors
    /// If the rest of the queue was cancelled: no worker would take the tasks.
    pub fn requeue(&self, tasks: &[PoolTask]) -> Result<(), CloseReason> {
        let mut guard = self.monitor.enter();
        if let Some(shut @ (CloseReason::Cancelled | CloseReason::Broken)) = read_close_reason(&guard) {
            return Err(shut);
        }
        self.local_queues.requeue(tasks);
        for place in [DEPTH, PUT_COUNT] {
            guard.set(place, guard.get(place) + tasks.len() as u64);
        }
        guard.wake_all(TASK_AVAILABLE);
        Ok(())
    }

    /// The worker at this place goes, see [`LocalQueues::retire_worker`]. Whether it went.
    pub fn retire_worker(&self, worker_index: usize, is_idle: bool) -> bool {
        let mut guard = self.monitor.enter();
        let went = self.local_queues.retire_worker(worker_index, is_idle);
        guard.wake_all(TASK_AVAILABLE); // what was its own is anybody's now
        went
    }

    /// Lets no more tasks in; whether any could come before.
    pub fn close_with(&self, how: CloseReason) -> bool {
        let mut guard = self.monitor.enter();
        let was = guard.get(CLOSE_REASON);
        guard.set(CLOSE_REASON, was.max(how as u64));
        for bell in [TASK_AVAILABLE, ROOM_AVAILABLE] {
            guard.wake_all(bell);
        }
        was == 0
    }

    /// No more tasks will be put.
    pub fn close(&self, recorder: &mut Recorder<'_>) {
        if self.close_with(CloseReason::Closed) {
            self.record_closed(recorder);
        }
    }

    pub fn record_closed(&self, recorder: &mut Recorder<'_>) {
        recorder.write(recorder.now(), EventKind::Closed { queue: self.id });
    }

    /// Why nothing can be put any more.
    pub fn close_reason(&self) -> Option<CloseReason> {
        read_close_reason(&self.monitor.enter())
    }

    /// All that is in it, as far as this process can reach it.
    pub fn drain(&self) -> Vec<PoolTask> {
        let mut guard = self.monitor.enter();
        let mut tasks = self.local_queues.drain();
        while guard.get(IN_RING) > 0 {
            tasks.push(self.pop(&mut guard));
        }
        let n = tasks.len() as u64;
        guard.set(DEPTH, guard.get(DEPTH).saturating_sub(n));
        guard.set(TAKEN_COUNT, guard.get(TAKEN_COUNT) + n);
        tasks
    }

    /// A task is over, whatever became of it. Whether it was the last of all, and nobody is left who could bring another.
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

    /// How many tasks came and are not over.
    pub fn open_tasks(&self) -> u64 {
        self.monitor.enter().get(OPEN_TASKS)
    }

    /// A task comes that goes past the queue.
    pub fn count_direct_task(&self) {
        let mut guard = self.monitor.enter();
        guard.set(OPEN_TASKS, guard.get(OPEN_TASKS) + 1);
        if let Some(open_work) = self.open_work {
            open_work.add(1);
        }
    }

    /// Waits until all tasks are over.
    pub async fn wait_until_finished(&self) {
        let mut guard = self.monitor.enter();
        while guard.get(OPEN_TASKS) > 0 {
            guard = guard.wait(ALL_FINISHED).await;
        }
    }

    /// The number of the next task that is submitted.
    pub fn next_number(&self) -> u64 {
        let mut guard = self.monitor.enter();
        let number = guard.get(NEXT_NUMBER);
        guard.set(NEXT_NUMBER, number + 1);
        number
    }

    /// Lets all who wait look again whether they shall go on.
    pub fn wake_takers(&self) {
        self.monitor.enter().wake_all(TASK_AVAILABLE); // whoever has just asked is before this and sees the change, or waits already
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

/// Waits for the bell, counted among those who do.
async fn wait(mut guard: MonitorGuard<'_>, waiting_word: usize, wake_counter: WakeCounter) -> MonitorGuard<'_> {
    guard.set(waiting_word, guard.get(waiting_word) + 1);
    let mut guard = guard.wait(wake_counter).await;
    guard.set(waiting_word, guard.get(waiting_word).saturating_sub(1));
    guard
}
