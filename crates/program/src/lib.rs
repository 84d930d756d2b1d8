//! The records of a user's program: read from ring files and a socket, and turned into the messages of a
//! run.
//!
//! A tracer inside the program writes records into mapped files ([`TraceDirectory`]); any other program can write the
//! same words as lines of JSON to a socket ([`LineServer`]). Both give [`TraceRecord`], which the [`Translator`] orders
//! and turns into declarations and events.
//!
//! Everything that comes in is hostile until it is checked: sizes and counts have limits, files are read with `pread`,
//! so that a file that shrinks cannot kill this process, and unknown records are counted and ignored.

mod definition;
mod id;
mod kind;
mod line;
mod runtime_symbol;
mod socket;
mod trace_directory;
mod trace_record;
mod tracer_files;
mod translator;

pub use definition::{Definition, HelloInfo, LaneInfo, ObjectInfo, ObjectKind};
pub use id::Id;
pub use kind::{Flags, Kind};
pub use runtime_symbol::{AddressRange, Runtime, runtime_of};
pub use socket::LineServer;
pub use trace_directory::TraceDirectory;
pub use trace_record::{Counts, Seen, TraceEvent, TraceRecord};
pub use tracer_files::write_tracer;
pub use translator::{FoldedCounts, LaneView, Translator};
