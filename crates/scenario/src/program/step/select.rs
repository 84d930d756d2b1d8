//! The alternatives of a `select`.

use serde::{Deserialize, Serialize};

/// Which alternative runs if several are ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SelectPick {
    /// One at random.
    Fair,
    /// The first in the order written.
    First,
}

impl SelectPick {
    pub const ALL: [Self; 2] = [Self::Fair, Self::First];

    /// Returns the word used in scenarios.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fair => "fair",
            Self::First => "first",
        }
    }
}
