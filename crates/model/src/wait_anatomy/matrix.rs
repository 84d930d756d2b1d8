//! Who costs whom: waiting time by waiter and by the worker that was waited for.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use crate::StateTimes;
use contend_trace::{Stamp, State, WorkerId};

/// Pairs that are kept; when there are twice as many, the smaller half joins the others of their waiters.
const MAX_PAIRS: usize = 1024;

/// How long one worker waited, and for what. The parts add up to `total_ns`: those of its [`PairCost`]s, and these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WaiterCosts {
    pub total_ns: u64,
    /// What the worker waited for was free, but did not belong to it yet.
    pub handoff_ns: u64,
    /// The wait was over, or the lock had passed to the worker, which did not run yet.
    pub wakeup_ns: u64,
    /// Workers whose pairs are too small to be kept.
    pub others_ns: u64,
    /// No recorded fact tells what the worker waited for.
    pub unknown_ns: u64,
}

/// How long one worker waited for what another one held or had to supply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairCost {
    pub waiter: WorkerId,
    pub holder: WorkerId,
    /// What the holder did meanwhile; a gap is a time that is not known any more.
    pub holder_times: StateTimes,
}

impl PairCost {
    pub fn total_ns(&self) -> u64 {
        self.holder_times.total_ns()
    }

    /// Returns how long the holder waited itself: for another lock, for input and output, or because it slept.
    pub fn holder_waiting_ns(&self) -> u64 {
        let other = [State::Running, State::Ready, State::Gap].map(|state| self.holder_times.get(state));
        other.into_iter().fold(self.total_ns(), u64::saturating_sub)
    }
}

/// Waiting time between two moments, by waiter and by the worker that was waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhoCostsWhom {
    pub from: Stamp,
    pub to: Stamp,
    /// Each worker that waited, in order of their ids.
    pub waiters: Vec<(WorkerId, WaiterCosts)>,
    /// Longest first.
    pub pairs: Vec<PairCost>,
}

impl WhoCostsWhom {
    /// Returns a sum of waiting time in ms for each second of the interval.
    pub fn ms_per_second(&self, ns: u64) -> f64 {
        ns as f64 * 1e3 / self.to.span_since(self.from).0.max(1) as f64
    }

    /// Returns how long each worker kept others waiting, longest first.
    pub fn by_holder(&self) -> Vec<(WorkerId, u64)> {
        let mut sums: Vec<(WorkerId, u64)> = Vec::new();
        for pair in &self.pairs {
            match sums.iter_mut().find(|(holder, _)| *holder == pair.holder) {
                Some((_, sum)) => *sum += pair.total_ns(),
                None => sums.push((pair.holder, pair.total_ns())),
            }
        }
        sums.sort_by_key(|(holder, sum)| (std::cmp::Reverse(*sum), *holder));
        sums
    }

    /// Returns the cost of one pair; `None` if the waiter never waited for the holder, or too little to be kept.
    pub fn pair(&self, waiter: WorkerId, holder: WorkerId) -> Option<&PairCost> {
        self.pairs.iter().find(|pair| (pair.waiter, pair.holder) == (waiter, holder))
    }

    /// Keeps this many of the longest pairs; the rest joins the others of their waiters.
    #[must_use]
    pub fn with_largest_pairs(mut self, count: usize) -> Self {
        for pair in self.pairs.drain(count.min(self.pairs.len())..) {
            if let Some((_, costs)) = self.waiters.iter_mut().find(|(waiter, _)| *waiter == pair.waiter) {
                costs.others_ns += pair.total_ns();
            }
        }
        self
    }

    /// Returns the sum of all waiting time, ns.
    pub fn total_ns(&self) -> u64 {
        self.waiters.iter().map(|(_, costs)| costs.total_ns).sum()
    }
}

/// Hashes ids with a multiplication for each. Ids come from recordings and other programs, which may choose them so
/// that they collide: use it only for maps that stay small.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, id: u32) {
        self.0 = (self.0.rotate_left(26) ^ u64::from(id)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// A map with ids as keys.
pub(super) type IdMap<K, V> = HashMap<K, V, BuildHasherDefault<IdHasher>>;

/// A waiter with a worker that it waited for, and what that one did meanwhile.
type PairRow = ((WorkerId, WorkerId), StateTimes);

/// Time that a waiter waited for a worker in one state.
#[derive(Debug, Clone, Copy)]
pub(super) struct PairPart {
    pub pair: (WorkerId, WorkerId),
    pub state: State,
    pub ns: u64,
}

/// The sums of a run.
#[derive(Debug, Clone, Default)]
pub(super) struct CostMatrix {
    waiters: BTreeMap<WorkerId, WaiterCosts>,
    /// Sorted by pair.
    pairs: Vec<PairRow>,
}

impl CostMatrix {
    pub(super) fn waiter(&mut self, waiter: WorkerId) -> &mut WaiterCosts {
        self.waiters.entry(waiter).or_default()
    }

    /// Adds times that are sorted by pair. When there are too many pairs, the larger ones are kept.
    pub(super) fn add(&mut self, parts: &[PairPart]) {
        if parts.is_empty() {
            return;
        }
        let new_pairs = parts.chunk_by(|a, b| a.pair == b.pair);
        let mut merged: Vec<PairRow> = Vec::with_capacity(self.pairs.len() + new_pairs.clone().count());
        let mut old = std::mem::take(&mut self.pairs).into_iter().peekable();
        for of_pair in new_pairs {
            let pair = of_pair[0].pair;
            while let Some(before) = old.next_if(|(other, _)| *other < pair) {
                merged.push(before);
            }
            let mut times = old.next_if(|(other, _)| *other == pair).map_or_else(StateTimes::default, |row| row.1);
            for part in of_pair {
                times.add_ns(part.state, part.ns);
            }
            merged.push((pair, times));
        }
        merged.extend(old);
        self.pairs = merged;
        self.trim();
        self.pairs.shrink_to_fit();
    }

    /// Forgets a worker that is gone.
    pub(super) fn forget_worker(&mut self, worker: WorkerId) {
        self.waiters.remove(&worker);
        let waiters = &mut self.waiters;
        self.pairs.retain(|((waiter, holder), times)| {
            if *holder == worker
                && *waiter != worker
                && let Some(costs) = waiters.get_mut(waiter)
            {
                costs.others_ns += times.total_ns();
            }
            *holder != worker && *waiter != worker
        });
    }

    /// Keeps the largest pairs only, when there are too many.
    fn trim(&mut self) {
        if self.pairs.len() < 2 * MAX_PAIRS {
            return;
        }
        let size = |(pair, times): &PairRow| (times.total_ns(), *pair);
        let mut sizes: Vec<(u64, (WorkerId, WorkerId))> = self.pairs.iter().map(size).collect();
        let dropped = sizes.len() - MAX_PAIRS;
        let least = *sizes.select_nth_unstable(dropped).1;
        let (waiters, mut others) = (&mut self.waiters, None::<(WorkerId, u64)>);
        let mut add = |others: Option<(WorkerId, u64)>| {
            if let Some((waiter, ns)) = others {
                waiters.entry(waiter).or_default().others_ns += ns;
            }
        };
        self.pairs.retain(|row| {
            let (ns, (waiter, _)) = size(row);
            let is_kept = size(row) >= least;
            if !is_kept {
                match &mut others {
                    Some((of, sum)) if *of == waiter => *sum += ns,
                    _ => add(others.replace((waiter, ns))),
                }
            }
            is_kept
        });
        add(others);
    }

    pub(super) fn summary(&self, from: Stamp, to: Stamp) -> WhoCostsWhom {
        let waiters = self.waiters.iter().filter(|(_, costs)| costs.total_ns > 0);
        let pair = |(pair, times): &PairRow| PairCost { waiter: pair.0, holder: pair.1, holder_times: *times };
        let mut pairs: Vec<PairCost> = self.pairs.iter().map(pair).collect();
        pairs.sort_unstable_by_key(|pair| (std::cmp::Reverse(pair.total_ns()), pair.waiter, pair.holder));
        WhoCostsWhom { from, to, waiters: waiters.map(|(waiter, costs)| (*waiter, *costs)).collect(), pairs }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.waiters.len() * size_of::<(WorkerId, WaiterCosts)>() + self.pairs.capacity() * size_of::<PairRow>()
    }
}
