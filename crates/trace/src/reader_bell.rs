//! The word on which a reader sleeps that reads only when it must.

use std::sync::atomic::{Ordering, fence};
use std::time::Duration;

use super::AtomicU64;
use contend_shm::{wait_once, wake_all};

const AWAKE: u64 = 0;
const ASLEEP: u64 = 1;

/// Wakes a reader that sleeps until a ring is half full. While the reader is awake, ringing costs a load.
#[derive(Debug, Clone, Copy)]
pub struct ReaderBell<'a>(&'a AtomicU64);

impl<'a> ReaderBell<'a> {
    pub const fn new(word: &'a AtomicU64) -> Self {
        Self(word)
    }

    /// Announces that the reader is about to sleep. It then looks once more at what it sleeps for: whatever happens
    /// after that look rings the bell.
    pub fn arm(self) {
        self.0.store(ASLEEP, Ordering::Relaxed);
        fence(Ordering::SeqCst); // before the look, as a producer's record is before its look at the bell
    }

    /// Sleeps until the bell rings, for `limit` at most. Returns at once if it has rung since [`ReaderBell::arm`].
    pub fn wait(self, limit: Duration) {
        wait_once(self.0, ASLEEP as u32, Some(limit));
        self.disarm();
    }

    /// Withdraws the announcement.
    pub fn disarm(self) {
        self.0.store(AWAKE, Ordering::Relaxed);
    }

    /// Wakes the reader if it sleeps.
    pub fn ring(self) {
        fence(Ordering::SeqCst);
        // Relaxed: the fence orders it.
        if self.0.load(Ordering::Relaxed) == ASLEEP && self.0.swap(AWAKE, Ordering::Relaxed) == ASLEEP {
            wake_all(self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn ring_before_the_sleep_is_not_missed_and_one_during_it_ends_it() {
        let word = AtomicU64::new(0);
        let (bell, begun) = (ReaderBell::new(&word), Instant::now());
        bell.arm();
        bell.ring();
        bell.wait(LONG);
        bell.arm();
        std::thread::scope(|scope| {
            scope.spawn(|| bell.ring());
            bell.wait(LONG);
        });
        assert!(begun.elapsed() < LONG, "{:?}", begun.elapsed());
        bell.ring(); // nobody sleeps
        assert_eq!(word.load(Ordering::Relaxed), AWAKE);
    }
}
