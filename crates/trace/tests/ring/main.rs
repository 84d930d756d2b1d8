//! The ring that events travel in, and the slot beside it: on their own, and in every order that two processors can do
//! things in.

mod alone;
mod orders;
mod slots;

/// Their own source over loom's atomics.
#[allow(dead_code, reason = "what is not part of the way of an event is not tried")]
#[path = "../../src"]
mod trace {
    use contend_trace::{EventKind, RECORD_BYTES, Record, ResourceId, Stamp, State, WorkerId};
    use loom::sync::atomic::{AtomicU64, fence};

    pub mod ring;
    mod slot;
}
