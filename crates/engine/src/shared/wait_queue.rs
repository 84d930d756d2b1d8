//! The waiters of a resource that tasks share, in order of arrival: tasks, and threads among tasks.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use super::wake_counter::WakeCounter;

/// Used within one process only: another process could not wake the waiters.
#[derive(Debug, Default)]
pub struct WaitQueue {
    list: Mutex<WaitList>,
}

#[derive(Debug, Default)]
struct WaitList {
    /// The number of the next waiter.
    next: u64,
    waiting: BTreeMap<u64, (WakeCounter, Waker)>,
}

/// The number of a worker that waits or is about to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitKey(u64);

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
        list.waiting.insert(key, (wake_counter, waker));
        WaitKey(key)
    }

    /// Waits for a wake-up, until `deadline` at most. Returns whether it came.
    pub async fn wait(&self, key: WaitKey, deadline: Option<Instant>) -> bool {
        let woken = poll_fn(|context| self.poll_woken(key, context));
        let Some(deadline) = deadline else {
            woken.await;
            return true;
        };
        // A wake-up that came together with the deadline counts.
        tokio::time::timeout_at(deadline.into(), woken).await.is_ok() || !self.remove(key)
    }

    /// Whether the waiter was woken; otherwise its next wake-up goes to this context.
    pub fn poll_woken(&self, key: WaitKey, context: &Context<'_>) -> Poll<()> {
        match self.lock_list().waiting.get_mut(&key.0) {
            None => Poll::Ready(()),
            Some((_, waker)) => {
                waker.clone_from(context.waker());
                Poll::Pending
            }
        }
    }

    /// Stops waiting. Returns whether no wake-up had come.
    pub fn remove(&self, key: WaitKey) -> bool {
        self.lock_list().waiting.remove(&key.0).is_some()
    }

    /// Wakes the first waiter. Returns whether there was one.
    pub fn wake_one(&self, wake_counter: WakeCounter) -> bool {
        let mut list = self.lock_list();
        let first = list.waiting.iter().find(|(_, (wanted, _))| *wanted == wake_counter).map(|(key, _)| *key);
        let woken = first.and_then(|key| list.waiting.remove(&key));
        drop(list);
        woken.is_some_and(|(_, waker)| {
            waker.wake();
            true
        })
    }

    /// Wakes all waiters.
    pub fn wake_all(&self, wake_counter: WakeCounter) {
        let mut list = self.lock_list();
        let (woken, others) =
            std::mem::take(&mut list.waiting).into_iter().partition(|(_, (wanted, _))| *wanted == wake_counter);
        list.waiting = others;
        drop(list);
        let woken: BTreeMap<u64, (WakeCounter, Waker)> = woken;
        for (_, waker) in woken.into_values() {
            waker.wake();
        }
    }
}
