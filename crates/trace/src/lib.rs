//! Ids, times, the closed set of events, and the rings and frames they travel in.
//!
//! Everything that is known of a run passes through the types of this module. It does not know what an event means for a
//! picture (that is `model`) nor who causes it (that is `engine`).

mod counter_memory;
mod event;
pub mod format;
pub mod frame;
mod ids;
mod message;
mod plural;
mod record;
mod registry;
mod ring;
mod run_memory;
mod signal;
mod state;
mod time;
mod wait_slot;

use std::sync::atomic::{AtomicU64, fence};

pub use counter_memory::CounterMemory;
pub use event::{AwaitedResult, DropReason, Event, EventKind, ExitKind, POLLS_PER_EVENT};
pub use ids::{Grant, KnobId, PoolId, ResourceId, WorkerId};
pub use message::{Command, DeathCause, Message, Notice, RunEnd, Sample};
pub use plural::plural;
pub use record::{RECORD_BYTES, Record};
pub use registry::{
    LaneRange, LockKind, PoolInfo, Registry, ResourceInfo, ResourceKind, RwPolicy, Wakers, WorkerInfo, WorkerKind,
};
pub use ring::{Ring, RingReader, RingWriter, ring_words};
pub use run_memory::{RunMemory, RunMemorySize};
pub use signal::signal_name;
pub use state::State;
pub use time::{Span, Stamp};
pub use wait_slot::{WaitRecord, WaitSlot, WaitSnapshot};
