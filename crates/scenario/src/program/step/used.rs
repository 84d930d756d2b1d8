//! What a step uses: its resource, its pool, the group that it spawns.

use super::{AttemptKind, LifeStep, Operand, PoolStep, Question, Step};
use crate::program::resource::Target;

impl Step {
    /// Returns the resource that it uses.
    pub fn target(&self) -> Option<&Target> {
        match self {
            Self::Lock { target, .. }
            | Self::TryLock { target, .. }
            | Self::BareLock(target)
            | Self::BareUnlock(target)
            | Self::Acquire { target, .. }
            | Self::BareAcquire { target, .. }
            | Self::BareRelease(target)
            | Self::ReadLock { target, .. }
            | Self::WriteLock { target, .. }
            | Self::Load(target)
            | Self::Store { target, .. }
            | Self::Add { target, .. }
            | Self::AddMany { target, .. }
            | Self::Assign { target, .. }
            | Self::If { question: Question { operand: Operand::Resource(target), .. }, .. }
            | Self::While { question: Question { operand: Operand::Resource(target), .. }, .. } => Some(target),
            Self::Queue(step) => Some(step.target()),
            Self::Signal(step) => Some(step.target()),
            Self::Pipe(step) => Some(step.target()),
            Self::Attempt(attempt) => match &attempt.kind {
                AttemptKind::CompareAndSet(swap) => Some(&swap.target),
                _ => None,
            },
            _ => None,
        }
    }

    /// Returns the pool that it uses.
    pub const fn pool_index(&self) -> Option<usize> {
        match self {
            Self::Pool(
                PoolStep::Submit { pool, .. } | PoolStep::CancelQueued { pool, .. } | PoolStep::Shutdown { pool, .. },
            ) => Some(*pool),
            _ => None,
        }
    }

    /// Returns the group whose workers it spawns.
    pub fn spawned_group(&self) -> Option<usize> {
        if let Self::Life(LifeStep::Spawn(members)) = self { Some(members.group) } else { None }
    }
}
