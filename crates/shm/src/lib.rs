//! Memory that several processes share, waits on its words, and the clock that they stamp events with.
//!
//! The lowest layer: the trace rings stand on it, and nothing else is needed to write events.

mod clock;
mod shared;
#[cfg(debug_assertions)]
mod suspended;

pub use clock::{Clock, Pair, monotonic, nanos_of};
pub use shared::{PAGE, Shared, wait_once, wait_while, wake_all, wake_one};
#[cfg(debug_assertions)]
pub use suspended::slept_nanos;

/// Nanoseconds by which a test has the machine suspended so far: 0 in a release.
#[cfg(not(debug_assertions))]
pub const fn slept_nanos() -> i64 {
    0
}
