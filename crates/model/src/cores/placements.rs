//! Which worker ran on which core, and the run's share of each core.

use super::Cores;
use crate::history::proportional_part;
use crate::state_times::CellWindow;
use contend_trace::{Stamp, WorkerId};

/// Placements kept, some 160 KB; the oldest are dropped first.
const MAX_PLACEMENTS: usize = 4096;

/// The use of a core in one cell of a window.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CoreCell {
    /// The fraction of the cell in which the core was busy, 0 to 1; and the part of it by workers of the run.
    pub busy: f32,
    pub ours: f32,
    /// The worker that ran there longest, as far back as this is kept.
    pub worker: Option<WorkerId>,
}

/// A worker's time on a CPU between two samples. It was last on this core.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placement {
    pub(super) worker: WorkerId,
    pub(super) core: u16,
    pub(super) from: Stamp,
    pub(super) to: Stamp,
    pub(super) running: u64,
}

impl Placement {
    /// Returns the part of the running time that falls into a cell.
    fn running_in(&self, cell: (Stamp, Stamp)) -> u64 {
        proportional_part(self.running, (self.from, self.to), cell)
    }
}

impl Cores {
    /// Records that a worker, last seen on this core, ran for `running` nanoseconds between two moments. Returns
    /// whether that is possible.
    pub(crate) fn record_placement(
        &mut self,
        worker: WorkerId,
        core: u16,
        (from, to): (Stamp, Stamp),
        running: u64,
    ) -> bool {
        if from >= to || usize::from(core) >= super::MAX_CORES {
            return false;
        }
        let running = running.min(to.span_since(from).0);
        if let Some(core) = self.all.get_mut(usize::from(core)) {
            core.history.add(from, to, |bucket, a, b| {
                let ours = proportional_part(running, (from, to), (Stamp(a), Stamp(b)));
                bucket.merge_ours(ours);
            });
        }
        if self.placements.len() >= MAX_PLACEMENTS {
            self.placements.pop_front();
        }
        self.placements.push_back(Placement { worker, core, from, to, running });
        true
    }

    /// Returns whether it is known which worker ran on which core.
    pub fn has_placements(&self) -> bool {
        !self.placements.is_empty()
    }

    /// Writes the use of a core in every cell to `out`; `None` where nothing was measured.
    pub fn core_cells(&self, number: usize, w: &CellWindow, out: &mut Vec<Option<CoreCell>>) {
        out.clear();
        out.resize(w.cells, None);
        let Some(core) = self.all.get(number).filter(|_| w.cells > 0 && w.to > w.from) else { return };
        let longest = self.longest_workers(number, w);
        for (i, ((cell, sum), worker)) in out.iter_mut().zip(core.sums(w)).zip(longest).enumerate() {
            *cell = sum.mean().map(|busy| {
                let ours = (sum.ours as f64 / self.placed_ns(w.cell(i)).max(sum.measured) as f64).min(1.0) as f32;
                CoreCell { busy: busy.max(ours), ours, worker: worker.map(|(worker, _)| worker) }
            });
        }
    }

    /// Returns for how much of a cell it is known who ran where: later samples have not arrived.
    fn placed_ns(&self, (from, to): (Stamp, Stamp)) -> u64 {
        let until = self.placements.back().map_or(from, |newest| newest.to);
        to.min(until).span_since(from).0
    }

    /// Returns for each cell the worker that ran longest on a core, and how long, ns.
    fn longest_workers(&self, core: usize, w: &CellWindow) -> Vec<Option<(WorkerId, u64)>> {
        let mut parts: Vec<(usize, WorkerId, u64)> = Vec::new();
        let here = self.placements.iter().filter(|placement| usize::from(placement.core) == core);
        for placement in here.filter(|placement| placement.from < w.to && placement.to > w.from) {
            let last = w.cell_at(Stamp(placement.to.min(w.to).0 - 1));
            for cell in w.cell_at(placement.from.max(w.from))..=last {
                parts.push((cell, placement.worker, placement.running_in(w.cell(cell))));
            }
        }
        parts.sort_unstable();
        let mut longest = vec![None; w.cells];
        for of_worker in parts.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let (cell, worker, _) = of_worker[0];
            let ns = of_worker.iter().map(|(.., ns)| ns).sum::<u64>();
            if ns > longest[cell].map_or(0, |(_, most)| most) {
                longest[cell] = Some((worker, ns));
            }
        }
        longest
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::history::HistoryShape;

    const MS: u64 = 1 << 20;

    fn cores(samples: u64) -> Cores {
        let mut cores = Cores::new(HistoryShape::new(1024, 3));
        (1..=samples).for_each(|i| assert!(cores.sample(Stamp(i * 250 * MS), &[Some(0.5), Some(1.0)])));
        cores
    }

    proptest! {
        #[test]
        fn cells_equal_a_naive_fold(
            placements in prop::collection::vec((0_u32..4, 0_u16..2, 0_u64..19, 1_u64..50), 0..60),
        ) {
            let mut cores = cores(4);
            // Workers take turns: at most one runs on a core at a time.
            let spans: Vec<_> = placements.iter().enumerate().map(|(i, (worker, core, _, running))| {
                let from = Stamp((i as u64 * 16) * MS);
                (WorkerId(*worker), *core, (from, Stamp(from.0 + 16 * MS)), (running * MS).min(16 * MS))
            }).collect();
            for (worker, core, span, running) in &spans {
                prop_assert!(cores.record_placement(*worker, *core, *span, *running));
            }
            let w = CellWindow { from: Stamp(0), to: Stamp(1_000 * MS), cells: 25 };
            for core in 0..2_u16 {
                let mut cells = Vec::new();
                cores.core_cells(core.into(), &w, &mut cells);
                for (i, cell) in cells.iter().enumerate() {
                    let cut = w.cell(i);
                    let mut by_worker = [0_u64; 4];
                    for (worker, on, span, running) in &spans {
                        if *on == core {
                            by_worker[worker.index()] += proportional_part(*running, *span, cut);
                        }
                    }
                    let cell = cell.expect("measured");
                    let expected = by_worker.iter().sum::<u64>() as f32 / cut.1.span_since(cut.0).0 as f32;
                    prop_assert!((cell.ours - expected.min(1.0)).abs() < 0.01, "{cell:?}, {expected}");
                    prop_assert!(cell.busy >= cell.ours);
                    let most = by_worker.iter().copied().max().unwrap_or(0);
                    let longest = by_worker.iter().position(|ns| *ns == most && most > 0);
                    prop_assert_eq!(cell.worker.map(WorkerId::index), longest);
                }
            }
        }
    }

    #[test]
    fn impossible_placements_are_refused_and_old_ones_dropped() {
        let mut cores = cores(1);
        assert!(!cores.record_placement(WorkerId(0), 0, (Stamp(5), Stamp(5)), 1));
        assert!(!cores.record_placement(WorkerId(0), u16::MAX, (Stamp(0), Stamp(5)), 1));
        for i in 0..2 * MAX_PLACEMENTS as u64 {
            assert!(cores.record_placement(WorkerId(0), 9, (Stamp(i), Stamp(i + 1)), u64::MAX), "a core not yet known");
        }
        assert_eq!(cores.placements.len(), MAX_PLACEMENTS);
    }
}
