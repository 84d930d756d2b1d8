//! Workers that died while they waited for an rwlock. It goes on counting them among those that wait.

use crate::lane::LockRequest;

/// How the first of them asked: whoever comes behind any of them comes behind that one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct DeadRequests {
    /// Writers that had come before the first writer, and before the first reader.
    writers_before_writer: Option<u64>,
    writers_before_reader: Option<u64>,
    /// The fewest readers that a writer lets in before it.
    min_readers_ahead: Option<u64>,
}

impl DeadRequests {
    pub(super) fn add(&mut self, asks: LockRequest) {
        let first = |known: &mut Option<u64>, new: u64| *known = Some(known.map_or(new, |known| known.min(new)));
        match asks {
            LockRequest::Write { writers_ahead: writers, readers_ahead: lets } => {
                first(&mut self.writers_before_writer, writers);
                first(&mut self.min_readers_ahead, lets);
            }
            LockRequest::Read { writers_ahead: writers, .. } => first(&mut self.writers_before_reader, writers),
            LockRequest::Single | LockRequest::Many(_) => {}
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.writers_before_writer.is_none() && self.writers_before_reader.is_none()
    }

    /// Whether one that asks so never comes in for them; `in_order`: not even a writer comes in before those that came
    /// before it.
    pub(super) fn is_blocking(self, asks: LockRequest, in_order: bool) -> bool {
        let is_before = |first: Option<u64>, n: u64| first.is_some_and(|first| first < n);
        match asks {
            LockRequest::Read { writers_ahead: writers, readers_ahead: readers } => {
                is_before(self.writers_before_writer, writers)
                    || self.min_readers_ahead.is_some_and(|lets| readers >= lets)
            }
            // A reader that came before a writer had no more writers before it than that one has.
            LockRequest::Write { writers_ahead: writers, .. } => {
                in_order
                    && (is_before(self.writers_before_writer, writers)
                        || is_before(self.writers_before_reader, writers + 1))
            }
            LockRequest::Single | LockRequest::Many(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(dead: LockRequest) -> DeadRequests {
        let mut ghosts = DeadRequests::default();
        ghosts.add(dead);
        ghosts
    }

    #[test]
    fn a_dead_writer_keeps_out_those_that_came_later() {
        let ghosts = after(LockRequest::Write { writers_ahead: 2, readers_ahead: u64::MAX });
        let reads = |writers| ghosts.is_blocking(LockRequest::Read { writers_ahead: writers, readers_ahead: 0 }, true);
        let writes = |writers, in_order| {
            ghosts.is_blocking(LockRequest::Write { writers_ahead: writers, readers_ahead: u64::MAX }, in_order)
        };
        assert!(reads(3) && !reads(2), "readers that came before it pass");
        assert!(writes(3, true) && !writes(2, true) && !writes(3, false), "writers keep to an order, or not");
        assert!(
            after(LockRequest::Write { writers_ahead: 9, readers_ahead: 1 })
                .is_blocking(LockRequest::Read { writers_ahead: 0, readers_ahead: 1 }, false)
        );
    }

    #[test]
    fn a_dead_reader_keeps_out_writers_that_came_later() {
        let ghosts = after(LockRequest::Read { writers_ahead: 1, readers_ahead: 0 });
        let writes =
            |writers| ghosts.is_blocking(LockRequest::Write { writers_ahead: writers, readers_ahead: u64::MAX }, true);
        assert!(writes(1) && writes(2) && !writes(0));
        assert!(
            !ghosts.is_blocking(LockRequest::Read { writers_ahead: 5, readers_ahead: 5 }, true),
            "readers go in together"
        );
    }
}
