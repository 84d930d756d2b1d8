//! Events of contended threads and processes, and the shared memory they travel in.
//!
//! A program records what its workers do (begin and end, wait for a lock, acquire it, sleep, take a task) as [`Event`]s
//! of a closed set of [kinds](EventKind). A reader, in the same process or another one, turns them into a picture.
//! `contend` records its own scenarios with this crate; any other Rust program can use it as well.
//!
//! - The **registry** ([`Registry`]) names everything that takes part: workers, and the locks, queues and other
//!   resources that they share; events contain only its ids. It is complete before the run starts, or open: then a
//!   source sends [`Declared`] entries before their first use.
//! - The **run memory** ([`RunMemory`]) is one piece of shared memory with a ring for each worker. A process
//!   hands it to its children as a file descriptor.
//! - A **ring** ([`Ring`]) carries the events of one worker, 16 bytes each, without a system call or a lock. Nothing is
//!   buffered elsewhere, so the last event before a crash is in the ring. A full ring drops events and counts them:
//!   every recorded event is read or counted as lost. The worker's wait slot, beside its ring, contains what it now
//!   waits for and holds.
//! - A **grant number** ([`Grant`]) is counted inside a lock at each acquisition. It gives the order of the holds of a
//!   lock without comparing clocks; the proof of a deadlock rests on it.
//!
//! [`Trace`] puts these together for a program that records itself: it creates the memory for a registry, gives each
//! thread its [`WorkerWriter`], and reads the events back.
//!
//! ```
//! use std::sync::Mutex;
//!
//! use contend_trace::{ExitKind, LockKind, Registry, ResourceKind, Trace, WorkerKind};
//!
//! let mut registry = Registry::default();
//! let worker = registry.add_worker("worker 1", WorkerKind::Thread);
//! let orders = registry.add_resource("orders", ResourceKind::Mutex { kind: LockKind::Std });
//! let trace = Trace::create(registry)?;
//! let mutex = Mutex::new(Vec::new());
//!
//! std::thread::scope(|scope| {
//!     scope.spawn(|| {
//!         let mut writer = trace.writer(worker).expect("the only writer of this worker");
//!         writer.begin_life();
//!         let mut list = mutex.try_lock().unwrap_or_else(|_| {
//!             writer.wait_for_lock(orders); // before the wait
//!             mutex.lock().expect("no thread panicked")
//!         });
//!         writer.acquired(orders, trace.next_grant(orders)); // inside the lock
//!         list.push("coffee");
//!         let released_at = writer.now(); // inside the lock
//!         drop(list);
//!         writer.released_at(released_at, orders); // after the release
//!         writer.end_life(ExitKind::Finished);
//!     });
//! });
//!
//! let mut names = Vec::new();
//! trace.reader().drain(|event| names.push(event.kind.name()));
//! assert_eq!(names, ["LifeBegan", "Acquired", "Released", "LifeEnded"]);
//! assert_eq!(trace.lost_events(), 0);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! [`Registry::add_mark`] and [`WorkerWriter::mark`] set marks on the time axis: a phase begins, a request was slow.
//!
//! `examples/bank.rs` is a whole program. A program that only records events needs no features (`default-features =
//! false`): `serde` makes the types serializable, and `frame` adds a module that sends rare values over a pipe.
//!
//! This crate does not know what an event means for a picture (see `contend-model`) nor which program causes it.

mod counter_memory;
mod declare;
mod ending;
mod event;
mod finding_id;
pub mod format;
#[cfg(feature = "frame")]
pub mod frame;
mod ids;
mod message;
mod plural;
pub mod printable;
mod reader_bell;
mod record;
mod registry;
mod ring;
mod run_memory;
mod signal;
mod state;
mod time;
mod trace;
mod wait_slot;
mod writer;

use std::sync::atomic::{AtomicU64, fence};

pub use counter_memory::CounterMemory;
pub use declare::{Declared, Evidence, Look, SeenWait, SeenWorker};
pub use ending::{DropReason, ExitKind};
pub use event::{AwaitedResult, Event, EventFamily, EventKind, POLLS_PER_EVENT};
pub use finding_id::FindingId;
pub use ids::{Grant, KnobId, MarkId, PoolId, ResourceId, WorkerId};
pub use message::{Command, DeathCause, Message, Notice, RunEnd, Sample};
pub use plural::plural;
pub use reader_bell::ReaderBell;
pub use record::{EventKindInfo, RECORD_BYTES, Record};
pub use registry::{
    Cancellers, LaneRange, LockCopy, LockKind, PoolInfo, Registry, ResourceInfo, ResourceKind, RwPolicy, Wakers,
    WorkerInfo, WorkerKind,
};
pub use ring::{Cancellation, Ring, RingReader, RingWriter, ring_words};
pub use run_memory::{RunMemory, RunMemorySize};
pub use signal::signal_name;
pub use state::State;
pub use time::{Span, Stamp};
pub use trace::{Trace, TraceReader};
pub use wait_slot::{WaitRecord, WaitSlot, WaitSnapshot};
pub use writer::WorkerWriter;
