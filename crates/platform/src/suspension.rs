//! The time that the machine has spent suspended.

use contend_shm::{clock_nanos, monotonic_nanos, simulated_suspension_nanos};
use rustix::time::ClockId;

/// Returns by how many nanoseconds `CLOCK_BOOTTIME` is ahead of `CLOCK_MONOTONIC`, which stands still while the machine
/// is suspended. The difference grows by the length of each suspension; its first value means nothing, since a time
/// namespace can set it to anything.
pub fn suspended_nanos() -> i64 {
    loop {
        let before = monotonic_nanos();
        let since_boot = clock_nanos(ClockId::Boottime);
        if monotonic_nanos() - before < 10_000_000 {
            return simulated_suspension_nanos() + since_boot.wrapping_sub(before) as i64;
        }
    }
}
