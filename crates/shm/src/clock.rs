//! The clock that stamps events.
#![expect(unsafe_code, reason = "reading the time-stamp counter")]

use rustix::time::{ClockId, clock_gettime};

use crate::simulated_suspension_nanos;

/// The source of ticks. All processes of a run use the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The CPU's invariant time-stamp counter, raw: a read takes 9.5 ns, `clock_gettime` takes 23 ns.
    Tsc,
    /// `CLOCK_MONOTONIC` in nanoseconds.
    Monotonic,
}

/// One moment on both clocks.
#[derive(Debug, Clone, Copy)]
pub struct ClockPair {
    pub ticks: u64,
    pub nanos: u64,
}

impl Clock {
    /// Returns the best clock of this machine: the time-stamp counter if the kernel itself keeps time by it, since it
    /// then runs at one rate and in step on all cores.
    pub fn best() -> Self {
        let source = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
        let trusted = std::fs::read_to_string(source).is_ok_and(|s| s.trim() == "tsc");
        if cfg!(target_arch = "x86_64") && trusted { Self::Tsc } else { Self::Monotonic }
    }

    /// Returns the time now, in ticks.
    #[inline]
    pub fn ticks(self) -> u64 {
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: every x86-64 CPU has the instruction; `best` chooses it only where it may be used.
            Self::Tsc => add_simulated_suspension(unsafe { std::arch::x86_64::_rdtsc() }),
            _ => monotonic_nanos(),
        }
    }

    /// Reads both clocks at one moment. Of 16 attempts it returns the one whose two counter reads are closest together.
    pub fn read_pair(self) -> ClockPair {
        (1..16)
            .map(|_| self.try_read_pair())
            .fold(self.try_read_pair(), |best, next| if next.0 < best.0 { next } else { best })
            .1
    }

    /// Reads both clocks at one moment, exact to `within` ticks; ten times as fast as [`Clock::read_pair`].
    pub fn read_pair_within(self, within: u64) -> ClockPair {
        loop {
            let (width, pair) = self.try_read_pair();
            if width <= within {
                return pair;
            }
        }
    }

    /// Makes one attempt. Returns how many ticks it took, too.
    fn try_read_pair(self) -> (u64, ClockPair) {
        let before = self.ticks();
        let nanos = monotonic_nanos();
        let width = self.ticks().wrapping_sub(before); // very large if the counter went backwards
        (width, ClockPair { ticks: before.wrapping_add(width / 2), nanos })
    }
}

/// Returns `CLOCK_MONOTONIC` in nanoseconds.
#[inline]
pub fn monotonic_nanos() -> u64 {
    clock_nanos(ClockId::Monotonic)
}

/// Returns the time of a system clock in nanoseconds.
#[inline]
pub fn clock_nanos(clock: ClockId) -> u64 {
    let t = clock_gettime(clock);
    t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64
}

/// Returns the counter as it would read after the suspension that a test simulates. A release build changes nothing.
#[cfg(target_arch = "x86_64")]
#[inline]
fn add_simulated_suspension(ticks: u64) -> u64 {
    ticks.wrapping_add_signed(simulated_suspension_nanos().saturating_mul(2))
}
