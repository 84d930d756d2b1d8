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
    /// When it was asked last: cells that end before this moment are whole.
    asked: Stamp,
}

#[derive(Debug, Default)]
pub(super) struct Strips {
    lanes: HashMap<WorkerId, Strip>,
}

impl Strips {
    /// The lane's cells in this window: the same that the model would give.
    pub(super) fn lane(&mut self, model: &Model, worker: WorkerId, window: &Window, now: Stamp) -> &[Shares] {
        let strip = self.lanes.entry(worker).or_default();
        strip.fill(model, worker, window, (strip.until, now));
        strip.until = now.back(FINAL);
        &strip.cells
    }

    /// The same for a third of the work, good enough for one lane of many that are drawn as one: cells that were whole when
    /// they were asked for stay as they were then, until the next time that somebody asks for them as they are.
    pub(super) fn rough(&mut self, model: &Model, worker: WorkerId, window: &Window, now: Stamp) -> &[Shares] {
        let strip = self.lanes.entry(worker).or_default();
        strip.fill(model, worker, window, (strip.asked, now));
        &strip.cells
    }
}

impl Strip {
    /// Asks for those of the window's cells that do not end before `until`.
    fn fill(&mut self, model: &Model, worker: WorkerId, window: &Window, (until, now): (Stamp, Stamp)) {
        self.move_to(window, until);
        let kept = self.cells.len();
        let rest = Window { from: window.edge(kept), to: window.to, cells: window.cells - kept };
        let mut fresh = Vec::new();
        model.lane(worker).cells(&rest, now, &mut fresh);
        self.cells.append(&mut fresh);
        self.asked = now;
    }

    /// Keeps the cells that end before `until` and that the window still shows, and no others.
    fn move_to(&mut self, window: &Window, until: Stamp) {
        let cell = Span(window.to.since(window.from).0 / window.cells.max(1) as u64);
        let gone = window.from.since(self.from).0 / cell.0.max(1);
        let fits = cell == self.cell && window.from >= self.from && gone <= self.cells.len() as u64;
        if fits {
            self.cells.drain(..gone as usize);
            let last = until.since(window.from).0 / cell.0.max(1);
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
    use crate::trace::{Cast, Event, EventKind, Message, Sample, State, WorkerInfo, WorkerKind};

    const ME: WorkerId = WorkerId(0);

    fn cast() -> Arc<Cast> {
        let info = WorkerInfo { name: "w".into(), group: "w".into(), kind: WorkerKind::Thread, pool: None };
        Arc::new(Cast { workers: vec![info], ..Cast::default() })
    }

    #[test]
    fn rough_cells_are_made_good_by_whoever_asks_for_them_as_they_are() {
        let mut model = Model::new(cast(), Budget::default());
        model.apply(&Message::Events(vec![Event { at: Stamp(0), worker: ME, kind: EventKind::Began }]));
        let mut strips = Strips::default();
        let ms = |ms: u64| Stamp(ms * 1_000_000);
        let ready = |cells: &[Shares]| cells.iter().map(|cell| cell.get(State::Ready)).sum::<u64>() / 1_000_000;
        let window = |now| Axis::new(Span::millis(50), now, 40).window();
        for now in (1_000..=1_200).step_by(100).map(ms) {
            assert_eq!(ready(strips.rough(&model, ME, &window(now), now)), 0);
        }
        // What the kernel says comes after the cells were drawn.
        let sample = Sample::Sched { worker: ME, from: ms(1_000), to: ms(1_200), running: 0, ready: 200_000_000 };
        model.apply(&Message::Sample(sample));
        let now = ms(1_230);
        assert!(ready(strips.rough(&model, ME, &window(now), now)) < 100, "cells that were whole stay as they were");
        assert!(ready(strips.lane(&model, ME, &window(now), now)) >= 199, "until they are asked for as they are");
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
