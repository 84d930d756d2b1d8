//! Work that uses a given amount of CPU time.

use std::hint::black_box;

use contend_platform::thread_cpu_nanos;
use contend_trace::RunMemory;

/// Work calibrated for one machine.
#[derive(Debug, Clone, Copy)]
pub struct CpuWork {
    /// Iterations per nanosecond of CPU.
    rate: f64,
}

/// Shorter work is not checked against the thread's CPU clock, whose reads (half a microsecond each) would be a notable
/// share of it.
const MIN_CHECKED_NANOS: f64 = 200_000.0;

impl CpuWork {
    /// Measures the speed of this machine: the best of several short attempts, because other load only slows them.
    pub fn calibrate() -> Self {
        const ITERATIONS: u64 = 60_000; // a clock reading is less than a hundredth of an attempt
        let rate = (0..8)
            .map(|_| {
                let before = thread_cpu_nanos();
                spin(ITERATIONS);
                ITERATIONS as f64 / thread_cpu_nanos().saturating_sub(before).max(1) as f64
            })
            .fold(0.01, f64::max);
        Self { rate }
    }

    /// Returns the work as the runner calibrated it.
    pub fn from_memory(memory: &RunMemory) -> Self {
        Self { rate: memory.work_rate().unwrap_or(1.0) }
    }

    pub const fn rate(self) -> f64 {
        self.rate
    }

    /// Uses `nanos` of CPU time, which takes longer in real time while other threads use the CPU. Ends early once
    /// `should_stop`, which is checked now and then, returns `true`.
    pub fn compute(self, nanos: f64, should_stop: impl Fn() -> bool) {
        if nanos < MIN_CHECKED_NANOS {
            return spin((nanos * self.rate) as u64);
        }
        let until = thread_cpu_nanos() as f64 + nanos;
        loop {
            let left = until - thread_cpu_nanos() as f64;
            if left <= 0.0 || should_stop() {
                return;
            }
            // Most of the rest, at least 5 µs and at most 1 ms, then check the clock again.
            spin(((left * 0.9).clamp(5_000.0, 1e6).min(left) * self.rate) as u64);
        }
    }
}

/// Runs a chain of multiplications that no optimiser can shorten and no core can run in parallel.
fn spin(iterations: u64) {
    let mut x = black_box(1_u64);
    for _ in 0..iterations {
        x = black_box(x.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (x >> 29));
    }
    black_box(x);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_takes_the_cpu_time_asked_for() {
        let work = CpuWork::calibrate();
        for nanos in [500_000.0, 5_000_000.0] {
            let before = thread_cpu_nanos();
            work.compute(nanos, || false);
            let took = thread_cpu_nanos().saturating_sub(before) as f64;
            assert!(took >= nanos, "{took} of {nanos}");
            assert!(took < nanos * 3.0, "{took} of {nanos}");
        }
    }
}
