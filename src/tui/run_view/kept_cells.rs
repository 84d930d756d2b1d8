//! Cells that were computed before. A moving picture moves by whole cells, so that a frame needs only the newest ones;
//! all of them are computed anew once a second, in case that something late changed an older one.

use std::collections::HashMap;
use std::hash::Hash;

use crate::model::CellWindow;
use crate::trace::{Span, Stamp};

/// What cells are computed from: the window, the end of what they show, and how much the model has applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CellKey {
    pub(super) window: CellWindow,
    pub(super) end: Stamp,
    pub(super) event_count: u64,
    pub(super) newest: Stamp,
}

/// Cells that ended this long ago are final until all are computed anew: deaths and late events are noticed by then.
const FINAL_AFTER: Span = Span::from_millis(250);

/// How long cells are kept. So much of what is shown may be outdated, where histories became coarser or events late.
const KEPT_FOR: Span = Span::from_millis(1_000);

/// The cells of one resource.
#[derive(Debug)]
struct KeptCells<C> {
    key: CellKey,
    cells: Vec<C>,
    /// The end of what was shown when all of them were computed.
    complete_at: Stamp,
}

/// The cells that were computed last, by what they are about.
#[derive(Debug)]
pub(super) struct CellMemo<K, C> {
    entries: HashMap<K, KeptCells<C>>,
    fresh: Vec<C>,
    /// How long cells are kept.
    kept_for: Span,
}

impl<K, C> Default for CellMemo<K, C> {
    fn default() -> Self {
        Self { entries: HashMap::new(), fresh: Vec::new(), kept_for: KEPT_FOR }
    }
}

impl<K: Eq + Hash, C> CellMemo<K, C> {
    /// Keeps cells for longer: computing them takes long.
    pub(super) fn with_kept_for(self, kept_for: Span) -> Self {
        Self { kept_for, ..self }
    }

    /// Returns the cells; `compute` writes those of a window up to a moment if they are not known.
    pub(super) fn fetch(
        &mut self,
        about: K,
        key: CellKey,
        compute: impl FnOnce(&CellWindow, Stamp, &mut Vec<C>),
    ) -> &[C] {
        if !self.entries.contains_key(&about) {
            self.drop_outdated(key.end);
        }
        let empty = || KeptCells { key, cells: Vec::new(), complete_at: key.end };
        let kept = self.entries.entry(about).or_insert_with(empty);
        if kept.cells.is_empty() || kept.key != key {
            kept.keep_final(&key, self.kept_for);
            let count = kept.cells.len();
            // One cell more: what a bucket tells of the cell before is no part of a new one.
            let from = count.saturating_sub(1);
            let CellWindow { to, cells, .. } = key.window;
            let rest = CellWindow { from: key.window.edge(from), to, cells: cells - from };
            compute(&rest, key.end, &mut self.fresh);
            kept.cells.extend(self.fresh.drain(..).skip(count - from));
        }
        &kept.cells
    }

    /// Drops the cells that would be computed anew: those of rows that are not in view any more.
    fn drop_outdated(&mut self, end: Stamp) {
        let kept_for = self.kept_for;
        self.entries.retain(|_, kept| kept.is_fresh(end, kept_for));
    }
}

impl<C> KeptCells<C> {
    /// Keeps only the cells that are final in the window of this key.
    fn keep_final(&mut self, key: &CellKey, kept_for: Span) {
        let (before, window) = (self.key.window, key.window);
        let cell = cell_length(&window).max(1);
        let gone = window.from.span_since(before.from).0 / cell;
        let is_same = cell_length(&before) == cell && window.from >= before.from;
        if is_same && self.is_fresh(key.end, kept_for) && gone <= self.cells.len() as u64 {
            self.cells.drain(..gone as usize);
            let last = self.key.end.earlier_by(FINAL_AFTER).span_since(window.from).0 / cell;
            self.cells.truncate(window.cells.min(usize::try_from(last).unwrap_or(usize::MAX)));
        } else {
            self.cells.clear();
            self.complete_at = key.end;
        }
        self.key = *key;
    }

    /// Whether the final ones can be shown up to this moment.
    fn is_fresh(&self, end: Stamp, kept_for: Span) -> bool {
        end >= self.key.end && end.span_since(self.complete_at) < kept_for
    }
}

fn cell_length(window: &CellWindow) -> u64 {
    window.to.span_since(window.from).0 / window.cells.max(1) as u64
}

#[cfg(test)]
mod tests {
    use super::super::super::axis::TimeAxis;
    use super::*;

    const CELL: Span = Span::from_millis(20);

    fn key(ms: u64) -> CellKey {
        let end = Stamp(ms * 1_000_000);
        CellKey { window: TimeAxis::new(CELL, end, 50).window(), end, event_count: ms, newest: end }
    }

    /// Writes the starts of the cells; the last one also tells up to when it is known.
    fn compute(window: &CellWindow, end: Stamp, out: &mut Vec<(Stamp, Stamp)>) {
        out.clear();
        out.extend((0..window.cells).map(|i| (window.edge(i), window.edge(i + 1).min(end))));
    }

    #[test]
    fn kept_cells_equal_fresh_ones_and_few_are_computed() {
        let mut memo = CellMemo::default();
        let (mut computed, mut shown) = (0, 0);
        for ms in (900..9_000).step_by(37) {
            let key = key(ms);
            let cells = memo.fetch((), key, |window, end, out| {
                computed += window.cells;
                compute(window, end, out);
            });
            let mut fresh = Vec::new();
            compute(&key.window, key.end, &mut fresh);
            assert_eq!(cells, fresh, "{ms}");
            shown += cells.len();
        }
        assert!(computed < shown / 2, "{computed} of {shown}");
    }

    #[test]
    fn cells_of_rows_out_of_view_are_dropped() {
        let mut memo = CellMemo::default();
        for row in 0..1_000 {
            memo.fetch(row, key(1_000 + row * 100), compute);
        }
        assert!(memo.entries.len() <= 11, "{} rows are kept", memo.entries.len());
    }

    #[test]
    fn everything_is_computed_anew_once_a_second_and_after_a_step_back() {
        let mut memo = CellMemo::default();
        let mut count = |ms| {
            let mut computed = 0;
            memo.fetch((), key(ms), |window, end, out| {
                computed = window.cells;
                compute(window, end, out);
            });
            computed
        };
        assert_eq!(count(2_000), 50);
        assert!(count(2_100) < 25);
        assert_eq!(count(2_100), 0);
        assert!(count(2_400) < 50);
        assert_eq!(count(3_000), 50);
        assert!(count(3_100) < 25);
        assert_eq!(count(3_050), 50);
    }
}
