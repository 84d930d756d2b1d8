//! The clock of a run on a cluster: the monotonic clock from the moment on at which all workers are there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use contend_platform::Clock;
use contend_trace::Stamp;

/// A clock that stands at zero until the cluster is ready: starting it takes seconds that are no part of the run.
#[derive(Debug, Clone, Default)]
pub struct ClusterClock {
    /// When the run began, in nanoseconds of the monotonic clock. 0 before that.
    origin: Arc<AtomicU64>,
}

impl ClusterClock {
    /// Starts the clock; it has shown zero until this time of the monotonic clock.
    pub fn start_at(&self, origin: u64) {
        let _ = self.origin.compare_exchange(0, origin.max(1), Ordering::AcqRel, Ordering::Acquire);
    }

    pub fn has_started(&self) -> bool {
        self.origin.load(Ordering::Acquire) != 0
    }

    /// Returns the time of the run.
    pub fn now(&self) -> Stamp {
        self.stamp(Clock::Monotonic.ticks())
    }

    /// Returns the time of the run at this time of the monotonic clock.
    pub fn stamp(&self, nanos: u64) -> Stamp {
        match self.origin.load(Ordering::Acquire) {
            0 => Stamp(0),
            origin => Stamp(nanos.saturating_sub(origin)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_stands_until_it_is_started_and_starts_once() {
        let clock = ClusterClock::default();
        assert_eq!((clock.now(), clock.stamp(99), clock.has_started()), (Stamp(0), Stamp(0), false));
        clock.start_at(50);
        clock.start_at(80);
        assert_eq!((clock.stamp(99), clock.stamp(3), clock.has_started()), (Stamp(49), Stamp(0), true));
    }
}
