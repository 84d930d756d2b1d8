//! Time stamps of a task's wake-ups: how long it waited for its loop between a wake-up and the next poll is known
//! exactly.
//!
//! The task's waker stamps the first wake-up after each poll. A busy loop notices an expired timer late. So if the
//! deadline of a wait passed while the loop was busy, the task was ready from the deadline on.

use std::cell::Cell;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::interrupt;
use contend_platform::Clock;
use contend_trace::Ring;

/// Value of `IDLE_SINCE` while the loop is busy.
const BUSY: u64 = u64::MAX;

thread_local! {
    /// Since when the loop on this thread has nothing to do, in ticks.
    static IDLE_SINCE: Cell<u64> = const { Cell::new(BUSY) };
}

/// Notes that the loop on this thread has nothing to do.
pub fn mark_loop_idle(clock: Clock) {
    IDLE_SINCE.set(clock.ticks());
}

/// Notes that the loop on this thread continues.
pub fn mark_loop_busy() {
    IDLE_SINCE.set(BUSY);
}

/// The wake-ups of one task. All times in ticks; 0 for none.
#[derive(Debug)]
pub struct Wakeups {
    clock: Clock,
    /// The first wake-up since the last poll, and since when the loop that noticed it was idle.
    next_wakeup: AtomicU64,
    next_idle_since: AtomicU64,
    /// The same for the wake-up that led to the present poll.
    last_wakeup: AtomicU64,
    last_idle_since: AtomicU64,
    /// The deadline of the present wait.
    wait_deadline: AtomicU64,
}

// Relaxed throughout: a wake-up happens before the poll it leads to, and polls of one task happen one after another.
impl Wakeups {
    /// Returns the wake-ups of a task that has not been polled yet.
    pub fn new(clock: Clock) -> Self {
        let [next_wakeup, next_idle_since, last_wakeup, last_idle_since, wait_deadline] =
            [const { AtomicU64::new(0) }; 5];
        Self { clock, next_wakeup, next_idle_since, last_wakeup, last_idle_since, wait_deadline }
    }

    /// Stamps a wake-up, if it is the first since the last poll.
    fn stamp_wakeup(&self) {
        if self.next_wakeup.load(Ordering::Relaxed) == 0 {
            self.next_idle_since.store(IDLE_SINCE.get(), Ordering::Relaxed);
            self.next_wakeup.store(self.clock.ticks(), Ordering::Relaxed);
        }
    }

    /// Begins a poll.
    fn begin_poll(&self) {
        self.last_idle_since.store(self.next_idle_since.load(Ordering::Relaxed), Ordering::Relaxed);
        self.last_wakeup.store(self.next_wakeup.swap(0, Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Begins a wait, which ends at `deadline`; 0 for no deadline.
    pub fn begin_wait(&self, deadline: u64) {
        self.last_wakeup.store(0, Ordering::Relaxed);
        self.wait_deadline.store(deadline, Ordering::Relaxed);
    }

    /// Returns since when the task was ready, if it was woken from this wait.
    pub fn ready_since(&self) -> Option<u64> {
        let wakeup = self.last_wakeup.load(Ordering::Relaxed);
        let (deadline, idle_since) =
            (self.wait_deadline.load(Ordering::Relaxed), self.last_idle_since.load(Ordering::Relaxed));
        let noticed_late = deadline > 0 && deadline < wakeup && deadline < idle_since;
        (wakeup > 0).then_some(if noticed_late { deadline } else { wakeup })
    }
}

/// The waker of a task.
struct StampingWaker {
    wakeups: Arc<Wakeups>,
    task: Waker,
}

impl Wake for StampingWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wakeups.stamp_wakeup();
        self.task.wake_by_ref();
    }
}

/// A task whose wake-ups are stamped.
pub struct StampedTask<F> {
    task: Pin<Box<F>>,
    /// The ring of its worker, if others may cancel it.
    cancel_ring: Option<Ring<'static>>,
    wakeups: Arc<Wakeups>,
    /// The loop's waker of the task, and the one that stamps wake-ups.
    wakers: Option<(Waker, Waker)>,
}

impl<F: Future> StampedTask<F> {
    pub fn new(task: F, wakeups: Arc<Wakeups>, cancel_ring: Option<Ring<'static>>) -> Self {
        Self { task: Box::pin(task), cancel_ring, wakeups, wakers: None }
    }
}

impl<F: Future> Future for StampedTask<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        if !this.wakers.as_ref().is_some_and(|(loop_waker, _)| loop_waker.will_wake(context.waker())) {
            let stamping = StampingWaker { wakeups: Arc::clone(&this.wakeups), task: context.waker().clone() };
            this.wakers = Some((context.waker().clone(), Waker::from(Arc::new(stamping))));
        }
        this.wakeups.begin_poll();
        let waker = this.wakers.as_ref().map_or(Waker::noop(), |(_, stamping)| stamping);
        let outer = interrupt::set_present(this.cancel_ring);
        let poll = this.task.as_mut().poll(&mut Context::from_waker(waker));
        interrupt::set_present(outer);
        poll
    }
}
