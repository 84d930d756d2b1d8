//! Writes the events of one worker, with time stamps, to its ring.

pub mod wakeups;

use std::sync::Arc;
use std::time::Instant;

use self::wakeups::Wakeups;
use contend_platform::{Clock, thread_cpu_nanos};
use contend_trace::{EventKind, ExitKind, Grant, Record, ResourceId, RingWriter, Span, State};

/// Shorter waits for a CPU, in nanoseconds, are not recorded.
const MIN_QUEUED_NANOS: u64 = 20_000;

/// The writer of one worker's events. An event costs one clock read and one 16-byte store; no system call, no lock.
#[derive(Debug)]
pub struct Recorder<'a> {
    writer: RingWriter<'a>,
    clock: Clock,
    /// Locks held now, with their grants, oldest first.
    held: Vec<(ResourceId, Grant)>,
    /// Scratch space for the records of a wait: the held locks and the wait, written at once.
    scratch: Vec<Record>,
    /// The wake-ups of a task; `None` for a thread.
    wakeups: Option<Arc<Wakeups>>,
    /// Whether a task blocks its thread when it waits.
    is_blocking: bool,
    /// Whether a task is in a wait that has not ended yet.
    is_waiting: bool,
    /// For a running task: since when, and the CPU time of its thread until then, in nanoseconds.
    running_since: Option<(Instant, u64)>,
    /// CPU time of the thread when the worker's life began, in nanoseconds; `None` for a task.
    cpu_at_begin: Option<u64>,
}

impl<'a> Recorder<'a> {
    pub fn new(writer: RingWriter<'a>, clock: Clock) -> Self {
        Self {
            writer,
            clock,
            held: Vec::with_capacity(8),
            scratch: Vec::with_capacity(10),
            wakeups: None,
            is_blocking: false,
            is_waiting: false,
            running_since: None,
            cpu_at_begin: None,
        }
    }

    /// Returns the time now, in ticks of the run's clock.
    #[inline]
    pub fn now(&self) -> u64 {
        self.clock.ticks()
    }

    /// Writes an event that happened at `at`. One time stamp may serve an end and the beginning that follows.
    #[inline]
    pub fn write(&mut self, at: u64, kind: EventKind) {
        if self.is_waiting {
            self.record_wakeup();
        }
        self.writer.write(Record::new(at, kind));
    }

    /// Records the end of a task's wait: it was runnable since its wake-up.
    #[cold]
    fn record_wakeup(&mut self) {
        self.is_waiting = false;
        if let Some(at) = self.wakeups.as_ref().and_then(|wakeups| wakeups.ready_since()) {
            self.writer.write(Record::new(at, EventKind::BecameRunnable));
        }
        self.begin_running();
    }

    /// Notes the beginning of a task's running time: for the kernel, its loop's thread runs.
    fn begin_running(&mut self) {
        if self.wakeups.is_some() && self.running_since.is_none() {
            self.running_since = Some((Instant::now(), thread_cpu_nanos()));
        }
    }

    /// Records how long a task waited for a CPU until it stops running at `at`. It has kept its thread since it began.
    fn end_running(&mut self, at: u64) {
        let Some((since, cpu)) = self.running_since.take() else { return };
        let queued = (since.elapsed().as_nanos() as u64).saturating_sub(thread_cpu_nanos().saturating_sub(cpu));
        if queued > MIN_QUEUED_NANOS {
            self.writer.write(Record::new(at, EventKind::LoopCpuWait(Span(queued))));
        }
    }

    /// Notes the beginning of a task's wait, which ends at `due`; 0 for no deadline.
    fn begin_wait(&mut self, due: u64) {
        if let Some(wakeups) = self.wakeups.as_ref().filter(|_| !self.is_blocking) {
            wakeups.begin_wait(due);
            self.is_waiting = true;
        }
    }

    /// Records the beginning of the worker's life.
    pub fn begin_life(&mut self, at: u64) {
        self.writer.begin_life();
        self.cpu_at_begin = self.wakeups.is_none().then(thread_cpu_nanos);
        self.write(at, EventKind::LifeBegan);
    }

    /// Records that the worker stops running, in `state`.
    pub fn block(&mut self, state: State, on: Option<ResourceId>) {
        let at = self.now();
        self.end_running(at);
        self.write(at, EventKind::Blocked { state, on });
        if state != State::Ready {
            self.begin_wait(0);
        }
    }

    /// Records, during a wait for a task, that the worker found none, after `put_count` tasks were put into the queue.
    pub fn record_no_task(&mut self, queue: ResourceId, put_count: u64) {
        let at = self.now();
        self.writer.write(Record::new(at, EventKind::StillWaiting { pipe: queue, read: true, bytes: put_count }));
    }

    /// As [`Recorder::block`], for a wait that ends by itself after `ticks`.
    pub fn block_for(&mut self, ticks: u64, state: State) {
        let at = self.now();
        self.end_running(at);
        self.write(at, EventKind::Blocked { state, on: None });
        self.begin_wait(at.saturating_add(ticks));
    }

    /// Records that the worker begins to wait for the end of another worker's life.
    pub fn wait_for_life_end(&mut self, life: ResourceId, nth: u64) {
        let at = self.now();
        self.end_running(at);
        self.publish_wait(at, &[EventKind::Joins { life, nth }]);
    }

    /// As [`Recorder::block`], for a wait that another worker must end: for an item, room, or a signal.
    pub fn wait_for_resource(&mut self, state: State, on: ResourceId) {
        let at = self.now();
        self.end_running(at);
        self.publish_wait(at, &[EventKind::Blocked { state, on: Some(on) }]);
    }

    /// As [`Recorder::wait_for_resource`], for a wait with a deadline.
    pub fn wait_for_resource_timed(&mut self, state: State, on: ResourceId) {
        let at = self.now();
        self.end_running(at);
        self.publish_wait(at, &[EventKind::TimedAttempt { lock: on }, EventKind::Blocked { state, on: Some(on) }]);
    }

    /// Records the beginning of a wait, and writes it to the wait slot with all held locks.
    fn publish_wait(&mut self, at: u64, wait: &[EventKind]) {
        for event in wait {
            self.write(at, *event);
        }
        self.list_held(at, &[]);
        self.scratch.extend(wait.iter().map(|event| Record::new(at, *event)));
        self.writer.write_wait_slot(&self.scratch);
        self.begin_wait(0);
    }

    /// Clears the wait slot after a wait begun with [`Recorder::wait_for_resource`]. Called before another worker can
    /// see that the item, room or signal is taken; the event follows later.
    pub fn end_wait(&mut self) {
        self.writer.clear_wait_slot();
    }

    /// Records the end of the worker's life.
    pub fn end_life(&mut self, exit: ExitKind) {
        let at = self.now();
        if let Some(cpu) = self.cpu_at_begin.take() {
            self.write(at, EventKind::CpuTime(Span(thread_cpu_nanos().saturating_sub(cpu))));
        }
        let ended = EventKind::LifeEnded(exit);
        self.write(at, ended);
        self.writer.write_wait_slot(&[Record::new(at, ended)]);
    }

    /// Records that the worker runs again.
    pub fn resume(&mut self) {
        self.write(self.now(), EventKind::Resumed);
        self.begin_running();
    }

    /// Marks the worker as a task.
    pub fn attach_wakeups(&mut self, wakeups: Arc<Wakeups>) {
        self.wakeups = Some(wakeups);
    }

    /// Sets whether a task blocks its thread when it waits. Returns whether it did before.
    pub const fn set_blocking(&mut self, blocking: bool) -> bool {
        std::mem::replace(&mut self.is_blocking, blocking)
    }

    /// Whether a task blocks its thread when it waits.
    pub const fn is_blocking(&self) -> bool {
        self.is_blocking
    }

    /// Whether the worker is a task whose waits give the thread back to the loop.
    pub const fn is_on_loop(&self) -> bool {
        self.wakeups.is_some() && !self.is_blocking
    }

    /// Records that the worker is about to wait for `lock`, with all held locks, so that a reader needs no earlier
    /// event to understand the wait.
    pub fn wait_for_lock(&mut self, lock: ResourceId, timed: bool) {
        self.wait_for_lock_after(&[], lock, timed);
    }

    /// As [`Recorder::wait_for_lock`], after events that describe the request.
    pub fn wait_for_lock_after(&mut self, requests: &[EventKind], lock: ResourceId, timed: bool) {
        let at = self.now();
        self.end_running(at);
        let held = self.list_held(at, requests);
        self.scratch.push(Record::new(at, EventKind::LockWait { lock, held_count: held, timed }));
        self.writer.write_all(&self.scratch);
        self.writer.write_wait_slot(&self.scratch);
        self.begin_wait(0);
    }

    /// Lists the held locks, the newest 255, newest last, after events that describe the request. Returns how many
    /// locks.
    fn list_held(&mut self, at: u64, requests: &[EventKind]) -> u8 {
        let held = self.held.len().min(usize::from(u8::MAX));
        let newest = &self.held[self.held.len() - held..];
        self.scratch.clear();
        self.scratch.extend(requests.iter().map(|request| Record::new(at, *request)));
        self.scratch
            .extend(newest.iter().map(|(lock, grant)| Record::new(at, EventKind::Held { lock: *lock, grant: *grant })));
        held as u8
    }

    /// Records that the worker has the lock. Called while holding it.
    #[inline]
    pub fn record_acquired(&mut self, lock: ResourceId, grant: Grant) {
        self.record_acquired_at(self.now(), lock, grant);
    }

    /// Records that the worker has the lock since `at`, a time stamp taken while holding it.
    #[inline]
    pub fn record_acquired_at(&mut self, at: u64, lock: ResourceId, grant: Grant) {
        self.held.push((lock, grant));
        self.write(at, EventKind::Acquired { lock, grant });
    }

    /// Records that the worker released the lock. The time stamp `at` was taken while holding it; the event is written
    /// after.
    #[inline]
    pub fn record_released(&mut self, at: u64, lock: ResourceId) {
        // Nearly always the newest lock is released first.
        let is_newest = self.held.last().is_some_and(|(held, _)| *held == lock);
        let released = if is_newest { self.held.pop() } else { self.remove_held(lock) };
        if let Some((lock, grant)) = released {
            self.write(at, EventKind::Released { lock, grant });
        }
    }

    #[cold]
    fn remove_held(&mut self, lock: ResourceId) -> Option<(ResourceId, Grant)> {
        let i = self.held.iter().rposition(|(held, _)| *held == lock)?;
        Some(self.held.remove(i))
    }

    /// Continues after another process wrote to the ring and stopped writing.
    pub fn resync_ring(&mut self) {
        self.writer.resync();
    }
}
