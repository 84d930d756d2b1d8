//! Steps on conditions, event flags and barriers.

use serde::{Deserialize, Serialize};

use super::{Expr, Target};

/// A step on a condition, an event flag or a barrier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum SignalStep {
    /// Waits for a condition, whose mutex it returns meanwhile, or for an event flag.
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
}

impl SignalStep {
    pub const fn target(&self) -> &Target {
        match self {
            Self::Wait { target, .. }
            | Self::Notify(target)
            | Self::NotifyAll(target)
            | Self::Set(target)
            | Self::Clear(target)
            | Self::BarrierWait(target) => target,
        }
    }
}
