//! Cells asked of the model before. A moving picture moves by whole cells, so that each frame needs only the newest ones
//! anew: what lies further back does not change any more.

use std::collections::HashMap;

use crate::model::{Model, Shares, Window};
use crate::trace::{Span, Stamp, WorkerId};

/// Cells this far behind now are final: the kernel's figures of a worker come at most this late.
const FINAL: Span = Span::millis(250);

/// One lane's cells.
#[derive(Debug, Default)]
struct Strip {
    from: Stamp,
    cell: Span,
    cells: Vec<Shares>,
    /// Cells that end before this moment are final.
    until: Stamp,
}

#[derive(Debug, Default)]
pub(super) struct Strips {
    lanes: HashMap<WorkerId, Strip>,
}

impl Strips {
    /// The lane's cells in this window: the same that the model would give.
    pub(super) fn lane(&mut self, model: &Model, worker: WorkerId, window: &Window, now: Stamp) -> &[Shares] {
        let strip = self.lanes.entry(worker).or_default();
        strip.move_to(window);
        let kept = strip.cells.len();
        let rest = Window { from: window.edge(kept), to: window.to, cells: window.cells - kept };
        let mut fresh = Vec::new();
        model.lane(worker).cells(&rest, now, &mut fresh);
        strip.cells.append(&mut fresh);
        strip.until = now.back(FINAL);
        &strip.cells
    }
}

impl Strip {
    /// Keeps the final cells that the window still shows, and no others.
    fn move_to(&mut self, window: &Window) {
        let cell = Span(window.to.since(window.from).0 / window.cells.max(1) as u64);
        let gone = window.from.since(self.from).0 / cell.0.max(1);
        let fits = cell == self.cell && window.from >= self.from && gone <= self.cells.len() as u64;
        if fits {
            self.cells.drain(..gone as usize);
            let last = self.until.since(window.from).0 / cell.0.max(1);
            self.cells.truncate(window.cells.min(usize::try_from(last).unwrap_or(usize::MAX)));
        } else {
            self.cells.clear();
        }
        (self.from, self.cell) = (window.from, cell);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::axis::Axis;
    use super::*;
    use crate::model::Budget;
    use crate::trace::{Cast, Event, EventKind, Message, State, WorkerInfo, WorkerKind};

    const ME: WorkerId = WorkerId(0);

    fn cast() -> Arc<Cast> {
        let info = WorkerInfo { name: "w".into(), group: "w".into(), kind: WorkerKind::Thread, pool: None };
        Arc::new(Cast { workers: vec![info], ..Cast::default() })
    }

    #[test]
    fn cells_are_those_of_the_model_however_the_picture_moves() {
        let mut model = Model::new(cast(), Budget::default());
        let mut strips = Strips::default();
        let mut rng = fastrand::Rng::with_seed(7);
        let tell = |model: &mut Model, ms: u64, kind| {
            model.apply(&Message::Events(vec![Event { at: Stamp(ms * 1_000_000), worker: ME, kind }]));
        };
        tell(&mut model, 0, EventKind::Began);
        for step in 1..400_u64 {
            let now = step * 37;
            tell(&mut model, now - 20, EventKind::Block { state: State::Io, on: None });
            tell(&mut model, now - rng.u64(1..15), EventKind::Resume);
            let now = Stamp(now * 1_000_000);
            let columns = if step % 50 == 0 { 40 } else { 60 };
            let cell = Span::millis(if step % 120 > 100 { 25 } else { 50 });
            let until = if step % 70 > 60 { now.back(Span::millis(900)) } else { now };
            let window = Axis::new(cell, until, columns).window();
            let mut asked = Vec::new();
            model.lane(ME).cells(&window, now, &mut asked);
            let drawn = strips.lane(&model, ME, &window, now);
            assert_eq!(drawn.len(), asked.len());
            for (i, (drawn, asked)) in drawn.iter().zip(&asked).enumerate() {
                // Older than the finest buckets, the cell that was kept is the finer one.
                let apart = drawn.get(State::Io).abs_diff(asked.get(State::Io));
                assert!(apart <= cell.0 / 2, "step {step}, cell {i}: {drawn:?} for {asked:?}");
            }
        }
    }
}
