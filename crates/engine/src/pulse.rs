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
    static IDLE: Cell<u64> = const { Cell::new(BUSY) };
}

/// The loop on this thread has nothing to do from now on.
pub fn idle(clock: Clock) {
    IDLE.set(clock.ticks());
}

/// It goes on.
pub fn busy() {
    IDLE.set(BUSY);
}

/// The wake-ups of one task. All in ticks; 0 is none.
#[derive(Debug)]
pub struct Pulse {
    clock: Clock,
    /// The first since its last poll, and since when the loop that noticed it had been idle.
    next: AtomicU64,
    idle: AtomicU64,
    /// The one that led to the present poll, and the same.
    woken: AtomicU64,
    woken_idle: AtomicU64,
    /// When its wait is to end by itself.
    due: AtomicU64,
}

// Relaxed throughout: a wake-up happens before the poll it leads to, and polls of one task happen one after another.
impl Pulse {
    /// Of a task that has not been polled yet.
    pub fn new(clock: Clock) -> Self {
        let [idle, woken, woken_idle, due] = [const { AtomicU64::new(0) }; 4];
        Self { clock, next: AtomicU64::new(0), idle, woken, woken_idle, due }
    }

    /// It could go on from now on.
    fn beat(&self) {
        if self.next.load(Ordering::Relaxed) == 0 {
            self.idle.store(IDLE.get(), Ordering::Relaxed);
            self.next.store(self.clock.ticks(), Ordering::Relaxed);
        }
    }

    /// It goes on.
    fn polled(&self) {
        self.woken_idle.store(self.idle.load(Ordering::Relaxed), Ordering::Relaxed);
        self.woken.store(self.next.swap(0, Ordering::Relaxed), Ordering::Relaxed);
    }

    /// It begins to wait: until `due` at most, if that is not 0.
    pub fn wait(&self, due: u64) {
        self.woken.store(0, Ordering::Relaxed);
        self.due.store(due, Ordering::Relaxed);
    }

    /// Since when it could have gone on, if it was woken from this wait.
    pub fn ready_since(&self) -> Option<u64> {
        let woken = self.woken.load(Ordering::Relaxed);
        let (due, idle) = (self.due.load(Ordering::Relaxed), self.woken_idle.load(Ordering::Relaxed));
        let noticed_late = due > 0 && due < woken && due < idle;
        (woken > 0).then_some(if noticed_late { due } else { woken })
    }
}

/// The waker that a task gives away.
struct Waking {
    pulse: Arc<Pulse>,
    task: Waker,
}

impl Wake for Waking {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.pulse.beat();
        self.task.wake_by_ref();
    }
}

/// A task whose wake-ups are stamped.
pub struct Pulsed<F> {
    task: Pin<Box<F>>,
    pulse: Arc<Pulse>,
    /// The loop's own waker of it, and ours.
    wakers: Option<(Waker, Waker)>,
}

impl<F: Future> Pulsed<F> {
    pub fn new(task: F, pulse: Arc<Pulse>) -> Self {
        Self { task: Box::pin(task), pulse, wakers: None }
    }
}

impl<F: Future> Future for Pulsed<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        if !this.wakers.as_ref().is_some_and(|(theirs, _)| theirs.will_wake(context.waker())) {
            let waking = Waking { pulse: Arc::clone(&this.pulse), task: context.waker().clone() };
            this.wakers = Some((context.waker().clone(), Waker::from(Arc::new(waking))));
        }
        this.pulse.polled();
        let ours = this.wakers.as_ref().map_or(Waker::noop(), |(_, ours)| ours);
        this.task.as_mut().poll(&mut Context::from_waker(ours))
    }
}
