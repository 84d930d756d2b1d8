//! What a worker did since a condition's signal woke it.

use contend_trace::{ResourceId, Span, Stamp};

/// A worker that finds nothing to do waits again within this time. After a longer time it may have done something that
/// no event tells.
const MAX_FUTILE_WAKEUP: Span = Span::from_micros(200);

/// A wake-up after which the worker has done nothing yet, except to take the condition's mutex.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wakeup {
    condition: ResourceId,
    /// When the worker took a lock, as every wait for a condition does at its end.
    lock_taken: Option<Stamp>,
}

impl Wakeup {
    pub(crate) const fn new(condition: ResourceId) -> Self {
        Self { condition, lock_taken: None }
    }

    /// Returns the wake-up after another lock was taken. The first lock is the condition's mutex; taking a second one
    /// is useful work, so the wake-up is over.
    pub(crate) fn with_lock_taken(self, at: Stamp) -> Option<Self> {
        self.lock_taken.is_none().then_some(Self { lock_taken: Some(at), ..self })
    }

    /// Whether the wake-up was futile, given that the worker waits for `on` again from `at` on.
    pub(crate) fn is_futile(self, at: Stamp, on: Option<ResourceId>) -> bool {
        on == Some(self.condition) && self.lock_taken.is_some_and(|took| at.span_since(took) <= MAX_FUTILE_WAKEUP)
    }

    pub(crate) const fn condition(self) -> ResourceId {
        self.condition
    }
}
