//! Those who wait for a resource's bells without blocking a thread: tasks, and threads among tasks. In order of arrival.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Instant;

use super::wake_counter::WakeCounter;

/// Within one process only: nobody else could wake them.
#[derive(Debug, Default)]
pub struct WaitQueue {
    list: Mutex<WaitList>,
}

#[derive(Debug, Default)]
struct WaitList {
    /// The number of the next who comes.
    next: u64,
    waiting: BTreeMap<u64, (WakeCounter, Waker)>,
}

/// One who sleeps, or is about to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitKey(u64);

impl WaitQueue {
    fn lock_list(&self) -> MutexGuard<'_, WaitList> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lies down: a bell that is rung from here on counts.
    pub async fn join(&self, wake_counter: WakeCounter) -> WaitKey {
        let waker = poll_fn(|context| Poll::Ready(context.waker().clone())).await;
        let mut list = self.lock_list();
        let place = list.next;
        list.next += 1;
        list.waiting.insert(place, (wake_counter, waker));
        WaitKey(place)
    }

    /// Sleeps until the bell is rung, until `deadline` at most. Whether it was rung.
    pub async fn wait(&self, place: WaitKey, deadline: Option<Instant>) -> bool {
        let rung = poll_fn(|context| match self.lock_list().waiting.get_mut(&place.0) {
            None => Poll::Ready(()),
            Some((_, waker)) => {
                waker.clone_from(context.waker());
                Poll::Pending
            }
        });
        let Some(deadline) = deadline else {
            rung.await;
            return true;
        };
        // Late, it may have been rung all the same, and then it counts.
        tokio::time::timeout_at(deadline.into(), rung).await.is_ok() || !self.remove(place)
    }

    /// Gets up without having slept. Whether the bell had not been rung for it.
    pub fn remove(&self, place: WaitKey) -> bool {
        self.lock_list().waiting.remove(&place.0).is_some()
    }

    /// Wakes the first who waits for the bell. Whether anyone did.
    pub fn wake_one(&self, wake_counter: WakeCounter) -> bool {
        let mut list = self.lock_list();
        let first = list.waiting.iter().find(|(_, (wanted, _))| *wanted == wake_counter).map(|(place, _)| *place);
        let woken = first.and_then(|place| list.waiting.remove(&place));
        drop(list);
        woken.is_some_and(|(_, waker)| {
            waker.wake();
            true
        })
    }

    /// Wakes all who wait for the bell.
    pub fn wake_all(&self, wake_counter: WakeCounter) {
        let mut list = self.lock_list();
        let (woken, asleep) =
            std::mem::take(&mut list.waiting).into_iter().partition(|(_, (wanted, _))| *wanted == wake_counter);
        list.waiting = asleep;
        drop(list);
        let woken: BTreeMap<u64, (WakeCounter, Waker)> = woken;
        for (_, waker) in woken.into_values() {
            waker.wake();
        }
    }
}
