//! Ids, times, the closed set of events, and the rings and frames they travel in.
//!
//! Everything that is known of a run passes through the types of this module. It does not know what an event means for a
//! picture (that is `model`) nor who causes it (that is `engine`).

mod board;
mod cast;
mod event;
pub mod frame;
mod ids;
mod memory;
mod message;
mod plural;
mod record;
mod ring;
mod signal;
mod slot;
mod state;
mod time;

use std::sync::atomic::{AtomicU64, fence};

pub use board::{Board, BoardSize};
pub use cast::{Cast, Lanes, LockKind, PoolInfo, ResourceInfo, ResourceKind, RwPolicy, Wakers, WorkerInfo, WorkerKind};
pub use event::{Awaited, Event, EventKind, Fate, How, POLLS};
pub use ids::{Grant, KnobId, PoolId, ResourceId, WorkerId};
pub use memory::Memory;
pub use message::{Command, Death, Message, Notice, RunEnd, Sample};
pub use plural::plural;
pub use record::{RECORD_BYTES, Record};
pub use ring::{Ring, RingReader, RingWriter, ring_words};
pub use signal::signal_name;
pub use slot::{Slot, Snapshot, Standing};
pub use state::State;
pub use time::{Span, Stamp};
