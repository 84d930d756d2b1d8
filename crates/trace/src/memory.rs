//! Memory, seen from a scenario.

use serde::{Deserialize, Serialize};

/// Where a counter lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Memory {
    /// In memory that all workers share.
    Shared,
    /// In that of the process: each process has its own copy, threads of one process have one together.
    Private,
    /// In a process of its own that is asked for it.
    Manager,
}

impl Memory {
    pub const ALL: [Self; 3] = [Self::Shared, Self::Private, Self::Manager];

    /// The word used in scenarios.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Private => "private",
            Self::Manager => "manager",
        }
    }
}
