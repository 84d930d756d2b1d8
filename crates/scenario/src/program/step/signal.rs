//! Steps on conditions, event flags, barriers and wait groups.

use serde::{Deserialize, Serialize};

use super::{Expr, Target};

/// A step on a condition, an event flag, a barrier or a wait group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum SignalStep {
    /// Waits for a condition, whose mutex it returns meanwhile, for an event flag, or for a wait group's count to be 0.
    Wait {
        target: Target,
        timeout: Option<Expr>,
    },
    /// Wakes one waiter of the condition, if there is one.
    Notify(Target),
    /// Wakes all waiters of the condition.
    NotifyAll(Target),
    /// Sets an event flag and wakes all its waiters.
    Set(Target),
    Clear(Target),
    /// Waits until all parties of a barrier have arrived.
    BarrierWait(Target),
    /// Adds to the count of a wait group.
    GroupAdd {
        target: Target,
        count: Expr,
    },
    /// Takes 1 off the count of a wait group or a latch, and wakes all its waiters at 0. Fails if it is 0 already.
    GroupDone(Target),
}

impl SignalStep {
    pub const fn target(&self) -> &Target {
        match self {
            Self::Wait { target, .. }
            | Self::GroupAdd { target, .. }
            | Self::GroupDone(target)
            | Self::Notify(target)
            | Self::NotifyAll(target)
            | Self::Set(target)
            | Self::Clear(target)
            | Self::BarrierWait(target) => target,
        }
    }
}
