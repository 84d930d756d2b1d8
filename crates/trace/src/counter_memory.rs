//! The kinds of memory that a counter can be in.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// The memory that a counter is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum CounterMemory {
    /// Memory that all workers share.
    Shared,
    /// Memory of the process: each process has its own copy, which its threads share.
    Private,
    /// Memory of a separate process that answers requests for the value.
    Manager,
}

impl CounterMemory {
    /// Every kind of memory, in the order in which scenarios list them.
    pub const ALL: [Self; 3] = [Self::Shared, Self::Private, Self::Manager];

    /// Returns the word used in scenarios.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Private => "private",
            Self::Manager => "manager",
        }
    }
}
