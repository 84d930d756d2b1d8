//! From ticks of the run's clock to nanoseconds since the run began.

use std::sync::OnceLock;
use std::time::Duration;

use crate::platform::{Clock, Pair};
use crate::trace::Stamp;

/// Between the two readings that the rate is taken from: 2 ms apart, each good to some 20 ns, make 20 parts in a million.
const APART: Duration = Duration::from_millis(2);

/// How fast the counter runs on this machine: measured once in the life of a process.
static RATE: OnceLock<f64> = OnceLock::new();

/// The clock of one run.
#[derive(Debug, Clone, Copy)]
pub struct Timebase {
    clock: Clock,
    origin: u64,
    tick_nanos: f64,
}

impl Timebase {
    /// The clock of a run that began at tick `origin`. `first` was read some time ago; the later this is called, the less
    /// it has to wait.
    pub fn new(clock: Clock, origin: u64, first: Pair) -> Self {
        let tick_nanos = match clock {
            Clock::Monotonic => 1.0,
            Clock::Counter => *RATE.get_or_init(|| rate(clock, first)),
        };
        Self { clock, origin, tick_nanos }
    }

    pub const fn tick_nanos(self) -> f64 {
        self.tick_nanos
    }

    /// The moment of a tick. What lies before the run is its beginning.
    #[inline]
    pub fn stamp(self, ticks: u64) -> Stamp {
        Stamp((ticks.saturating_sub(self.origin) as f64 * self.tick_nanos) as u64)
    }

    /// Now.
    pub fn now(self) -> Stamp {
        self.stamp(self.clock.ticks())
    }
}

fn rate(clock: Clock, first: Pair) -> f64 {
    loop {
        let second = clock.pair();
        let (nanos, ticks) = (second.nanos.saturating_sub(first.nanos), second.ticks.saturating_sub(first.ticks));
        if nanos >= APART.as_nanos() as u64 && ticks > 0 {
            return nanos as f64 / ticks as f64;
        }
        std::thread::sleep(Duration::from_nanos(APART.as_nanos() as u64 - nanos.min(APART.as_nanos() as u64 - 1)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_agrees_with_the_kernels() {
        let clock = Clock::best();
        let first = clock.pair();
        let base = Timebase::new(clock, first.ticks, first);
        let start = clock.pair();
        let begin = base.stamp(start.ticks);
        while clock.pair().nanos - start.nanos < 20_000_000 {
            std::thread::yield_now();
        }
        let end = clock.pair();
        let ours = base.stamp(end.ticks).since(begin).0 as f64;
        let theirs = (end.nanos - start.nanos) as f64;
        assert!((ours / theirs - 1.0).abs() < 0.001, "{ours} against {theirs}");
    }
}
