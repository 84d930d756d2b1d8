//! How the cores belong together, and on how many physical ones workers ran at once.

use std::collections::BTreeMap;

use super::Cores;
use contend_trace::{Span, Stamp, WorkerId};

/// Placements within this time count as simultaneous.
const SLOT: Span = Span::from_millis(100);

/// Least share of a placement's time that a worker must run for it to count.
const MIN_RUNNING_PART: u64 = 20;

/// How the machine's cores belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreLayout {
    /// The physical core of each core, by its number.
    physical: Vec<u16>,
    /// The machine is a virtual one: its cores may be threads of one physical core.
    pub is_virtual: bool,
}

impl CoreLayout {
    /// Returns the physical core that a core belongs to.
    pub fn physical_core(&self, core: u16) -> u16 {
        self.physical.get(usize::from(core)).copied().unwrap_or(core)
    }

    /// Returns the number of physical cores, if the system tells.
    pub fn physical_count(&self) -> Option<usize> {
        let mut cores = self.physical.clone();
        cores.sort_unstable();
        cores.dedup();
        (!cores.is_empty()).then_some(cores.len())
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.physical.capacity() * size_of::<u16>()
    }
}

/// Where some workers ran between two moments, as far back as this is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CoresUsed {
    /// Each worker that ran, with the numbers of the cores it was seen on, in ascending order.
    pub by_worker: Vec<(WorkerId, Vec<u16>)>,
    /// Number of short intervals in which any of them ran.
    pub intervals: usize,
    /// Number of those in which they ran on as many cores as asked for.
    pub intervals_apart: usize,
}

impl Cores {
    pub(crate) fn set_layout(&mut self, physical: &[u16], is_virtual: bool) {
        let physical = physical.iter().copied().take(super::MAX_CORES).collect();
        self.layout = Some(CoreLayout { physical, is_virtual });
    }

    /// Returns how the cores belong together, if the run tells.
    pub const fn layout(&self) -> Option<&CoreLayout> {
        self.layout.as_ref()
    }

    /// Returns where the workers for which `is_meant` holds ran, and how often on at least `wanted` cores at once;
    /// physical ones if `are_physical`.
    pub fn cores_used(
        &self,
        is_meant: impl Fn(WorkerId) -> bool,
        wanted: usize,
        are_physical: bool,
        (from, to): (Stamp, Stamp),
    ) -> CoresUsed {
        let mut by_worker: BTreeMap<WorkerId, Vec<u16>> = BTreeMap::new();
        let mut slots: BTreeMap<u64, BTreeMap<WorkerId, u16>> = BTreeMap::new();
        for placement in &self.placements {
            let is_within = placement.from >= from && placement.to <= to;
            let ran = placement.running * MIN_RUNNING_PART >= placement.to.span_since(placement.from).0;
            if !is_within || !ran || !is_meant(placement.worker) {
                continue;
            }
            let cores = by_worker.entry(placement.worker).or_default();
            if let Err(at) = cores.binary_search(&placement.core) {
                cores.insert(at, placement.core);
            }
            slots.entry(placement.to.0 / SLOT.0).or_default().insert(placement.worker, placement.core);
        }
        let layout = self.layout.as_ref().filter(|_| are_physical);
        let physical = |core: u16| layout.map_or(core, |layout| layout.physical_core(core));
        let is_apart = |slot: &BTreeMap<WorkerId, u16>| {
            let mut cores: Vec<u16> = slot.values().map(|core| physical(*core)).collect();
            cores.sort_unstable();
            cores.dedup();
            cores.len() >= wanted
        };
        CoresUsed {
            intervals: slots.len(),
            intervals_apart: slots.values().filter(|slot| is_apart(slot)).count(),
            by_worker: by_worker.into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::HistoryShape;

    fn at(ms: u64) -> Stamp {
        Stamp(ms * 1_000_000)
    }

    /// Two workers run for a second on these cores, in turns of 50 ms.
    fn cores(one: &[u16], other: &[u16]) -> Cores {
        let mut cores = Cores::new(HistoryShape::new(16, 2));
        cores.sample(at(10), &[Some(1.0); 4]);
        for i in 0..20_u64 {
            for (worker, places) in [(0, one), (1, other)] {
                let core = places[i as usize % places.len()];
                let span = (at(100 + i * 50), at(150 + i * 50));
                assert!(cores.record_placement(WorkerId(worker), core, span, 40_000_000));
            }
        }
        cores
    }

    #[test]
    fn threads_of_one_physical_core_are_not_apart() {
        let whole = (at(0), at(2_000));
        let mut cores = cores(&[0], &[2]);
        let used = |cores: &Cores| cores.cores_used(|_| true, 2, true, whole);
        let before = used(&cores);
        assert_eq!(before.by_worker, [(WorkerId(0), vec![0]), (WorkerId(1), vec![2])]);
        assert_eq!(before.intervals, before.intervals_apart, "no layout is known: {before:?}");
        cores.set_layout(&[0, 1, 0, 1], false);
        assert_eq!(used(&cores).intervals_apart, 0, "cores 0 and 2 are one");
        assert_eq!(cores.cores_used(|_| true, 2, false, whole).intervals_apart, before.intervals, "but two threads");
        assert_eq!(cores.layout().and_then(CoreLayout::physical_count), Some(2));
    }

    #[test]
    fn worker_alone_is_never_on_two_cores_at_once() {
        let cores = cores(&[0, 1], &[1, 0]);
        let whole = (at(0), at(2_000));
        let one = cores.cores_used(|worker| worker == WorkerId(0), 2, true, whole);
        assert_eq!((one.by_worker.len(), one.by_worker[0].1.as_slice(), one.intervals_apart), (1, &[0, 1][..], 0));
        assert!(one.intervals > 5, "{one:?}");
        let late = cores.cores_used(|_| true, 2, false, (at(1_000), at(2_000)));
        assert!(late.intervals < one.intervals && late.intervals > 0, "only since then: {late:?}");
    }
}
