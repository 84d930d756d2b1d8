//! One worker's pen: stamps what it does and writes it to its ring.

pub mod wakeups;

use std::sync::Arc;
use std::time::Instant;

use self::wakeups::Wakeups;
use contend_platform::{Clock, thread_cpu_nanos};
use contend_trace::{EventKind, ExitKind, Grant, Record, ResourceId, RingWriter, Span, State};

/// Nanoseconds without a CPU that are worth telling.
const MIN_QUEUED_NANOS: u64 = 20_000;

/// Writes the events of one worker. Costs one clock read and one 16-byte store an event; no system call, no lock.
#[derive(Debug)]
pub struct Recorder<'a> {
    writer: RingWriter<'a>,
    clock: Clock,
    /// Locks held now, with their grants, oldest first.
    held: Vec<(ResourceId, Grant)>,
    /// A wait with all that is held, made ready to be written as one.
    scratch: Vec<Record>,
    /// Of a task: when it could have gone on.
    wakeups: Option<Arc<Wakeups>>,
    /// Whether a task blocks the thread that it is on.
    is_blocking: bool,
    /// Whether it is a task in a wait that nothing has ended yet.
    is_waiting: bool,
    /// Of a task that runs: since when, and what its thread had of its CPU by then, in nanoseconds.
    running_since: Option<(Instant, u64)>,
    /// CPU time of its thread when the worker's life began, in nanoseconds. None for a task.
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

    /// The time now, in ticks of the run's clock.
    #[inline]
    pub fn now(&self) -> u64 {
        self.clock.ticks()
    }

    /// Writes an event that happened at `at`. One stamp may serve an end and the beginning that follows.
    #[inline]
    pub fn write(&mut self, at: u64, kind: EventKind) {
        if self.is_waiting {
            self.record_wakeup();
        }
        self.writer.write(Record::new(at, kind));
    }

    /// A task's wait ends: it could have gone on since it was woken.
    #[cold]
    fn record_wakeup(&mut self) {
        self.is_waiting = false;
        if let Some(at) = self.wakeups.as_ref().and_then(|pulse| pulse.ready_since()) {
            self.writer.write(Record::new(at, EventKind::BecameRunnable));
        }
        self.begin_running();
    }

    /// A task runs from now on: for the kernel, its loop's thread does.
    fn begin_running(&mut self) {
        if self.wakeups.is_some() && self.running_since.is_none() {
            self.running_since = Some((Instant::now(), thread_cpu_nanos()));
        }
    }

    /// A task stops running at `at`. It has not given its thread away since it went on.
    fn end_running(&mut self, at: u64) {
        let Some((since, cpu)) = self.running_since.take() else { return };
        let queued = (since.elapsed().as_nanos() as u64).saturating_sub(thread_cpu_nanos().saturating_sub(cpu));
        if queued > MIN_QUEUED_NANOS {
            self.writer.write(Record::new(at, EventKind::LoopCpuWait(Span(queued))));
        }
    }

    /// A wait begins: of a task, until `due` at most, if that is not 0.
    fn begin_wait(&mut self, due: u64) {
        if let Some(pulse) = self.wakeups.as_ref().filter(|_| !self.is_blocking) {
            pulse.begin_wait(due);
            self.is_waiting = true;
        }
    }

    /// The worker's life begins.
    pub fn begin_life(&mut self, at: u64) {
        self.writer.begin_life();
        self.cpu_at_begin = self.wakeups.is_none().then(thread_cpu_nanos);
        self.write(at, EventKind::LifeBegan);
    }

    /// The worker stops running for `state`.
    pub fn block(&mut self, state: State, on: Option<ResourceId>) {
        let at = self.now();
        self.end_running(at);
        self.write(at, EventKind::Blocked { state, on });
        if state != State::Ready {
            self.begin_wait(0);
        }
    }

    /// In a wait for a task: finds none for itself, with so many put into the queue by now.
    pub fn record_no_task(&mut self, queue: ResourceId, put: u64) {
        let at = self.now();
        self.writer.write(Record::new(at, EventKind::StillWaiting { pipe: queue, read: true, bytes: put }));
    }

    /// As [`Recorder::block`], for a wait that ends by itself after so many ticks.
    pub fn block_for(&mut self, ticks: u64, state: State) {
        let at = self.now();
        self.end_running(at);
        self.write(at, EventKind::Blocked { state, on: None });
        self.begin_wait(at.saturating_add(ticks));
    }

    /// Begins to wait for the end of another worker's life.
    pub fn wait_for_life_end(&mut self, life: ResourceId, nth: u64) {
        let at = self.now();
        self.end_running(at);
        self.publish_wait(at, &[EventKind::Joins { life, nth }]);
    }

    /// As [`Recorder::block`], for what somebody must give: an item, room, a signal.
    pub fn wait_for_resource(&mut self, state: State, on: ResourceId) {
        let at = self.now();
        self.end_running(at);
        self.publish_wait(at, &[EventKind::Blocked { state, on: Some(on) }]);
    }

    /// As [`Recorder::wait_for_resource`], for a wait that ends by itself if nobody gives it anything.
    pub fn wait_for_resource_timed(&mut self, state: State, on: ResourceId) {
        let at = self.now();
        self.end_running(at);
        self.publish_wait(at, &[EventKind::TimedAttempt { lock: on }, EventKind::Blocked { state, on: Some(on) }]);
    }

    /// Tells the beginning of a wait, and says it in the slot with all that it holds.
    fn publish_wait(&mut self, at: u64, wait: &[EventKind]) {
        for event in wait {
            self.write(at, *event);
        }
        self.list_held(at, &[]);
        self.scratch.extend(wait.iter().map(|event| Record::new(at, *event)));
        self.writer.write_wait_slot(&self.scratch);
        self.begin_wait(0);
    }

    /// Has what it waited for as [`Recorder::wait_for_resource`] says. Called before anybody else can see that it is taken: it is told
    /// only after.
    pub fn end_wait(&mut self) {
        self.writer.clear_wait_slot();
    }

    /// The worker's life ends.
    pub fn end_life(&mut self, how: ExitKind) {
        let at = self.now();
        if let Some(cpu) = self.cpu_at_begin.take() {
            self.write(at, EventKind::CpuTime(Span(thread_cpu_nanos().saturating_sub(cpu))));
        }
        let ended = EventKind::LifeEnded(how);
        self.write(at, ended);
        self.writer.write_wait_slot(&[Record::new(at, ended)]);
    }

    /// The worker runs again.
    pub fn resume(&mut self) {
        self.write(self.now(), EventKind::Resumed);
        self.begin_running();
    }

    /// The worker is a task.
    pub fn attach_wakeups(&mut self, wakeups: Arc<Wakeups>) {
        self.wakeups = Some(wakeups);
    }

    /// Says whether a task blocks the thread that it is on, loop or not. Whether it did before.
    pub const fn set_blocking(&mut self, blocking: bool) -> bool {
        std::mem::replace(&mut self.is_blocking, blocking)
    }

    /// Whether a task blocks the thread that it is on.
    pub const fn is_blocking(&self) -> bool {
        self.is_blocking
    }

    /// Whether the worker is a task whose waits give the thread back to the loop.
    pub const fn is_on_loop(&self) -> bool {
        self.wakeups.is_some() && !self.is_blocking
    }

    /// About to wait for `lock`: written with all that is held, so that a reader can believe it without having seen
    /// anything before.
    pub fn wait_for_lock(&mut self, lock: ResourceId, timed: bool) {
        self.wait_for_lock_after(&[], lock, timed);
    }

    /// As [`Recorder::wait_for_lock`], with events before it that say what for.
    pub fn wait_for_lock_after(&mut self, asks: &[EventKind], lock: ResourceId, timed: bool) {
        let at = self.now();
        self.end_running(at);
        let held = self.list_held(at, asks);
        self.scratch.push(Record::new(at, EventKind::LockWait { lock, held_count: held, timed }));
        self.writer.write_all(&self.scratch);
        self.writer.write_wait_slot(&self.scratch);
        self.begin_wait(0);
    }

    /// Lists what it holds, the newest 255 of it, newest last, behind events that say what for. How many that are.
    fn list_held(&mut self, at: u64, asks: &[EventKind]) -> u8 {
        let held = self.held.len().min(usize::from(u8::MAX));
        let newest = &self.held[self.held.len() - held..];
        self.scratch.clear();
        self.scratch.extend(asks.iter().map(|ask| Record::new(at, *ask)));
        self.scratch
            .extend(newest.iter().map(|(lock, grant)| Record::new(at, EventKind::Held { lock: *lock, grant: *grant })));
        held as u8
    }

    /// Has the lock: called while holding it.
    #[inline]
    pub fn record_acquired(&mut self, lock: ResourceId, grant: Grant) {
        self.record_acquired_at(self.now(), lock, grant);
    }

    /// Has the lock since `at`, a stamp that was taken while holding it.
    #[inline]
    pub fn record_acquired_at(&mut self, at: u64, lock: ResourceId, grant: Grant) {
        self.held.push((lock, grant));
        self.write(at, EventKind::Acquired { lock, grant });
    }

    /// Gave the lock back; `at` was taken while it was still held, the event is written after.
    #[inline]
    pub fn record_released(&mut self, at: u64, lock: ResourceId) {
        // Locks are nearly always given back in the order that makes the newest the one.
        let newest = self.held.last().is_some_and(|(held, _)| *held == lock);
        let hold = if newest { self.held.pop() } else { self.remove_held(lock) };
        if let Some((lock, grant)) = hold {
            self.write(at, EventKind::Released { lock, grant });
        }
    }

    #[cold]
    fn remove_held(&mut self, lock: ResourceId) -> Option<(ResourceId, Grant)> {
        let i = self.held.iter().rposition(|(held, _)| *held == lock)?;
        Some(self.held.remove(i))
    }

    /// Another process wrote to the ring meanwhile and has handed it back.
    pub fn resync_ring(&mut self) {
        self.writer.resync();
    }
}
