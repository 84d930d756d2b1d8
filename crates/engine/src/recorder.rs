//! The recorder of one worker: a [`WorkerWriter`] that also records when a task became runnable, and CPU time.

pub mod wakeups;

use std::sync::Arc;
use std::time::Instant;

use self::wakeups::Wakeups;
use crate::interrupt;
use contend_platform::{Clock, thread_cpu_nanos};
use contend_trace::{EventKind, ExitKind, Grant, ResourceId, RingWriter, Span, State, WorkerWriter};

/// The shortest time without a CPU that is recorded, in nanoseconds.
const MIN_QUEUED_NANOS: u64 = 20_000;

/// Records the events of one worker. An event costs one clock read and one 16-byte store; no system call, no lock.
#[derive(Debug)]
pub struct Recorder<'a> {
    writer: WorkerWriter<'a>,
    /// The wake-ups of a task; `None` for a thread or process.
    wakeups: Option<Arc<Wakeups>>,
    /// Whether a task blocks the thread that it is on.
    is_blocking: bool,
    /// Whether it is a task in a wait that no event has ended yet.
    is_waiting: bool,
    /// For a task that runs: when it began to, and the CPU time of its thread at that moment, in nanoseconds.
    running_since: Option<(Instant, u64)>,
    /// CPU time of its thread when the worker's life began, in nanoseconds. `None` for a task.
    cpu_at_begin: Option<u64>,
}

impl<'a> Recorder<'a> {
    pub fn new(ring: RingWriter<'a>, clock: Clock) -> Self {
        Self {
            writer: WorkerWriter::new(ring, clock),
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
        self.writer.now()
    }

    /// Writes an event that happened at `at`. One stamp may serve an end and the beginning that follows.
    #[inline]
    pub fn write(&mut self, at: u64, kind: EventKind) {
        self.end_task_wait();
        self.writer.record_at(at, kind);
    }

    /// Ends the wait of a task, if it is in one: the next event shows that it runs.
    #[inline]
    fn end_task_wait(&mut self) {
        if self.is_waiting {
            self.record_wakeup();
        }
    }

    /// Records since when a task whose wait ends has been runnable.
    #[cold]
    fn record_wakeup(&mut self) {
        self.is_waiting = false;
        if let Some(at) = self.wakeups.as_ref().and_then(|wakeups| wakeups.ready_since()) {
            self.writer.record_at(at, EventKind::BecameRunnable);
        }
        self.begin_running();
    }

    /// Notes that a task runs from now on, on the thread of its event loop.
    fn begin_running(&mut self) {
        if self.wakeups.is_some() && self.running_since.is_none() {
            self.running_since = Some((Instant::now(), thread_cpu_nanos()));
        }
    }

    /// Records how long the thread of a task that stops running at `at` was without a CPU. The task has not yielded its
    /// thread since it resumed.
    fn end_running(&mut self, at: u64) {
        let Some((since, cpu)) = self.running_since.take() else { return };
        let queued = (since.elapsed().as_nanos() as u64).saturating_sub(thread_cpu_nanos().saturating_sub(cpu));
        if queued > MIN_QUEUED_NANOS {
            self.writer.record_at(at, EventKind::LoopCpuWait(Span(queued)));
        }
    }

    /// Notes that a wait of a task begins; it ends by itself at `due`, unless that is 0.
    fn begin_wait(&mut self, due: u64) {
        if let Some(wakeups) = self.wakeups.as_ref().filter(|_| !self.is_blocking) {
            wakeups.begin_wait(due);
            self.is_waiting = true;
        }
    }

    /// Records that the worker's life begins.
    pub fn begin_life(&mut self, at: u64) {
        self.cpu_at_begin = self.wakeups.is_none().then(thread_cpu_nanos);
        self.end_task_wait();
        self.writer.begin_life_at(at);
    }

    /// Records that the worker stops running for `state`.
    pub fn block(&mut self, state: State, on: Option<ResourceId>) {
        let at = self.now();
        self.end_running(at);
        self.write(at, EventKind::Blocked { state, on });
        if state != State::Ready {
            self.begin_wait(0);
        }
    }

    /// Records, during a wait for a task, that the worker found none for itself when `put` tasks had ever been put into
    /// the queue.
    pub fn record_no_task(&mut self, queue: ResourceId, put: u64) {
        self.writer.record(EventKind::StillWaiting { pipe: queue, read: true, bytes: put });
    }

    /// As [`Recorder::block`], for a wait that ends by itself after this number of ticks.
    pub fn block_for(&mut self, ticks: u64, state: State) {
        let at = self.now();
        self.end_running(at);
        self.write(at, EventKind::Blocked { state, on: None });
        self.begin_wait(at.saturating_add(ticks));
    }

    /// Records that the worker waits for the end of another worker's life.
    pub fn wait_for_life_end(&mut self, life: ResourceId, nth: u64) {
        self.publish_wait(&[EventKind::Joins { life, nth }]);
    }

    /// As [`Recorder::block`], for something that another worker must provide: an item, room, a signal.
    pub fn wait_for_resource(&mut self, state: State, on: ResourceId) {
        self.publish_wait(&[EventKind::Blocked { state, on: Some(on) }]);
    }

    /// As [`Recorder::wait_for_resource`], for a wait that gives up by itself if it has a deadline.
    pub fn wait_for_resource_until(&mut self, state: State, on: ResourceId, deadline: Option<Instant>) {
        let wait = [EventKind::TimedAttempt { lock: on }, EventKind::Blocked { state, on: Some(on) }];
        self.publish_wait(if deadline.is_some() { &wait } else { &wait[1..] });
    }

    /// As [`Recorder::wait_for_resource`], for the first of several alternatives, in the state and at the resource that
    /// the lane shows.
    pub fn wait_for_first(&mut self, alternatives: &[EventKind], (state, on): (State, ResourceId), is_timed: bool) {
        let mut wait = alternatives.to_vec();
        if is_timed {
            wait.push(EventKind::TimedAttempt { lock: on });
        }
        wait.push(EventKind::Blocked { state, on: Some(on) });
        self.publish_wait(&wait);
    }

    /// Records the beginning of a wait, and writes it to the wait slot with all locks held.
    fn publish_wait(&mut self, wait: &[EventKind]) {
        let at = self.now();
        self.end_running(at);
        self.end_task_wait();
        self.writer.wait_at(at, wait);
        self.begin_wait(0);
    }

    /// Records that the worker's wait ended at `at` without what it waited for: it gave up, or was cancelled.
    pub fn record_gave_up(&mut self, at: u64, on: ResourceId) {
        let is_cancelled = interrupt::has_noticed();
        self.write(
            at,
            if is_cancelled { EventKind::WaitCancelled { on } } else { EventKind::WaitTimedOut { lock: on } },
        );
    }

    /// Clears the wait slot: the worker has what it waited for ([`Recorder::wait_for_resource`]). Call it before
    /// another worker can see that the item is taken; the event is recorded only after that.
    pub fn end_wait(&mut self) {
        self.writer.end_wait();
    }

    /// Records that the worker's life ends.
    pub fn end_life(&mut self, exit: ExitKind) {
        let at = self.now();
        if let Some(cpu) = self.cpu_at_begin.take() {
            self.write(at, EventKind::CpuTime(Span(thread_cpu_nanos().saturating_sub(cpu))));
        }
        self.end_task_wait();
        self.writer.end_life_at(at, exit);
    }

    /// Records that the worker runs again.
    pub fn resume(&mut self) {
        self.write(self.now(), EventKind::Resumed);
        self.begin_running();
    }

    /// Makes the worker a task with these wake-ups.
    pub fn attach_wakeups(&mut self, wakeups: Arc<Wakeups>) {
        self.wakeups = Some(wakeups);
    }

    /// Sets whether a task blocks the thread that it is on. Returns whether it did before.
    pub const fn set_blocking(&mut self, blocking: bool) -> bool {
        std::mem::replace(&mut self.is_blocking, blocking)
    }

    /// Returns whether a task blocks the thread that it is on.
    pub const fn is_blocking(&self) -> bool {
        self.is_blocking
    }

    /// Returns whether the worker is a task whose waits yield its thread to the event loop.
    pub const fn is_on_loop(&self) -> bool {
        self.wakeups.is_some() && !self.is_blocking
    }

    /// Records that the worker is about to wait for `lock`, with all locks it holds.
    pub fn wait_for_lock(&mut self, lock: ResourceId, timed: bool) {
        self.wait_for_lock_after(&[], lock, timed);
    }

    /// As [`Recorder::wait_for_lock`], after events that describe the request.
    pub fn wait_for_lock_after(&mut self, requests: &[EventKind], lock: ResourceId, timed: bool) {
        let at = self.now();
        self.end_running(at);
        self.writer.wait_for_lock_at(at, requests, lock, timed);
        self.begin_wait(0);
    }

    /// Records that the worker has the lock. Called while holding it.
    #[inline]
    pub fn record_acquired(&mut self, lock: ResourceId, grant: Grant) {
        self.record_acquired_at(self.now(), lock, grant);
    }

    /// Records that the worker has had the lock since `at`, a stamp taken while holding it.
    #[inline]
    pub fn record_acquired_at(&mut self, at: u64, lock: ResourceId, grant: Grant) {
        self.end_task_wait();
        self.writer.acquired_at(at, lock, grant);
    }

    /// Records in the name of a worker whose life has ended that it has had the lock since `at`.
    pub fn record_acquired_after_end(&mut self, at: u64, lock: ResourceId, grant: Grant) {
        self.writer.acquired_after_end(at, lock, grant);
    }

    /// Records that the worker released the lock. `at` was taken while it was still held; the event is written after.
    #[inline]
    pub fn record_released(&mut self, at: u64, lock: ResourceId) {
        if self.is_waiting && self.writer.holds(lock) {
            self.record_wakeup();
        }
        self.writer.released_at(at, lock);
    }

    /// Continues after another process wrote to the ring in the meantime.
    pub fn resync_ring(&mut self) {
        self.writer.resync();
    }
}
