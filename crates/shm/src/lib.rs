//! Memory shared between processes, waits on its words, and the clock that stamps events.
//!
//! The lowest layer: the rings that events travel in need only this crate.

mod accesses;
mod clock;
mod shared_memory;
#[cfg(debug_assertions)]
mod simulated_suspension;
mod thread;

pub use accesses::{Access, Poll, perform_accesses};
pub use clock::{Clock, ClockPair, clock_nanos, monotonic_nanos};
pub use shared_memory::{PAGE_SIZE, SharedMemory, wait_for_any, wait_once, wait_while, wake_all, wake_one};
#[cfg(debug_assertions)]
pub use simulated_suspension::simulated_suspension_nanos;
pub use thread::thread_id;

/// Returns how long a test has simulated a suspension of the machine until now, in nanoseconds: 0 in a release build.
#[cfg(not(debug_assertions))]
#[inline]
pub const fn simulated_suspension_nanos() -> i64 {
    0
}
