//! The ways in which the life of a worker and a task of a pool can end.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// How a worker ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[repr(u8)]
pub enum ExitKind {
    /// Reached the end of its steps.
    Finished,
    /// Was asked to end: the pool became smaller, or the run stopped.
    Retired,
    /// A step failed or panicked.
    Panicked,
    /// Was found dead by another worker, which records the end in its place. Or was cancelled without giving anything
    /// back.
    Killed,
    /// Was cancelled, and gave back what it held.
    Cancelled,
}

impl ExitKind {
    /// Every way to end, in the order of the numbers that stand for them in a record.
    pub const ALL: [Self; 5] = [Self::Finished, Self::Retired, Self::Panicked, Self::Killed, Self::Cancelled];
}

/// Why a task of a pool is not executed to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[repr(u8)]
pub enum DropReason {
    /// Cancelled while it was still in the queue.
    Cancelled,
    /// Failed in the queue, because the whole pool failed.
    Failed,
    /// Was begun or handed over, and will never end.
    Lost,
    /// Failed, and no worker will read its result.
    UnreadFailure,
}

impl DropReason {
    /// Every reason, in the order of the numbers that stand for them in a record.
    pub const ALL: [Self; 4] = [Self::Cancelled, Self::Failed, Self::Lost, Self::UnreadFailure];
}
