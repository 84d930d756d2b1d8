//! Steps with a condition, an event flag or a barrier.

use serde::{Deserialize, Serialize};

use super::{Expr, Target};

/// What a worker does with a condition, an event flag or a barrier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum SignalStep {
    /// Waits for a condition, without its mutex meanwhile, or for an event flag.
    Wait {
        target: Target,
        timeout: Option<Expr>,
    },
    /// Wakes one who waits for the condition, if anyone does.
    Notify(Target),
    /// Wakes all who wait for the condition.
    NotifyAll(Target),
    /// Sets an event flag, which lets all go on that wait for it.
    Set(Target),
    Clear(Target),
    /// Waits until all parties of a barrier have come.
    Meet(Target),
}

impl SignalStep {
    pub const fn target(&self) -> &Target {
        match self {
            Self::Wait { target, .. }
            | Self::Notify(target)
            | Self::NotifyAll(target)
            | Self::Set(target)
            | Self::Clear(target)
            | Self::Meet(target) => target,
        }
    }
}
