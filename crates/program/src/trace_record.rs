//! The records of a program, read but not yet interpreted.

use super::definition::Definition;
use super::id::Id;
use super::kind::{Flags, Kind};

/// A record of a program.
#[derive(Debug, Clone, PartialEq)]
pub enum TraceRecord {
    Definition(Definition),
    Event(TraceEvent),
    /// So many events of a lane are missing before its next one. Without a lane: of some lane.
    Lost {
        at: u64,
        lane: Id,
        count: u64,
    },
    /// What the system says about a lane at one moment.
    Seen {
        at: u64,
        lane: Id,
        seen: Seen,
    },
}

impl TraceRecord {
    /// Returns its time in nanoseconds of the monotonic clock. Definitions count before everything else.
    pub const fn at(&self) -> u64 {
        match self {
            Self::Definition(_) => 0,
            Self::Event(TraceEvent { at, .. }) | Self::Lost { at, .. } | Self::Seen { at, .. } => *at,
        }
    }
}

/// An action of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceEvent {
    /// Nanoseconds of the monotonic clock.
    pub at: u64,
    pub lane: Id,
    pub kind: Kind,
    pub object: Id,
    pub arg: u64,
    pub flags: Flags,
}

/// What the system says about a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Seen {
    /// On a CPU, or ready for one.
    Running,
    /// Waits for the interpreter's lock, which this lane has; `Id::None` if it is unknown who has it.
    Gil { holder: Id },
    /// Sleeps for a time that it chose.
    Sleep,
    /// Waits for a file, a socket or a child.
    Io,
    /// Sleeps on a futex that is not the interpreter's lock, or for a reason that the system does not tell. Its own
    /// records say why, if it has any.
    Asleep,
    /// The system says nothing useful.
    Unknown,
}

/// What could not be read or understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub events: u64,
    /// Records that were overwritten before they were read.
    pub lost: u64,
    /// Kinds of records that this version does not know.
    pub unknown_kinds: u64,
    /// Lines that are no JSON, or say something that this version does not know.
    pub unknown_lines: u64,
    /// Files that are no rings of this version.
    pub refused_files: u64,
    /// Definitions that the program had no room for.
    pub lost_definitions: u64,
}

impl Counts {
    pub const fn add(&mut self, other: Self) {
        self.events += other.events;
        self.lost += other.lost;
        self.unknown_kinds += other.unknown_kinds;
        self.unknown_lines += other.unknown_lines;
        self.refused_files += other.refused_files;
        self.lost_definitions += other.lost_definitions;
    }
}
