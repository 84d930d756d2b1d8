//! What the sections of a recording hold.
//!
//! A file begins with [`FILE_MAGIC`] and the format's version. Then follow a header, sections of messages, an end, and
//! the place of the end. A file without its end is read up to where it was cut.

use serde::{Deserialize, Serialize};

use contend_platform::Machine;
use contend_scenario::{Scenario, Settings};
use contend_trace::{Registry, RunEnd, Span, Stamp};

/// The first bytes of a file.
pub const FILE_MAGIC: [u8; 16] = *b"contend record\r\n";

/// The version of the format. It changes with every change of a type that a recording holds: [`RunDescription`],
/// [`FileEnd`], [`Message`](contend_trace::Message), and all that they contain.
pub const FORMAT_VERSION: u32 = 5;

/// The oldest version that can be read. Whatever changes a type other than by a variant after all others, or by a field
/// of an event whose bits were 0, raises it to [`FORMAT_VERSION`].
pub const OLDEST_VERSION: u32 = 2;

/// The last bytes of a complete file, after the place of the end.
pub const END_MAGIC: [u8; 8] = *b"ctnd end";

/// The description of a recorded run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunDescription {
    /// The version of the program that wrote the file.
    pub program_version: String,
    pub title: String,
    pub machine: Machine,
    pub registry: Registry,
    /// The scenario and its settings, for a run of a scenario.
    pub run: Option<(Scenario, Settings)>,
    pub time_limit: Option<Span>,
    /// The moment at which the recording begins: the last one with missing events. `None` for the run's beginning.
    pub begins_at: Option<Stamp>,
}

/// The end of a recorded run, as its observer decided it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conclusion {
    pub at: Stamp,
    pub ended: RunEnd,
    /// The signal that ended the run.
    pub signal: Option<i32>,
}

/// The end of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEnd {
    pub sections: Vec<IndexEntry>,
    /// `None` if the recording ended before the run.
    pub conclusion: Option<Conclusion>,
}

/// A section of messages, as the end of the file lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexEntry {
    /// The place of the section in the file, in bytes.
    pub offset: u64,
    pub first: Stamp,
    pub last: Stamp,
    pub events: u64,
}
