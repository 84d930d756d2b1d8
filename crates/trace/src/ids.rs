//! Every id is its own type, so that a worker cannot be taken for a lock.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        pub struct $name(pub u16);

        impl $name {
            /// The id as an index into the table of its kind in the [`Cast`](super::Cast).
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl From<usize> for $name {
            /// Ids above 65,535 do not exist: tables are limited when a scenario is checked.
            fn from(index: usize) -> Self {
                Self(u16::try_from(index).unwrap_or(u16::MAX))
            }
        }
    };
}

id!(
    /// One lane: a thread, a process or a task that runs steps.
    WorkerId
);
id!(
    /// What workers share and wait for: a lock, a queue, a counter.
    ResourceId
);
id!(
    /// Workers fed from one queue.
    PoolId
);
id!(
    /// A named parameter of a scenario.
    KnobId
);

/// The how-manieth acquisition of a lock this is: 1 for the first, counted by the holder while it holds the lock.
///
/// Grants put the holds of one lock in their true order without any clock. They are the ground of the deadlock
/// detector's proof: a hold is believed only when every earlier grant has been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Grant(pub u64);

impl Grant {
    /// Marks a grant that leaves room for others: a reader's of an rwlock.
    const SHARED: u64 = 1 << 39;

    /// The grant with this number, of a lock that others can have at the same time.
    pub const fn shared(number: u64) -> Self {
        Self(number | Self::SHARED)
    }

    /// Whether others can have the lock at the same time.
    pub const fn is_shared(self) -> bool {
        self.0 & Self::SHARED != 0
    }

    /// Its place in the order of all grants of its lock.
    pub const fn number(self) -> u64 {
        self.0 & !Self::SHARED
    }

    /// The later one of two. Two with one number cannot be; if they are, it does not matter which comes first.
    pub fn later(self, other: Self) -> Self {
        std::cmp::max_by_key(self, other, |grant| (grant.number(), grant.0))
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.number())
    }
}
