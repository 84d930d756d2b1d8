//! Waits for the first of several wake-ups: the waiting part of a `select`.
//!
//! Threads and processes sleep on several words at once in the kernel. Where tasks share the resources, all of them
//! have wait queues, and the worker is in each. No system call sleeps on words and on pipes at once: a worker that
//! waits for both sleeps on the pipes, and looks at the rest every millisecond.

use std::future::poll_fn;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::task::Poll;
use std::time::{Duration, Instant};

use super::wait_queue::{WaitKey, WaitQueue};
use super::wake_counter::WakeCounter;
use crate::block_on::until;
use contend_platform::{wait_for_any, wait_until_any_readable};

/// How often a waiter looks again for what does not wake it.
const SHORT_INTERVAL: Duration = Duration::from_millis(1);

/// How often a waiter at pipes looks again without a wake-up: others may have received what woke it, and it records
/// that ([`super::pipe`]).
const LONG_INTERVAL: Duration = Duration::from_millis(50);

/// What wakes a waiter of one resource.
#[derive(Debug, Clone)]
pub enum WakeSource<'a> {
    /// A change of this word, which had this value.
    Word(&'a AtomicU64, u32),
    Queue(&'a WaitQueue, WakeCounter),
    /// Bytes in a pipe, or its end.
    Pipe(Arc<OwnedFd>),
    /// Nothing: the waiter looks again.
    Unknown,
}

/// A wait that is about to begin: every wake-up from now on ends it. Try all alternatives after it is armed.
#[derive(Debug, Default)]
pub struct ArmedWait<'a> {
    words: Vec<(&'a AtomicU64, u32)>,
    keys: Vec<(&'a WaitQueue, WaitKey)>,
    pipes: Vec<Arc<OwnedFd>>,
    has_unknown: bool,
}

impl<'a> ArmedWait<'a> {
    pub async fn arm(sources: Vec<WakeSource<'a>>) -> Self {
        let mut armed = Self::default();
        for source in sources {
            match source {
                WakeSource::Word(word, value) => armed.words.push((word, value)),
                WakeSource::Queue(wait_queue, wake_counter) => {
                    armed.keys.push((wait_queue, wait_queue.join(wake_counter).await)); // does not wait
                }
                WakeSource::Pipe(pipe) => armed.pipes.push(pipe),
                WakeSource::Unknown => armed.has_unknown = true,
            }
        }
        armed
    }

    /// Waits for a wake-up, until `deadline` at most. It may return without one.
    pub async fn wait(self, deadline: Option<Instant>) {
        let limit = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if !self.pipes.is_empty() || self.has_unknown {
            // No task of an event loop waits here: it would block the loop's thread.
            let is_mixed = self.has_unknown || !self.words.is_empty() || !self.keys.is_empty();
            let longest = if is_mixed { SHORT_INTERVAL } else { LONG_INTERVAL };
            return wait_until_any_readable(&self.pipes, limit.map_or(longest, |limit| limit.min(longest)));
        }
        if self.keys.is_empty() {
            return wait_for_any(&self.words, limit);
        }
        let woken = poll_fn(|context| {
            // Each of them gets the waker.
            let polled = self.keys.iter().map(|(wait_queue, key)| wait_queue.poll_woken(*key, context).is_ready());
            if polled.fold(false, |any, is_woken| any | is_woken) { Poll::Ready(()) } else { Poll::Pending }
        });
        match deadline {
            Some(deadline) => drop(until(deadline, woken).await),
            None => woken.await,
        }
    }
}

impl Drop for ArmedWait<'_> {
    fn drop(&mut self) {
        for (wait_queue, key) in &self.keys {
            wait_queue.remove(*key);
        }
    }
}
