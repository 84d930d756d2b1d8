//! The clock that events are stamped with.
#![expect(unsafe_code, reason = "reading the time-stamp counter")]

use rustix::time::{ClockId, clock_gettime};

use crate::slept_nanos;

/// Where ticks come from. All processes of a run use the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The CPU's invariant time-stamp counter, raw: 9.5 ns a read where `clock_gettime` takes 23.
    Counter,
    /// `CLOCK_MONOTONIC` in nanoseconds.
    Monotonic,
}

/// One moment on both clocks.
#[derive(Debug, Clone, Copy)]
pub struct Pair {
    pub ticks: u64,
    pub nanos: u64,
}

impl Clock {
    /// The best clock that this machine has for the purpose: the counter where the kernel itself keeps time by it (then
    /// it runs at one rate and in step on all cores).
    pub fn best() -> Self {
        let source = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
        let trusted = std::fs::read_to_string(source).is_ok_and(|s| s.trim() == "tsc");
        if cfg!(target_arch = "x86_64") && trusted { Self::Counter } else { Self::Monotonic }
    }

    /// The time now, in ticks.
    #[inline]
    pub fn ticks(self) -> u64 {
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: every x86-64 CPU has the instruction; `best` chose it only where it may be used.
            Self::Counter => slept(unsafe { std::arch::x86_64::_rdtsc() }),
            _ => monotonic(),
        }
    }

    /// The time on both clocks at one moment: of several tries the one whose two counter reads lie closest together.
    pub fn pair(self) -> Pair {
        (1..16).map(|_| self.look()).fold(self.look(), |best, next| if next.0 < best.0 { next } else { best }).1
    }

    /// The same, ten times as fast, good to `within` ticks.
    pub fn glance(self, within: u64) -> Pair {
        loop {
            let (width, pair) = self.look();
            if width <= within {
                return pair;
            }
        }
    }

    /// A try, and how many ticks it took.
    fn look(self) -> (u64, Pair) {
        let before = self.ticks();
        let nanos = monotonic();
        let width = self.ticks().wrapping_sub(before); // one that went backwards is very long
        (width, Pair { ticks: before.wrapping_add(width / 2), nanos })
    }
}

/// `CLOCK_MONOTONIC` in nanoseconds.
pub fn monotonic() -> u64 {
    nanos_of(ClockId::Monotonic)
}

/// Reads a clock of the system, in nanoseconds.
pub fn nanos_of(clock: ClockId) -> u64 {
    let t = clock_gettime(clock);
    t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64
}

/// The counter as a machine would show it that was suspended meanwhile. In a release it is what it is.
#[cfg(target_arch = "x86_64")]
fn slept(ticks: u64) -> u64 {
    ticks.wrapping_add_signed(slept_nanos().saturating_mul(2))
}
