//! Ids of workers, resources, pools and knobs, each with its own type so that they cannot be confused; and grant
//! numbers.

use std::fmt;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        #[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
        pub struct $name(pub u32);

        impl $name {
            /// Returns the id as an index into the table of its kind in the [`Registry`](super::Registry).
            #[inline]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl From<usize> for $name {
            /// Indices above 4,294,967,295 become that number: no table is longer.
            fn from(index: usize) -> Self {
                Self(u32::try_from(index).unwrap_or(u32::MAX))
            }
        }
    };
}

id!(
    /// A worker, which is one lane of the picture: a thread, a process or a task that runs steps.
    WorkerId
);
id!(
    /// A resource that workers share and wait for: a lock, a queue, a counter.
    ResourceId
);
id!(
    /// A group of workers that take tasks from one queue.
    PoolId
);
id!(
    /// A named parameter of a scenario.
    KnobId
);
id!(
    /// The text of a mark.
    MarkId
);

/// The number of an acquisition of a lock: 1 for the first, counted by the holder while it holds the lock.
///
/// Grants give the true order of the holds of one lock without any clock. The proof of a deadlock rests on them: a hold
/// is certain only if every earlier grant has been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Grant(pub u64);

impl Grant {
    /// Marks the grant of a reader of an rwlock, who shares the lock with other readers.
    const SHARED: u64 = 1 << 39;

    /// Returns the grant with this number of a lock that other workers can hold at the same time.
    #[inline]
    pub const fn shared(number: u64) -> Self {
        Self(number | Self::SHARED)
    }

    /// Returns whether other workers can hold the lock at the same time.
    #[inline]
    pub const fn is_shared(self) -> bool {
        self.0 & Self::SHARED != 0
    }

    /// Returns its place in the order of all grants of its lock.
    #[inline]
    pub const fn number(self) -> u64 {
        self.0 & !Self::SHARED
    }

    /// Returns the later of two grants. No two grants have the same number; if they do, either may count as the later.
    pub fn later(self, other: Self) -> Self {
        std::cmp::max_by_key(self, other, |grant| (grant.number(), grant.0))
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.number())
    }
}
