//! Who costs whom: waiting time by waiter and by the worker that was waited for.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use super::segments::Cause;
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

/// Hashes ids with a multiplication for each. Ids come from recordings and other programs, which may choose them so that
/// they collide: use it only for maps that stay small.
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

/// The sums of a run.
#[derive(Debug, Clone, Default)]
pub(super) struct CostMatrix {
    waiters: BTreeMap<WorkerId, WaiterCosts>,
    pairs: IdMap<(WorkerId, WorkerId), StateTimes>,
}

/// Adds the waiting time of one worker to the matrix. What counts for one holder is added at once.
pub(super) struct CostAdder<'a> {
    matrix: &'a mut CostMatrix,
    waiter: WorkerId,
    /// Whether the lock belongs to the waiter as soon as it is free.
    is_handed_over: bool,
    holder: Option<WorkerId>,
    times: StateTimes,
}

impl CostAdder<'_> {
    /// Adds `ns` of waiting time of this cause. `without_cpu` is the fraction of the time in which the holder seemed to
    /// run that it had no core.
    pub(super) fn add(&mut self, cause: Cause, ns: u64, without_cpu: f64) {
        let costs = self.matrix.waiter(self.waiter);
        costs.total_ns += ns;
        match cause {
            Cause::Unknown => costs.unknown_ns += ns,
            Cause::Many => costs.others_ns += ns,
            Cause::Free(Some(next)) if next == self.waiter && self.is_handed_over => costs.wakeup_ns += ns,
            Cause::Free(_) => costs.handoff_ns += ns,
            Cause::Holder(holder, state) => {
                if self.holder != Some(holder) {
                    self.end_holder();
                    self.holder = Some(holder);
                }
                self.times.add_ns(state, ns);
                if state == State::Running {
                    let without = (ns as f64 * without_cpu.clamp(0.0, 1.0)) as u64;
                    self.times.move_ns(State::Running, State::Ready, without);
                }
            }
        }
    }

    fn end_holder(&mut self) {
        if let Some(holder) = self.holder.take() {
            let times = std::mem::take(&mut self.times);
            self.matrix.pairs.entry((self.waiter, holder)).or_default().add(&times);
        }
    }
}

impl Drop for CostAdder<'_> {
    fn drop(&mut self) {
        self.end_holder();
    }
}

impl CostMatrix {
    pub(super) fn waiter(&mut self, waiter: WorkerId) -> &mut WaiterCosts {
        self.waiters.entry(waiter).or_default()
    }

    /// Returns what adds the waiting time of one worker, the causes in their order.
    pub(super) fn adder(&mut self, waiter: WorkerId, is_handed_over: bool) -> CostAdder<'_> {
        CostAdder { matrix: self, waiter, is_handed_over, holder: None, times: StateTimes::default() }
    }

    pub(super) fn add_wakeup(&mut self, waiter: WorkerId, ns: u64) {
        let costs = self.waiter(waiter);
        costs.total_ns += ns;
        costs.wakeup_ns += ns;
    }

    /// Forgets a worker that is gone.
    pub(super) fn forget_worker(&mut self, worker: WorkerId) {
        self.waiters.remove(&worker);
        let waiters = &mut self.waiters;
        self.pairs.retain(|(waiter, holder), times| {
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
    pub(super) fn trim(&mut self) {
        if self.pairs.len() < 2 * MAX_PAIRS {
            return;
        }
        let mut sizes: Vec<_> = self.pairs.iter().map(|(pair, times)| (times.total_ns(), *pair)).collect();
        let dropped = sizes.len() - MAX_PAIRS;
        sizes.select_nth_unstable(dropped);
        for (ns, pair) in sizes.into_iter().take(dropped) {
            self.pairs.remove(&pair);
            self.waiter(pair.0).others_ns += ns;
        }
    }

    pub(super) fn summary(&self, from: Stamp, to: Stamp) -> WhoCostsWhom {
        let waiters = self.waiters.iter().filter(|(_, costs)| costs.total_ns > 0);
        let pair = |(pair, times): (&(WorkerId, WorkerId), &StateTimes)| PairCost {
            waiter: pair.0,
            holder: pair.1,
            holder_times: *times,
        };
        let mut pairs: Vec<PairCost> = self.pairs.iter().map(pair).collect();
        pairs.sort_unstable_by_key(|pair| (std::cmp::Reverse(pair.total_ns()), pair.waiter, pair.holder));
        WhoCostsWhom { from, to, waiters: waiters.map(|(waiter, costs)| (*waiter, *costs)).collect(), pairs }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.waiters.len() * size_of::<(WorkerId, WaiterCosts)>()
            + self.pairs.capacity() * (size_of::<(WorkerId, WorkerId)>() + size_of::<StateTimes>() + 1)
    }
}
