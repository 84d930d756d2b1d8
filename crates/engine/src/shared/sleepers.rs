//! Those who wait for a resource's bells without blocking a thread: tasks, and threads among tasks. In order of arrival.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Instant;

use super::monitor::Bell;

/// Within one process only: nobody else could wake them.
#[derive(Debug, Default)]
pub struct Sleepers {
    list: Mutex<List>,
}

#[derive(Debug, Default)]
struct List {
    /// The number of the next who comes.
    next: u64,
    asleep: BTreeMap<u64, (Bell, Waker)>,
}

/// One who sleeps, or is about to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(u64);

impl Sleepers {
    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lies down: a bell that is rung from here on counts.
    pub async fn join(&self, bell: Bell) -> Place {
        let waker = poll_fn(|context| Poll::Ready(context.waker().clone())).await;
        let mut list = self.list();
        let place = list.next;
        list.next += 1;
        list.asleep.insert(place, (bell, waker));
        Place(place)
    }

    /// Sleeps until the bell is rung, until `deadline` at most. Whether it was rung.
    pub async fn sleep(&self, place: Place, deadline: Option<Instant>) -> bool {
        let rung = poll_fn(|context| match self.list().asleep.get_mut(&place.0) {
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
        tokio::time::timeout_at(deadline.into(), rung).await.is_ok() || !self.leave(place)
    }

    /// Gets up without having slept. Whether the bell had not been rung for it.
    pub fn leave(&self, place: Place) -> bool {
        self.list().asleep.remove(&place.0).is_some()
    }

    /// Wakes the first who waits for the bell. Whether anyone did.
    pub fn wake_one(&self, bell: Bell) -> bool {
        let mut list = self.list();
        let first = list.asleep.iter().find(|(_, (wanted, _))| *wanted == bell).map(|(place, _)| *place);
        let woken = first.and_then(|place| list.asleep.remove(&place));
        drop(list);
        woken.is_some_and(|(_, waker)| {
            waker.wake();
            true
        })
    }

    /// Wakes all who wait for the bell.
    pub fn wake_all(&self, bell: Bell) {
        let mut list = self.list();
        let (woken, asleep) =
            std::mem::take(&mut list.asleep).into_iter().partition(|(_, (wanted, _))| *wanted == bell);
        list.asleep = asleep;
        drop(list);
        let woken: BTreeMap<u64, (Bell, Waker)> = woken;
        for (_, waker) in woken.into_values() {
            waker.wake();
        }
    }
}
