//! The cells of resources and cores in the visible window. All rows of one frame share them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;

use super::RunView;
use crate::model::{CellWindow, CoreCell, DurationSet, LockCell, SignalCell};
use crate::trace::{PoolId, ResourceId, Span, Stamp};
use crate::tui::figures::ThroughputOf;

/// Time over which a rate is averaged: a strip of single events would say nothing.
const RATE_WINDOW: Span = Span::from_millis(500);

/// What cells are computed from: the window, the end of what they show, and how much the model has applied.
type CellKey = (CellWindow, Stamp, u64, Stamp);

/// The cells that were computed last, by what they are about.
#[derive(Debug)]
struct CellMemo<K, C> {
    entries: HashMap<K, (CellKey, Vec<C>)>,
}

impl<K, C> Default for CellMemo<K, C> {
    fn default() -> Self {
        Self { entries: HashMap::new() }
    }
}

impl<K: Eq + Hash, C> CellMemo<K, C> {
    /// Returns the cells; `compute` writes them if they are not those of this key.
    fn fetch(&mut self, about: K, key: CellKey, compute: impl FnOnce(Stamp, &mut Vec<C>)) -> &[C] {
        let (known, cells) = self.entries.entry(about).or_insert_with(|| (key, Vec::new()));
        if cells.is_empty() || *known != key {
            *known = key;
            compute(key.1, cells);
        }
        cells
    }
}

#[derive(Debug, Default)]
pub(super) struct ResourceCells {
    locks: RefCell<CellMemo<ResourceId, LockCell>>,
    queues: RefCell<CellMemo<ResourceId, f32>>,
    signals: RefCell<CellMemo<ResourceId, SignalCell>>,
    responses: RefCell<CellMemo<PoolId, DurationSet>>,
    rates: RefCell<CellMemo<ThroughputOf, f32>>,
    cores: RefCell<CellMemo<(), Vec<Option<CoreCell>>>>,
}

impl RunView {
    fn cell_key(&self, window: &CellWindow) -> CellKey {
        let model = self.shown_model();
        (*window, self.known_end(window), model.event_count(), model.newest_stamp())
    }

    /// Returns the end of what the cells show. The last cell of a window that ends at a moment of the past looks as it
    /// did then.
    fn known_end(&self, window: &CellWindow) -> Stamp {
        let shown = self.figures_time();
        let width = window.to.span_since(window.from).0 / window.cells.max(1) as u64;
        let is_at_end = shown <= window.to && window.to.span_since(shown).0 <= width;
        if is_at_end { shown.min(self.now) } else { self.now }
    }

    /// Draws with the cells of a lock.
    pub(in crate::tui) fn with_lock_cells<T>(
        &self,
        id: ResourceId,
        window: &CellWindow,
        draw: impl FnOnce(&[LockCell]) -> T,
    ) -> Option<T> {
        let lock = self.shown_model().lock(id)?;
        let mut memo = self.resource_cells.locks.borrow_mut();
        Some(draw(memo.fetch(id, self.cell_key(window), |end, cells| lock.cells(window, end, cells))))
    }

    /// Draws with the highest depth of a queue in each cell.
    pub(in crate::tui) fn with_depth_cells<T>(
        &self,
        id: ResourceId,
        window: &CellWindow,
        draw: impl FnOnce(&[f32]) -> T,
    ) -> Option<T> {
        let queue = self.shown_model().queue(id)?;
        let mut memo = self.resource_cells.queues.borrow_mut();
        Some(draw(memo.fetch(id, self.cell_key(window), |end, cells| queue.depth_cells(window, end, cells))))
    }

    /// Draws with the signals of a resource.
    pub(in crate::tui) fn with_signal_cells<T>(
        &self,
        id: ResourceId,
        window: &CellWindow,
        draw: impl FnOnce(&[SignalCell]) -> T,
    ) -> T {
        let model = self.shown_model();
        let mut memo = self.resource_cells.signals.borrow_mut();
        draw(memo.fetch(id, self.cell_key(window), |end, cells| model.signal_cells(id, window, end, cells)))
    }

    /// Draws with the response times of a pool's tasks.
    pub(in crate::tui) fn with_response_cells<T>(
        &self,
        id: PoolId,
        window: &CellWindow,
        draw: impl FnOnce(&[DurationSet]) -> T,
    ) -> Option<T> {
        let pool = self.shown_model().pool(id)?;
        let mut memo = self.resource_cells.responses.borrow_mut();
        Some(draw(memo.fetch(id, self.cell_key(window), |end, cells| pool.response_cells(window, end, cells))))
    }

    /// Draws with the throughput at each cell, per second.
    pub(in crate::tui) fn with_rate_cells<T>(
        &self,
        of: ThroughputOf,
        window: &CellWindow,
        draw: impl FnOnce(&[f32]) -> T,
    ) -> T {
        let model = self.shown_model();
        let mut memo = self.resource_cells.rates.borrow_mut();
        draw(memo.fetch(of, self.cell_key(window), |end, cells| match of {
            ThroughputOf::Pool(id) => {
                if let Some(pool) = model.pool(id) {
                    pool.throughput_cells(window, RATE_WINDOW, end, cells);
                }
            }
            ThroughputOf::Lock(id) => {
                if let Some(lock) = model.lock(id) {
                    lock.release_rates(window, RATE_WINDOW, end, cells);
                }
            }
        }))
    }

    /// Draws with the use of every core, by core number.
    pub(in crate::tui) fn with_core_cells<T>(
        &self,
        window: &CellWindow,
        draw: impl FnOnce(&[Vec<Option<CoreCell>>]) -> T,
    ) -> T {
        let mut memo = self.resource_cells.cores.borrow_mut();
        draw(memo.fetch((), self.cell_key(window), |_, cells| self.shown_model().core_cells(window, cells)))
    }

    /// Forgets all cells: another run, or another moment of it, is shown.
    pub(super) fn forget_cells(&mut self) {
        self.cell_cache = RefCell::default();
        self.resource_cells = ResourceCells::default();
    }
}
