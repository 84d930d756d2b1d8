//! Workers that died while they waited for an rwlock. It goes on counting them among those that wait.

use crate::lane::Asks;

/// How the first of them asked: whoever comes behind any of them comes behind that one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ghosts {
    /// Writers that had come before the first writer, and before the first reader.
    writer: Option<u64>,
    reader: Option<u64>,
    /// The fewest readers that a writer lets in before it.
    lets: Option<u64>,
}

impl Ghosts {
    pub(super) fn add(&mut self, asks: Asks) {
        let first = |known: &mut Option<u64>, new: u64| *known = Some(known.map_or(new, |known| known.min(new)));
        match asks {
            Asks::Write { writers, lets } => {
                first(&mut self.writer, writers);
                first(&mut self.lets, lets);
            }
            Asks::Read { writers, .. } => first(&mut self.reader, writers),
            Asks::One | Asks::Many(_) => {}
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.writer.is_none() && self.reader.is_none()
    }

    /// Whether one that asks so never comes in for them; `in_order`: not even a writer comes in before those that came
    /// before it.
    pub(super) fn keep_out(self, asks: Asks, in_order: bool) -> bool {
        let is_before = |first: Option<u64>, n: u64| first.is_some_and(|first| first < n);
        match asks {
            Asks::Read { writers, readers } => {
                is_before(self.writer, writers) || self.lets.is_some_and(|lets| readers >= lets)
            }
            // A reader that came before a writer had no more writers before it than that one has.
            Asks::Write { writers, .. } => {
                in_order && (is_before(self.writer, writers) || is_before(self.reader, writers + 1))
            }
            Asks::One | Asks::Many(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(dead: Asks) -> Ghosts {
        let mut ghosts = Ghosts::default();
        ghosts.add(dead);
        ghosts
    }

    #[test]
    fn a_dead_writer_keeps_out_those_that_came_later() {
        let ghosts = after(Asks::Write { writers: 2, lets: u64::MAX });
        let reads = |writers| ghosts.keep_out(Asks::Read { writers, readers: 0 }, true);
        let writes = |writers, in_order| ghosts.keep_out(Asks::Write { writers, lets: u64::MAX }, in_order);
        assert!(reads(3) && !reads(2), "readers that came before it pass");
        assert!(writes(3, true) && !writes(2, true) && !writes(3, false), "writers keep to an order, or not");
        assert!(after(Asks::Write { writers: 9, lets: 1 }).keep_out(Asks::Read { writers: 0, readers: 1 }, false));
    }

    #[test]
    fn a_dead_reader_keeps_out_writers_that_came_later() {
        let ghosts = after(Asks::Read { writers: 1, readers: 0 });
        let writes = |writers| ghosts.keep_out(Asks::Write { writers, lets: u64::MAX }, true);
        assert!(writes(1) && writes(2) && !writes(0));
        assert!(!ghosts.keep_out(Asks::Read { writers: 5, readers: 5 }, true), "readers go in together");
    }
}
