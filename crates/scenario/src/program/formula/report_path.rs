//! Paths into the JSON report: `pools[work].response_ms.p99`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The path of one member of the JSON report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReportPath {
    pub segments: Vec<PathSegment>,
    pub value: ReportValue,
    /// Factor from the member's unit to base units.
    pub scale: f64,
}

/// What a member of the report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReportValue {
    Number,
    /// A word, or true or false.
    Word,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PathSegment {
    Member(String),
    /// The element of a list at this position, from 0.
    Index(usize),
    /// The element of a list with this name.
    Named(String),
    /// The number of elements of a list.
    Length,
}

/// Counts that the speed of a run does not change: `list.member`, or all members of a list.
const EXACT_COUNTS: [&str; 14] = [
    "counters",
    "deadlocks",
    "failures",
    "locks.orphaned",
    "pools.cancelled",
    "pools.failed",
    "pools.lost",
    "pools.retried",
    "pools.stolen",
    "pools.unseen",
    "stalls",
    "workers.lives",
    "events.lost",
    "events.anomalies",
];

impl ReportPath {
    pub const fn is_word(&self) -> bool {
        matches!(self.value, ReportValue::Word)
    }

    /// Whether the member depends on the cores that a run gets.
    pub(super) fn needs_cores(&self) -> bool {
        let members = self.segments.iter().filter_map(|segment| match segment {
            PathSegment::Member(name) => Some(name.as_str()),
            _ => None,
        });
        let members: Vec<&str> = members.take(2).collect();
        let joined = members.join(".");
        !EXACT_COUNTS.iter().any(|exact| *exact == joined || members.first() == Some(exact))
    }
}

impl fmt::Display for ReportPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.segments.iter().enumerate() {
            match segment {
                PathSegment::Member(name) if at == 0 => write!(f, "{name}")?,
                PathSegment::Member(name) => write!(f, ".{name}")?,
                PathSegment::Index(index) => write!(f, "[{index}]")?,
                PathSegment::Named(name) => write!(f, "[{name}]")?,
                PathSegment::Length => write!(f, ".length")?,
            }
        }
        Ok(())
    }
}
