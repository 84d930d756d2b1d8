//! Tests of the ring that carries events, and of the wait slot beside it: sequentially, with real threads, and in every
//! interleaving of two threads.

mod interleavings;
mod sequential;
mod wait_slots;

/// The source of ring and wait slot, compiled over loom's atomics.
#[allow(dead_code, reason = "these tests use only the path of an event")]
#[path = "../../src"]
mod trace {
    use contend_trace::{EventKind, RECORD_BYTES, Record, ResourceId, Stamp, State, WorkerId};
    use loom::sync::atomic::{AtomicU64, fence};

    pub mod ring;
    mod wait_slot;
}
