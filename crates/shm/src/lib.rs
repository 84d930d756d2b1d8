//! Memory that several processes share, waits on its words, and the clock that they stamp events with.
//!
//! The lowest layer: the trace rings stand on it, and nothing else is needed to write events.

mod clock;
mod shared_memory;
#[cfg(debug_assertions)]
mod simulated_suspension;

pub use clock::{Clock, ClockPair, clock_nanos, monotonic_nanos};
pub use shared_memory::{PAGE_SIZE, SharedMemory, wait_once, wait_while, wake_all, wake_one};
#[cfg(debug_assertions)]
pub use simulated_suspension::simulated_suspension_nanos;

/// Returns for how long a test has the machine suspended until now, in nanoseconds: 0 in a release.
#[cfg(not(debug_assertions))]
pub const fn simulated_suspension_nanos() -> i64 {
    0
}
