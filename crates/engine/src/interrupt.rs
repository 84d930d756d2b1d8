//! Whether the worker that runs on the present thread was cancelled: its waits look at this as they look at the clock.
//!
//! As for `Thread.interrupted` in Java and `pthread_testcancel`, the flag belongs to the thread. The thread of an event
//! loop has that of the task which it polls.

use std::cell::Cell;
use std::time::{Duration, Instant};

use contend_trace::{Cancellation, Ring};

/// The longest time after which a wait notices that its worker was cancelled.
const SLICE: Duration = Duration::from_millis(5);

thread_local! {
    /// The ring of the present worker, if others may cancel it.
    static PRESENT: Cell<Option<Ring<'static>>> = const { Cell::new(None) };
    /// Whether a wait of the present worker has noticed that the worker was cancelled.
    static HAS_NOTICED: Cell<bool> = const { Cell::new(false) };
}

/// Sets the ring of the worker that runs on this thread from now on; `None` if no worker may cancel it. Returns the
/// former one.
pub fn set_present(ring: Option<Ring<'static>>) -> Option<Ring<'static>> {
    HAS_NOTICED.set(false);
    PRESENT.replace(ring)
}

/// Whether a wait ended because the present worker was cancelled.
pub fn has_noticed() -> bool {
    HAS_NOTICED.get()
}

/// Returns how the present worker was cancelled, if it was: then its wait ends.
pub fn notice() -> Option<Cancellation> {
    let how = PRESENT.get().and_then(Ring::cancellation);
    if how.is_some() {
        HAS_NOTICED.set(true);
    }
    how
}

/// Returns when a wait until `deadline` must look again whether its worker was cancelled.
pub fn next_check(deadline: Option<Instant>) -> Option<Instant> {
    if PRESENT.get().is_none() {
        return deadline;
    }
    let check = Instant::now() + SLICE;
    Some(deadline.map_or(check, |deadline| deadline.min(check)))
}

/// Whether a wait until `deadline` is over, or its worker was cancelled.
pub fn should_give_up(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| Instant::now() >= deadline) || notice().is_some()
}
