//! The clock that events are stamped with.
#![expect(unsafe_code, reason = "reading the time-stamp counter")]

use rustix::time::{ClockId, clock_gettime};

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
            Self::Counter => unsafe { std::arch::x86_64::_rdtsc() },
            _ => monotonic(),
        }
    }

    /// The time on both clocks at one moment: of several tries the one whose two counter reads lie closest together.
    pub fn pair(self) -> Pair {
        let look = || {
            let before = self.ticks();
            let nanos = monotonic();
            let width = self.ticks().saturating_sub(before);
            (width, Pair { ticks: before + width / 2, nanos })
        };
        (1..16).map(|_| look()).fold(look(), |best, next| if next.0 < best.0 { next } else { best }).1
    }
}

/// `CLOCK_MONOTONIC` in nanoseconds.
fn monotonic() -> u64 {
    let t = clock_gettime(ClockId::Monotonic);
    t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64
}
