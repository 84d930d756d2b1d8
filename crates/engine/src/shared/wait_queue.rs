//! The waiters of a resource that tasks share, in order of arrival: tasks, and threads among tasks.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use super::wake_counter::WakeCounter;
use crate::block_on::until;
use crate::interrupt;
use crate::recorder::Recorder;
use contend_trace::Cancellation;

/// Used within one process only: another process could not wake the waiters.
#[derive(Debug, Default)]
pub struct WaitQueue {
    list: Mutex<WaitList>,
}

#[derive(Debug, Default)]
struct WaitList {
    /// The number of the next waiter.
    next: u64,
    waiting: BTreeMap<u64, Waiter>,
}

#[derive(Debug)]
struct Waiter {
    wake_counter: WakeCounter,
    waker: Waker,
    /// The recorder of a worker that was killed and keeps its place in line.
    dead: Option<Box<Recorder<'static>>>,
}

/// The number of a worker that waits or is about to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitKey(u64);

/// How a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitEnd {
    Woken,
    GaveUp,
    /// The worker was killed; it keeps its place in line.
    Killed,
}

/// The waiter that a wake-up was for.
#[derive(Debug)]
pub enum WokenWaiter {
    None,
    Alive,
    /// Was killed in line; contains its recorder.
    Dead(Box<Recorder<'static>>),
}

impl WaitQueue {
    fn lock_list(&self) -> MutexGuard<'_, WaitList> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Becomes a waiter: wake-ups from here on count.
    pub async fn join(&self, wake_counter: WakeCounter) -> WaitKey {
        let waker = poll_fn(|context| Poll::Ready(context.waker().clone())).await;
        let mut list = self.lock_list();
        let key = list.next;
        list.next += 1;
        list.waiting.insert(key, Waiter { wake_counter, waker, dead: None });
        WaitKey(key)
    }

    /// Waits for a wake-up, until `deadline` at most or until the worker is cancelled.
    pub async fn wait(&self, key: WaitKey, deadline: Option<Instant>) -> WaitEnd {
        loop {
            let woken = poll_fn(|context| self.poll_woken(key, context));
            let Some(check) = interrupt::next_check(deadline) else {
                woken.await;
                return WaitEnd::Woken;
            };
            if until(check, woken).await.is_some() {
                return WaitEnd::Woken;
            }
            if interrupt::notice() == Some(Cancellation::Kill) {
                return WaitEnd::Killed;
            }
            if interrupt::should_give_up(deadline) {
                // A wake-up that came together with the deadline counts.
                return if self.remove(key) { WaitEnd::GaveUp } else { WaitEnd::Woken };
            }
        }
    }

    /// Whether the waiter was woken; otherwise its next wake-up goes to this context.
    pub fn poll_woken(&self, key: WaitKey, context: &Context<'_>) -> Poll<()> {
        match self.lock_list().waiting.get_mut(&key.0) {
            None => Poll::Ready(()),
            Some(waiter) => {
                waiter.waker.clone_from(context.waker());
                Poll::Pending
            }
        }
    }

    /// Stops waiting. Returns whether no wake-up had come.
    pub fn remove(&self, key: WaitKey) -> bool {
        self.lock_list().waiting.remove(&key.0).is_some()
    }

    /// Leaves the recorder of a killed worker at its place in line. Returns the recorder if a wake-up has come already.
    pub fn leave_in_line(&self, key: WaitKey, recorder: Box<Recorder<'static>>) -> Option<Box<Recorder<'static>>> {
        match self.lock_list().waiting.get_mut(&key.0) {
            Some(waiter) => {
                waiter.dead = Some(recorder);
                None
            }
            None => Some(recorder),
        }
    }

    /// Wakes the first waiter. Returns whether there was one.
    pub fn wake_one(&self, wake_counter: WakeCounter) -> bool {
        !matches!(self.wake_first(wake_counter), WokenWaiter::None)
    }

    /// Wakes the first waiter and returns which it was.
    pub fn wake_first(&self, wake_counter: WakeCounter) -> WokenWaiter {
        let mut list = self.lock_list();
        let first = list.waiting.iter().find(|(_, waiter)| waiter.wake_counter == wake_counter).map(|(key, _)| *key);
        let woken = first.and_then(|key| list.waiting.remove(&key));
        drop(list);
        match woken {
            None => WokenWaiter::None,
            Some(Waiter { dead: Some(recorder), .. }) => WokenWaiter::Dead(recorder),
            Some(waiter) => {
                waiter.waker.wake();
                WokenWaiter::Alive
            }
        }
    }

    /// Wakes all waiters.
    pub fn wake_all(&self, wake_counter: WakeCounter) {
        let mut list = self.lock_list();
        let (woken, others) =
            std::mem::take(&mut list.waiting).into_iter().partition(|(_, waiter)| waiter.wake_counter == wake_counter);
        list.waiting = others;
        drop(list);
        let woken: BTreeMap<u64, Waiter> = woken;
        for waiter in woken.into_values() {
            waiter.waker.wake();
        }
    }
}
