//! From ticks of the run's clock to nanoseconds since the run began.

mod course;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use self::course::Course;
use contend_platform::{Clock, Pair};
use contend_trace::Stamp;

/// Between the two readings that the rate is taken from: 2 ms apart, each good to some 20 ns, make 20 parts in a million.
const APART: Duration = Duration::from_millis(2);

/// How good a look at both clocks is, in nanoseconds: far better than what counts as a leap.
const GLANCE: f64 = 1e6;

/// How fast the counter runs on this machine: measured once in the life of a process.
static RATE: OnceLock<f64> = OnceLock::new();

/// The clock of one run; all copies are one. It agrees with `CLOCK_MONOTONIC`, by which the workers sleep and wait: where
/// the counter leaps, because the machine was suspended, the run's time goes on as if nothing had been.
#[derive(Debug, Clone)]
pub struct Timebase {
    clock: Clock,
    tick_nanos: f64,
    course: Arc<Mutex<Course>>,
}

impl Timebase {
    /// The clock of a run that began at tick `origin`. `first` was read some time ago; the later this is called, the less
    /// it has to wait.
    pub fn new(clock: Clock, origin: u64, first: Pair) -> Self {
        let tick_nanos = match clock {
            Clock::Monotonic => 1.0,
            Clock::Counter => *RATE.get_or_init(|| rate(clock, first)),
        };
        Self { clock, tick_nanos, course: Arc::new(Mutex::new(Course::new(tick_nanos, origin, first))) }
    }

    pub const fn tick_nanos(&self) -> f64 {
        self.tick_nanos
    }

    /// The clock's course up to now: places whatever was read before.
    pub fn course(&self) -> Course {
        self.look(Course::clone)
    }

    /// The moment of a tick. What lies before the run is its beginning.
    pub fn stamp(&self, ticks: u64) -> Stamp {
        self.look(|course| course.stamp(ticks))
    }

    /// Now.
    pub fn now(&self) -> Stamp {
        self.look(Course::now)
    }

    fn look<T>(&self, at: impl FnOnce(&Course) -> T) -> T {
        let mut course = self.course.lock().unwrap_or_else(PoisonError::into_inner);
        course.look(self.clock.glance((GLANCE / self.tick_nanos) as u64));
        at(&course)
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
