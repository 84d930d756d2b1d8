//! When a task could have gone on, and when it did: what it waited for its loop in between is known exactly.
//!
//! The waker that a task gives away stamps the first wake-up after each of its polls. A timer is noticed by a loop that has
//! nothing else to do; one that is busy notices it late, so a wait that was to end by itself while its loop was busy could
//! have gone on since that very moment.

use std::cell::Cell;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use contend_platform::Clock;

/// The loop on this thread is busy.
const BUSY: u64 = u64::MAX;

thread_local! {
    /// Since when the loop on this thread has nothing to do, in ticks.
    static IDLE_SINCE: Cell<u64> = const { Cell::new(BUSY) };
}

/// The loop on this thread has nothing to do from now on.
pub fn mark_loop_idle(clock: Clock) {
    IDLE_SINCE.set(clock.ticks());
}

/// It goes on.
pub fn mark_loop_busy() {
    IDLE_SINCE.set(BUSY);
}

/// The wake-ups of one task. All in ticks; 0 is none.
#[derive(Debug)]
pub struct Wakeups {
    clock: Clock,
    /// The first since its last poll, and since when the loop that noticed it had been idle.
    next_wakeup: AtomicU64,
    next_idle_since: AtomicU64,
    /// The one that led to the present poll, and the same.
    last_wakeup: AtomicU64,
    last_idle_since: AtomicU64,
    /// When its wait is to end by itself.
    wait_deadline: AtomicU64,
}

// Relaxed throughout: a wake-up happens before the poll it leads to, and polls of one task happen one after another.
impl Wakeups {
    /// Of a task that has not been polled yet.
    pub fn new(clock: Clock) -> Self {
        let [idle, woken, woken_idle, due] = [const { AtomicU64::new(0) }; 4];
        Self {
            clock,
            next_wakeup: AtomicU64::new(0),
            next_idle_since: idle,
            last_wakeup: woken,
            last_idle_since: woken_idle,
            wait_deadline: due,
        }
    }

    /// It could go on from now on.
    fn stamp_wakeup(&self) {
        if self.next_wakeup.load(Ordering::Relaxed) == 0 {
            self.next_idle_since.store(IDLE_SINCE.get(), Ordering::Relaxed);
            self.next_wakeup.store(self.clock.ticks(), Ordering::Relaxed);
        }
    }

    /// It goes on.
    fn begin_poll(&self) {
        self.last_idle_since.store(self.next_idle_since.load(Ordering::Relaxed), Ordering::Relaxed);
        self.last_wakeup.store(self.next_wakeup.swap(0, Ordering::Relaxed), Ordering::Relaxed);
    }

    /// It begins to wait: until `due` at most, if that is not 0.
    pub fn begin_wait(&self, due: u64) {
        self.last_wakeup.store(0, Ordering::Relaxed);
        self.wait_deadline.store(due, Ordering::Relaxed);
    }

    /// Since when it could have gone on, if it was woken from this wait.
    pub fn ready_since(&self) -> Option<u64> {
        let woken = self.last_wakeup.load(Ordering::Relaxed);
        let (due, idle) = (self.wait_deadline.load(Ordering::Relaxed), self.last_idle_since.load(Ordering::Relaxed));
        let noticed_late = due > 0 && due < woken && due < idle;
        (woken > 0).then_some(if noticed_late { due } else { woken })
    }
}

/// The waker that a task gives away.
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
    wakeups: Arc<Wakeups>,
    /// The loop's own waker of it, and ours.
    wakers: Option<(Waker, Waker)>,
}

impl<F: Future> StampedTask<F> {
    pub fn new(task: F, wakeups: Arc<Wakeups>) -> Self {
        Self { task: Box::pin(task), wakeups, wakers: None }
    }
}

impl<F: Future> Future for StampedTask<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        if !this.wakers.as_ref().is_some_and(|(theirs, _)| theirs.will_wake(context.waker())) {
            let waking = StampingWaker { wakeups: Arc::clone(&this.wakeups), task: context.waker().clone() };
            this.wakers = Some((context.waker().clone(), Waker::from(Arc::new(waking))));
        }
        this.wakeups.begin_poll();
        let ours = this.wakers.as_ref().map_or(Waker::noop(), |(_, ours)| ours);
        this.task.as_mut().poll(&mut Context::from_waker(ours))
    }
}
