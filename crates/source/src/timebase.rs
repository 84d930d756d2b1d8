//! The clock of a run: converts ticks of the counter to nanoseconds since the run began.

mod clock_map;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use self::clock_map::ClockMap;
use contend_platform::{Clock, ClockPair};
use contend_trace::Stamp;

/// Minimum time between the two readings that give the rate: 2 ms apart, each precise to some 20 ns, the error is 20
/// parts per million.
const MIN_RATE_INTERVAL: Duration = Duration::from_millis(2);

/// Required precision of a reading of both clocks, in nanoseconds: far smaller than what counts as a leap.
const READ_PRECISION_NS: f64 = 1e6;

/// Nanoseconds per tick of the counter on this machine, measured once per process.
static TICK_NANOS: OnceLock<f64> = OnceLock::new();

/// The clock of one run, shared by all clones. It agrees with `CLOCK_MONOTONIC`, by which the workers sleep and wait:
/// if the counter leaps because the machine was suspended, the run's time continues without a leap.
#[derive(Debug, Clone)]
pub struct Timebase {
    clock: Clock,
    tick_nanos: f64,
    map: Arc<Mutex<ClockMap>>,
}

impl Timebase {
    /// Creates the clock of a run that began at tick `origin`. `first` is an earlier reading: if it is more than 2 ms
    /// old, this does not have to wait.
    pub fn new(clock: Clock, origin: u64, first: ClockPair) -> Self {
        let tick_nanos = match clock {
            Clock::Monotonic => 1.0,
            Clock::Tsc => *TICK_NANOS.get_or_init(|| measure_tick_nanos(clock, first)),
        };
        Self { clock, tick_nanos, map: Arc::new(Mutex::new(ClockMap::new(tick_nanos, origin, first))) }
    }

    pub const fn tick_nanos(&self) -> f64 {
        self.tick_nanos
    }

    /// Returns the map of ticks up to now, for ticks that were read before.
    pub fn clock_map(&self) -> ClockMap {
        self.with_map(ClockMap::clone)
    }

    /// Returns the time of a tick. Ticks before the run map to its beginning.
    pub fn stamp(&self, ticks: u64) -> Stamp {
        self.with_map(|map| map.stamp(ticks))
    }

    /// Returns the present time of the run.
    pub fn now(&self) -> Stamp {
        self.with_map(ClockMap::now)
    }

    fn with_map<T>(&self, at: impl FnOnce(&ClockMap) -> T) -> T {
        let mut map = self.map.lock().unwrap_or_else(PoisonError::into_inner);
        map.add_reading(self.clock.read_pair_within((READ_PRECISION_NS / self.tick_nanos) as u64));
        at(&map)
    }
}

fn measure_tick_nanos(clock: Clock, first: ClockPair) -> f64 {
    loop {
        let second = clock.read_pair();
        let (nanos, ticks) = (second.nanos.saturating_sub(first.nanos), second.ticks.saturating_sub(first.ticks));
        if nanos >= MIN_RATE_INTERVAL.as_nanos() as u64 && ticks > 0 {
            return nanos as f64 / ticks as f64;
        }
        std::thread::sleep(Duration::from_nanos(
            MIN_RATE_INTERVAL.as_nanos() as u64 - nanos.min(MIN_RATE_INTERVAL.as_nanos() as u64 - 1),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_agrees_with_the_monotonic_clock() {
        let clock = Clock::best();
        let first = clock.read_pair();
        let base = Timebase::new(clock, first.ticks, first);
        let start = clock.read_pair();
        let begin = base.stamp(start.ticks);
        while clock.read_pair().nanos - start.nanos < 20_000_000 {
            std::thread::yield_now();
        }
        let end = clock.read_pair();
        let ours = base.stamp(end.ticks).span_since(begin).0 as f64;
        let theirs = (end.nanos - start.nanos) as f64;
        assert!((ours / theirs - 1.0).abs() < 0.001, "{ours} against {theirs}");
    }
}
