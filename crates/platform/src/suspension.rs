//! How long the machine has been suspended.

use contend_shm::{monotonic, nanos_of, slept_nanos};
use rustix::time::ClockId;

/// Returns by how many nanoseconds the time since the system began is ahead of `CLOCK_MONOTONIC`, which stands still
/// while the machine is suspended: the difference grows by the length of each suspension. Its first value means
/// nothing: a time namespace can set it to anything.
pub fn suspended() -> i64 {
    #[cfg(target_os = "linux")]
    loop {
        let before = monotonic();
        let all = nanos_of(ClockId::Boottime);
        if monotonic() - before < 10_000_000 {
            return slept_nanos() + all.wrapping_sub(before) as i64;
        }
    }
    #[cfg(not(target_os = "linux"))]
    0
}
