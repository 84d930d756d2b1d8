//! The cells of resources and cores in the visible window. All rows of one frame share them.

use std::cell::RefCell;
use std::hash::Hash;

use super::RunView;
use super::folded_cells::FoldedCells;
use super::kept_cells::{CellKey, CellMemo};
use crate::model::{CellWindow, CoreCell, DurationSet, LockCell, SignalCell, StateTimes};
use crate::trace::{PoolId, ResourceId, Span, Stamp, WorkerId};
use crate::tui::figures::ThroughputOf;

/// Time over which a rate is averaged: a strip of single events would say nothing.
const RATE_WINDOW: Span = Span::from_millis(500);

/// The cells of one core; `None` where it was offline.
type CoreCells = Vec<Option<CoreCell>>;

/// A counter at the end of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) struct CounterCell {
    pub(in crate::tui) value: i64,
    /// The value if no update had been lost.
    pub(in crate::tui) expected: i64,
}

#[derive(Debug, Default)]
pub(super) struct ResourceCells {
    folded: RefCell<FoldedCells>,
    locks: RefCell<CellMemo<ResourceId, LockCell>>,
    queues: RefCell<CellMemo<ResourceId, f32>>,
    signals: RefCell<CellMemo<ResourceId, SignalCell>>,
    values: RefCell<CellMemo<ResourceId, CounterCell>>,
    responses: RefCell<CellMemo<PoolId, DurationSet>>,
    rates: RefCell<CellMemo<ThroughputOf, f32>>,
    /// The use of every core, by its number.
    cores: RefCell<(Option<CellKey>, Vec<CoreCells>)>,
}

impl RunView {
    fn cell_key(&self, window: &CellWindow) -> CellKey {
        let model = self.shown_model();
        CellKey {
            window: *window,
            end: self.known_end(window),
            event_count: model.event_count(),
            newest: model.newest_stamp(),
        }
    }

    /// Returns the end of what the cells show. The last cell of a window that ends at a moment of the past looks as it
    /// did then.
    fn known_end(&self, window: &CellWindow) -> Stamp {
        let shown = self.figures_time();
        let width = window.to.span_since(window.from).0 / window.cells.max(1) as u64;
        let is_at_end = shown <= window.to && window.to.span_since(shown).0 <= width;
        if is_at_end { shown.min(self.now) } else { self.now }
    }

    /// Draws with the cells of a row, of which `compute` writes those that are not known.
    fn draw_cells<K: Eq + Hash, C, T>(
        &self,
        (memo, about): (&RefCell<CellMemo<K, C>>, K),
        window: &CellWindow,
        compute: impl FnOnce(&CellWindow, Stamp, &mut Vec<C>),
        draw: impl FnOnce(&[C]) -> T,
    ) -> T {
        draw(memo.borrow_mut().fetch(about, self.cell_key(window), compute))
    }

    /// Draws with the cells of a lock.
    pub(in crate::tui) fn with_lock_cells<T>(
        &self,
        id: ResourceId,
        window: &CellWindow,
        draw: impl FnOnce(&[LockCell]) -> T,
    ) -> Option<T> {
        let lock = self.shown_model().lock(id)?;
        Some(self.draw_cells(
            (&self.resource_cells.locks, id),
            window,
            |window, end, cells| lock.cells(window, end, cells),
            draw,
        ))
    }

    /// Draws with the highest depth of a queue in each cell.
    pub(in crate::tui) fn with_depth_cells<T>(
        &self,
        id: ResourceId,
        window: &CellWindow,
        draw: impl FnOnce(&[f32]) -> T,
    ) -> Option<T> {
        let queue = self.shown_model().queue(id)?;
        Some(self.draw_cells(
            (&self.resource_cells.queues, id),
            window,
            |window, end, cells| queue.depth_cells(window, end, cells),
            draw,
        ))
    }

    /// Draws with the signals of a resource.
    pub(in crate::tui) fn with_signal_cells<T>(
        &self,
        id: ResourceId,
        window: &CellWindow,
        draw: impl FnOnce(&[SignalCell]) -> T,
    ) -> T {
        let model = self.shown_model();
        self.draw_cells(
            (&self.resource_cells.signals, id),
            window,
            |window, end, cells| model.signal_cells(id, window, end, cells),
            draw,
        )
    }

    /// Draws with the values of a counter, up to the end of what is known.
    pub(in crate::tui) fn with_counter_cells<T>(
        &self,
        id: ResourceId,
        window: &CellWindow,
        draw: impl FnOnce(&[CounterCell]) -> T,
    ) -> Option<T> {
        let counter = self.shown_model().counter(id)?;
        let compute = |window: &CellWindow, end: Stamp, cells: &mut Vec<CounterCell>| {
            let (mut values, mut expected) = (Vec::new(), Vec::new());
            counter.cells(window, end, &mut values);
            counter.expected_cells(window, end, &mut expected);
            cells.clear();
            let known = (0..window.cells).take_while(|cell| window.edge(*cell) < end).count();
            let pairs = values.into_iter().zip(expected).take(known);
            cells.extend(pairs.map(|(value, expected)| CounterCell { value, expected }));
        };
        Some(self.draw_cells((&self.resource_cells.values, id), window, compute, draw))
    }

    /// Draws with the response times of a pool's tasks.
    pub(in crate::tui) fn with_response_cells<T>(
        &self,
        id: PoolId,
        window: &CellWindow,
        draw: impl FnOnce(&[DurationSet]) -> T,
    ) -> Option<T> {
        let pool = self.shown_model().pool(id)?;
        Some(self.draw_cells(
            (&self.resource_cells.responses, id),
            window,
            |window, end, cells| pool.response_cells(window, end, cells),
            draw,
        ))
    }

    /// Draws with the throughput at each cell, per second.
    pub(in crate::tui) fn with_rate_cells<T>(
        &self,
        of: ThroughputOf,
        window: &CellWindow,
        draw: impl FnOnce(&[f32]) -> T,
    ) -> T {
        let model = self.shown_model();
        let compute = |window: &CellWindow, end: Stamp, cells: &mut Vec<f32>| match of {
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
        };
        self.draw_cells((&self.resource_cells.rates, of), window, compute, draw)
    }

    /// Draws with the use of every core, by core number.
    pub(in crate::tui) fn with_core_cells<T>(
        &self,
        window: &CellWindow,
        draw: impl FnOnce(&[Vec<Option<CoreCell>>]) -> T,
    ) -> T {
        let key = self.cell_key(window);
        let mut kept = self.resource_cells.cores.borrow_mut();
        if kept.0 != Some(key) {
            kept.0 = Some(key);
            self.shown_model().core_cells(window, &mut kept.1);
        }
        draw(&kept.1)
    }

    /// Returns the sums of the cells of many lanes: those of a folded group, or those without a row.
    pub(in crate::tui) fn folded_cells(
        &self,
        row: (Option<&str>, &[WorkerId]),
        window: &CellWindow,
    ) -> Vec<StateTimes> {
        let key = self.cell_key(window);
        let mut kept = self.resource_cells.folded.borrow_mut();
        kept.fetch(self.shown_model(), row, CellKey { end: self.now, ..key }).to_vec()
    }

    /// Forgets all cells: another run, or another moment of it, is shown.
    pub(super) fn forget_cells(&mut self) {
        self.cell_cache = RefCell::default();
        self.resource_cells = ResourceCells::default();
    }
}
