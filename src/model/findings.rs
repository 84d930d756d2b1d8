//! What is wrong, in words.

use super::Model;
use crate::trace::{PoolId, ResourceId, Stamp, WorkerId};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Note,
    Warning,
    Error,
}

impl Severity {
    /// The word used in reports and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What a finding speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    Worker(WorkerId),
    Resource(ResourceId),
    Pool(PoolId),
}

/// A sentence about what is wrong, with the recorded evidence and a cure.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub id: &'static str,
    pub severity: Severity,
    pub sentence: String,
    pub evidence: String,
    pub cure: String,
    pub about: Option<About>,
    /// Where to look on the time axis.
    pub at: Option<Stamp>,
}

pub(super) fn all(_model: &Model, _now: Stamp) -> Vec<Finding> {
    Vec::new()
}
