//! How often the reader of a run reads, as the program that shows the run wants it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Longest interval if nothing else is wanted. Each wake-up of the reader costs the workers on its core some 13 µs: 25
/// times a second is negligible, 1,000 times is 1.3 %.
const DEFAULT_INTERVAL: Duration = Duration::from_millis(40);

/// Bounds of the interval: a reader that sleeps for longer would lose events of workers that become faster.
const INTERVALS: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));

/// Shared by the reader and the program that shows the run.
#[derive(Debug)]
pub struct ReadingPace {
    /// Longest interval, in nanoseconds.
    interval: AtomicU64,
    /// Whether nobody looks at the newest events.
    is_unwatched: AtomicBool,
}

impl Default for ReadingPace {
    fn default() -> Self {
        Self { interval: AtomicU64::new(DEFAULT_INTERVAL.as_nanos() as u64), is_unwatched: AtomicBool::new(false) }
    }
}

impl ReadingPace {
    /// Returns the longest time between two readings.
    pub fn interval(&self) -> Duration {
        Duration::from_nanos(self.interval.load(Ordering::Relaxed))
    }

    /// Whether the dashboard shows the newest events.
    pub fn is_watched(&self) -> bool {
        !self.is_unwatched.load(Ordering::Relaxed)
    }

    /// Sets whether the dashboard shows the newest events. If not, they are read when a ring becomes half full.
    pub fn set_watched(&self, is_watched: bool) {
        self.is_unwatched.store(!is_watched, Ordering::Relaxed);
    }

    /// Sets the longest time between two readings, within bounds.
    pub fn set_interval(&self, interval: Duration) {
        let (least, most) = INTERVALS;
        self.interval.store(interval.clamp(least, most).as_nanos() as u64, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interval_stays_within_its_bounds() {
        let pace = ReadingPace::default();
        assert_eq!(pace.interval(), DEFAULT_INTERVAL);
        pace.set_interval(Duration::from_secs(9));
        assert_eq!(pace.interval(), INTERVALS.1);
        pace.set_interval(Duration::ZERO);
        assert_eq!(pace.interval(), INTERVALS.0);
    }
}
