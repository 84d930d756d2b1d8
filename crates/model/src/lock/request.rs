//! What a worker requests of a lock: one permit or several, to read or to write.

use contend_trace::EventKind;

/// What a worker requests of a lock, beyond the lock itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum LockRequest {
    /// A mutex, or one permit.
    #[default]
    Single,
    /// This many permits at once.
    Many(u32),
    /// An rwlock, to read. The first `writers_ahead` writers that ever waited come before this reader. In an rwlock
    /// that prefers writers, the reader also comes behind `readers_ahead` readers that ever waited.
    Read { writers_ahead: u64, readers_ahead: u64 },
    /// An rwlock, to write. The first `writers_ahead` writers that ever waited come before this writer. In an rwlock
    /// that prefers writers, the writer lets only the first `readers_ahead` readers in before itself.
    Write { writers_ahead: u64, readers_ahead: u64 },
}

impl LockRequest {
    /// Returns the request after `event`, which announces the next wait; `self` is the result of the events before it.
    pub(crate) fn updated_by(self, event: EventKind) -> Self {
        match (event, self) {
            (EventKind::RwlockRequest { writers_ahead, shared: true, .. }, _) => {
                Self::Read { writers_ahead, readers_ahead: 0 }
            }
            (EventKind::RwlockRequest { writers_ahead, shared: false, .. }, _) => {
                Self::Write { writers_ahead, readers_ahead: u64::MAX }
            }
            (EventKind::RwlockReaders { count, .. }, Self::Read { writers_ahead, .. }) => {
                Self::Read { writers_ahead, readers_ahead: count }
            }
            (EventKind::RwlockReaders { count, .. }, Self::Write { writers_ahead, .. }) => {
                Self::Write { writers_ahead, readers_ahead: count }
            }
            (EventKind::PermitRequest { permits, .. }, _) => Self::Many(permits),
            _ => self,
        }
    }

    /// Whether a reader with this request gets the lock only after the waiting writer with the request `other`. The
    /// set of readers that a writer lets in first does not change while the writer waits.
    pub(crate) fn is_behind(self, other: Self) -> bool {
        match (self, other) {
            (
                Self::Read { writers_ahead, readers_ahead },
                Self::Write { writers_ahead: before, readers_ahead: admitted },
            ) => before < writers_ahead || readers_ahead >= admitted,
            _ => false,
        }
    }
}
