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

    #[derive(Debug, Clone, Copy)]
    pub struct ReaderBell<'a>(std::marker::PhantomData<&'a ()>);

    impl ReaderBell<'_> {
        #[expect(clippy::unused_self, reason = "no reader sleeps in these tests")]
        pub fn ring(self) {}
    }

    pub mod ring;
    mod wait_slot;
}
