//! A cache of the cells of lanes.
//!
//! A moving picture moves by whole cells, so each frame needs only the newest cells; older ones do not change any more.

use std::collections::HashMap;

use crate::model::{CellWindow, Model, StateTimes};
use crate::trace::{Span, Stamp, WorkerId};

/// Cells that ended this long ago are final: the kernel's figures of a worker arrive at most this late.
const FINAL_AFTER: Span = Span::from_millis(250);

/// How long the cells of a lane are kept that is not drawn.
const KEPT_UNDRAWN: Span = Span::from_millis(2_000);

/// The cells of one lane.
#[derive(Debug, Default)]
struct CachedLane {
    from: Stamp,
    cell: Span,
    cells: Vec<StateTimes>,
    /// Cells that end before this moment are final.
    final_until: Stamp,
    /// Time of the last request.
    asked_at: Stamp,
    /// Time of the last frame that drew it.
    drawn_at: Stamp,
}

#[derive(Debug, Default)]
pub(super) struct CellCache {
    lanes: HashMap<WorkerId, CachedLane>,
}

impl CellCache {
    /// Returns the lane's cells in this window, equal to what the model returns, for a frame.
    pub(super) fn exact_cells(
        &mut self,
        model: &Model,
        worker: WorkerId,
        window: &CellWindow,
        now: Stamp,
    ) -> &[StateTimes] {
        self.lanes.entry(worker).or_default().drawn_at = now;
        self.undrawn_cells(model, worker, window, now)
    }

    /// As [`CellCache::exact_cells`], but not for a frame.
    pub(super) fn undrawn_cells(
        &mut self,
        model: &Model,
        worker: WorkerId,
        window: &CellWindow,
        now: Stamp,
    ) -> &[StateTimes] {
        let lane = self.lanes.entry(worker).or_default();
        lane.fetch_missing(model, worker, window, (lane.final_until, now));
        lane.final_until = now.earlier_by(FINAL_AFTER);
        &lane.cells
    }

    /// Like [`CellCache::exact_cells`], for a further line of a lane in the same frame: the cells of its first line are
    /// still those of the model.
    pub(super) fn cells_of_frame(
        &mut self,
        model: &Model,
        worker: WorkerId,
        window: &CellWindow,
        now: Stamp,
    ) -> &[StateTimes] {
        if self.lanes.get(&worker).is_some_and(|lane| lane.has(window, now)) {
            return self.lanes.get(&worker).map_or(&[], |lane| &lane.cells);
        }
        self.exact_cells(model, worker, window, now)
    }

    /// Whether cells of this lane are kept: it was drawn lately.
    pub(super) fn has_lane(&self, worker: WorkerId) -> bool {
        self.lanes.contains_key(&worker)
    }

    /// Forgets lanes that were not asked for lately.
    pub(super) fn forget_undrawn(&mut self, now: Stamp) {
        self.lanes.retain(|_, lane| now.span_since(lane.drawn_at) < KEPT_UNDRAWN);
    }
}

impl CachedLane {
    /// Asks the model for the window's cells that do not end before `until`.
    fn fetch_missing(&mut self, model: &Model, worker: WorkerId, window: &CellWindow, (until, now): (Stamp, Stamp)) {
        self.shift_to(window, until);
        let kept = self.cells.len();
        let rest = CellWindow { from: window.edge(kept), to: window.to, cells: window.cells - kept };
        let mut fresh = Vec::new();
        model.lane(worker).cells(&rest, now, &mut fresh);
        self.cells.append(&mut fresh);
        self.asked_at = now;
    }

    /// Whether the last request was for this window at this moment.
    fn has(&self, window: &CellWindow, now: Stamp) -> bool {
        let is_same = self.from == window.from && self.cell == cell_length(window);
        is_same && self.cells.len() == window.cells && self.asked_at == now
    }

    /// Keeps only the cells that end before `until` and are still visible.
    fn shift_to(&mut self, window: &CellWindow, until: Stamp) {
        let cell = cell_length(window);
        let gone = window.from.span_since(self.from).0 / cell.0.max(1);
        let fits = cell == self.cell && window.from >= self.from && gone <= self.cells.len() as u64;
        if fits {
            self.cells.drain(..gone as usize);
            let last = until.span_since(window.from).0 / cell.0.max(1);
            self.cells.truncate(window.cells.min(usize::try_from(last).unwrap_or(usize::MAX)));
        } else {
            self.cells.clear();
        }
        (self.from, self.cell) = (window.from, cell);
    }
}

fn cell_length(window: &CellWindow) -> Span {
    Span(window.to.span_since(window.from).0 / window.cells.max(1) as u64)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::axis::TimeAxis;
    use super::*;
    use crate::model::Budget;
    use crate::trace::{Event, EventKind, Message, Registry, State, WorkerInfo, WorkerKind};

    const ME: WorkerId = WorkerId(0);

    fn registry() -> Arc<Registry> {
        let info = WorkerInfo { name: "w".into(), group: "w".into(), kind: WorkerKind::Thread, pool: None };
        Arc::new(Registry { workers: vec![info], ..Registry::default() })
    }

    #[test]
    fn cached_cells_equal_those_of_the_model() {
        let mut model = Model::new(registry(), Budget::default());
        let mut cache = CellCache::default();
        let mut rng = fastrand::Rng::with_seed(7);
        let tell = |model: &mut Model, ms: u64, kind| {
            model.apply(&Message::Events(vec![Event { at: Stamp(ms * 1_000_000), worker: ME, kind }]));
        };
        tell(&mut model, 0, EventKind::LifeBegan);
        for step in 1..400_u64 {
            let now = step * 37;
            tell(&mut model, now - 20, EventKind::Blocked { state: State::Io, on: None });
            tell(&mut model, now - rng.u64(1..15), EventKind::Resumed);
            let now = Stamp(now * 1_000_000);
            let columns = if step % 50 == 0 { 40 } else { 60 };
            let cell = Span::from_millis(if step % 120 > 100 { 25 } else { 50 });
            let until = if step % 70 > 60 { now.earlier_by(Span::from_millis(900)) } else { now };
            let window = TimeAxis::new(cell, until, columns).window();
            let mut asked = Vec::new();
            model.lane(ME).cells(&window, now, &mut asked);
            let drawn = cache.exact_cells(&model, ME, &window, now);
            assert_eq!(drawn.len(), asked.len());
            let drawn = drawn.to_vec();
            assert_eq!(cache.cells_of_frame(&model, ME, &window, now), drawn, "step {step}: the lane's further lines");
            for (i, (drawn, asked)) in drawn.iter().zip(&asked).enumerate() {
                // Beyond the finest buckets, the cached cell is the finer one.
                let apart = drawn.get(State::Io).abs_diff(asked.get(State::Io));
                assert!(apart <= cell.0 / 2, "step {step}, cell {i}: {drawn:?} for {asked:?}");
            }
        }
    }
}
