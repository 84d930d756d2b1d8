//! Requests of workers that died while they waited for an rwlock. The rwlock still counts them as waiting.

use super::LockRequest;

/// The foremost of these requests: a worker behind any of them is also behind the foremost one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct DeadRequests {
    /// How many writers came before the first dead writer, and before the first dead reader.
    writers_before_writer: Option<u64>,
    writers_before_reader: Option<u64>,
    /// The smallest number of readers that a dead writer lets in first.
    min_readers_ahead: Option<u64>,
}

impl DeadRequests {
    pub(super) fn add(&mut self, request: LockRequest) {
        let first = |known: &mut Option<u64>, new: u64| *known = Some(known.map_or(new, |known| known.min(new)));
        match request {
            LockRequest::Write { writers_ahead, readers_ahead } => {
                first(&mut self.writers_before_writer, writers_ahead);
                first(&mut self.min_readers_ahead, readers_ahead);
            }
            LockRequest::Read { writers_ahead, .. } => first(&mut self.writers_before_reader, writers_ahead),
            LockRequest::Single | LockRequest::Many(_) => {}
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.writers_before_writer.is_none() && self.writers_before_reader.is_none()
    }

    /// Whether a worker with this request never gets the rwlock because of the dead workers. `in_order`: a writer does
    /// not overtake anything that came before it either.
    pub(super) fn is_blocking(self, request: LockRequest, in_order: bool) -> bool {
        let is_before = |first: Option<u64>, n: u64| first.is_some_and(|first| first < n);
        match request {
            LockRequest::Read { writers_ahead, readers_ahead } => {
                is_before(self.writers_before_writer, writers_ahead)
                    || self.min_readers_ahead.is_some_and(|admitted| readers_ahead >= admitted)
            }
            // A reader that came before a writer had no more writers before it than that writer has.
            LockRequest::Write { writers_ahead, .. } => {
                in_order
                    && (is_before(self.writers_before_writer, writers_ahead)
                        || is_before(self.writers_before_reader, writers_ahead + 1))
            }
            LockRequest::Single | LockRequest::Many(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(dead: LockRequest) -> DeadRequests {
        let mut requests = DeadRequests::default();
        requests.add(dead);
        requests
    }

    #[test]
    fn dead_writer_blocks_readers_and_ordered_writers_behind_it() {
        let dead = after(LockRequest::Write { writers_ahead: 2, readers_ahead: u64::MAX });
        let reads = |writers| dead.is_blocking(LockRequest::Read { writers_ahead: writers, readers_ahead: 0 }, true);
        let writes = |writers, in_order| {
            dead.is_blocking(LockRequest::Write { writers_ahead: writers, readers_ahead: u64::MAX }, in_order)
        };
        assert!(reads(3) && !reads(2), "readers ahead of it get in");
        assert!(
            writes(3, true) && !writes(2, true) && !writes(3, false),
            "writers behind it are blocked only in order of arrival"
        );
        assert!(
            after(LockRequest::Write { writers_ahead: 9, readers_ahead: 1 })
                .is_blocking(LockRequest::Read { writers_ahead: 0, readers_ahead: 1 }, false)
        );
    }

    #[test]
    fn dead_reader_blocks_writers_behind_it() {
        let dead = after(LockRequest::Read { writers_ahead: 1, readers_ahead: 0 });
        let writes =
            |writers| dead.is_blocking(LockRequest::Write { writers_ahead: writers, readers_ahead: u64::MAX }, true);
        assert!(writes(1) && writes(2) && !writes(0));
        assert!(
            !dead.is_blocking(LockRequest::Read { writers_ahead: 5, readers_ahead: 5 }, true),
            "readers share the lock"
        );
    }
}
