//! A shared counter: its value, its expected value, and lost updates.

mod writes;

use std::collections::BTreeMap;

use super::history::{History, HistoryShape, Merge, proportional_part};
use super::state_times::CellWindow;
use contend_trace::{CounterMemory, Span, Stamp, WorkerId};
pub use writes::CounterWrite;
use writes::NewestWrites;

/// One bucket of a counter's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct CounterBucket {
    /// The sums of the increments and of the decrements.
    increments: i64,
    decrements: i64,
    /// The value with the newest stamp, written by a worker or sampled.
    last: Option<(Stamp, i64)>,
}

impl Merge for CounterBucket {
    fn merge(&mut self, other: Self) {
        self.increments = self.increments.saturating_add(other.increments);
        self.decrements = self.decrements.saturating_add(other.decrements);
        self.last = self.last.max(other.last);
    }
}

/// Numbers of compare-and-sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SwapCounts {
    pub succeeded: u64,
    pub failed: u64,
}

/// A counter that workers change.
#[expect(clippy::struct_excessive_bools, reason = "independent facts about the changes so far")]
#[derive(Debug, Clone)]
pub struct Counter {
    initial: i64,
    memory: CounterMemory,
    /// The values of the processes' private copies.
    private_copies: BTreeMap<WorkerId, (Stamp, i64)>,
    sum: i64,
    /// Recorded additions. A batch counts once.
    add_count: u64,
    /// The sum of the absolute values of all additions.
    added_amount: u64,
    has_batches: bool,
    /// The stamp of the newest addition.
    newest_add: Option<Stamp>,
    has_increments: bool,
    has_decrements: bool,
    written: Option<(Stamp, i64)>,
    sampled: Option<(Stamp, i64)>,
    history: History<CounterBucket>,
    /// Whether steps set it to a value, so that its correct value is unknown.
    is_assigned: bool,
    /// Compare-and-sets that succeeded and that failed, and both before the last change of settings.
    swaps: SwapCounts,
    former_swaps: SwapCounts,
    /// Recorded additions and lost updates before the last change of settings.
    baseline: (u64, i64),
    newest_writes: NewestWrites,
    max_writes: usize,
}

impl Counter {
    pub(super) fn new(initial: i64, memory: CounterMemory, shape: HistoryShape, max_writes: usize) -> Self {
        Self {
            initial,
            memory,
            private_copies: BTreeMap::new(),
            sum: 0,
            add_count: 0,
            added_amount: 0,
            has_batches: false,
            newest_add: None,
            has_increments: false,
            has_decrements: false,
            written: None,
            sampled: None,
            history: History::new(shape),
            is_assigned: false,
            swaps: SwapCounts::default(),
            former_swaps: SwapCounts::default(),
            baseline: (0, 0),
            newest_writes: NewestWrites::default(),
            max_writes,
        }
    }

    /// Makes it a counter that steps set to a value.
    pub(super) fn assigned(self) -> Self {
        Self { is_assigned: true, ..self }
    }

    /// Whether the correct value is known: no step sets it to a value.
    pub fn has_expected(&self) -> bool {
        !self.is_assigned
    }

    pub(super) fn record_swap(&mut self) {
        self.swaps.succeeded += 1;
    }

    pub(super) fn record_failed_swap(&mut self) {
        self.swaps.failed += 1;
    }

    /// Returns the number of compare-and-sets.
    pub fn swaps(&self) -> SwapCounts {
        self.swaps
    }

    /// Returns the number of compare-and-sets since the last change of settings.
    pub fn recent_swaps(&self) -> SwapCounts {
        let (now, before) = (self.swaps, self.former_swaps);
        SwapCounts { succeeded: now.succeeded - before.succeeded, failed: now.failed - before.failed }
    }

    /// Records an addition and the value that was written.
    #[inline]
    pub(super) fn add(&mut self, (at, worker): (Stamp, WorkerId), delta: i8, value: i32) {
        self.newest_writes.add((at, worker), (delta, value), self.max_writes);
        self.apply_delta(at, i64::from(delta), Some((at, i64::from(value))));
    }

    /// Records a batch: many additions in one event, written after the last of them, without the value.
    pub(super) fn add_many(&mut self, at: Stamp, delta: i64) {
        self.has_batches = true;
        self.apply_delta(at, delta, None);
    }

    #[inline]
    fn apply_delta(&mut self, at: Stamp, delta: i64, written: Option<(Stamp, i64)>) {
        self.add_count += 1;
        self.added_amount = self.added_amount.saturating_add(delta.unsigned_abs());
        self.newest_add = self.newest_add.max(Some(at));
        self.has_increments |= delta > 0;
        self.has_decrements |= delta < 0;
        self.sum = self.sum.saturating_add(delta);
        self.written = self.written.max(written);
        self.history.at(at).merge(CounterBucket { increments: delta.max(0), decrements: delta.min(0), last: written });
    }

    /// Records that a process changed its private copy, which no other process sees.
    pub(super) fn set_copy(&mut self, at: Stamp, worker: WorkerId, value: i64) {
        self.add_count += 1;
        let written = (at, value);
        self.private_copies.entry(worker).and_modify(|newest| *newest = written.max(*newest)).or_insert(written);
    }

    /// Like [`Counter::set_copy`], but takes the change instead of the value.
    pub(super) fn add_to_copy(&mut self, at: Stamp, worker: WorkerId, delta: i64) {
        let before = self.private_copies.get(&worker).map_or(self.initial, |(_, value)| *value);
        self.set_copy(at, worker, before.saturating_add(delta));
    }

    /// Whether each process has a private copy.
    pub fn is_private(&self) -> bool {
        self.memory == CounterMemory::Private
    }

    /// Returns the private copy of each process that ever changed it.
    pub fn private_copies(&self) -> impl Iterator<Item = (WorkerId, i64)> + '_ {
        self.private_copies.iter().map(|(worker, (_, value))| (*worker, *value))
    }

    /// Records a value that was read from the counter's memory.
    pub(super) fn sample(&mut self, at: Stamp, value: i64) {
        let sample = Some((at, value));
        self.sampled = self.sampled.max(sample);
        self.history.at(at).merge(CounterBucket { last: sample, ..CounterBucket::default() });
    }

    /// Returns the newest known value, written or sampled.
    pub fn value(&self) -> i64 {
        self.written.max(self.sampled).map_or(self.initial, |(_, value)| value)
    }

    /// Returns the value that the counter would have now if no update had been lost.
    pub fn expected(&self) -> i64 {
        self.initial.saturating_add(self.sum)
    }

    /// Returns an expected value that can be compared with [`Counter::value`]. During a run the value and the additions
    /// are never known for the same moment, so this is the value plus the certainly lost updates. Once all events have
    /// arrived it equals [`Counter::expected`].
    pub fn comparable_expected(&self) -> i64 {
        self.value().saturating_add(self.lost_updates())
    }

    /// Returns the number of recorded additions. A batch counts once.
    pub fn add_count(&self) -> u64 {
        self.add_count
    }

    /// Returns the sum of the absolute values of all additions: the number of updates if each adds or subtracts 1.
    pub fn added_amount(&self) -> u64 {
        self.added_amount
    }

    /// Whether some additions arrived as a batch, in one event for many.
    pub fn has_batches(&self) -> bool {
        self.has_batches
    }

    /// Begins the figures of the present settings.
    pub(super) fn set_baseline(&mut self) {
        self.baseline = (self.add_count, self.lost_updates());
        self.former_swaps = self.swaps;
    }

    /// Returns the number of additions recorded since the last change of settings.
    pub fn recent_add_count(&self) -> u64 {
        self.add_count - self.baseline.0
    }

    /// Like [`Counter::lost_updates`], without the updates that were lost before the last change of settings.
    pub fn recent_lost_updates(&self) -> i64 {
        let (before, more) = (self.baseline.1, self.lost_updates().saturating_sub(self.baseline.1));
        match before.signum() {
            1 => more.max(0),
            -1 => more.min(0),
            _ => more,
        }
    }

    /// Whether the counter is both incremented and decremented.
    pub fn is_bidirectional(&self) -> bool {
        self.has_increments && self.has_decrements
    }

    /// Returns the number of certainly lost updates; negative if decrements were lost. Meaningless if events were lost.
    ///
    /// The value and the additions are compared at one moment: that of the newest sample (a read of the counter's
    /// memory), or of the newest write if there are no samples. Later additions do not count. If additions came after
    /// that moment, those in its bucket (1 ms) count or not, whichever makes the loss smaller: the bucket does not tell
    /// which came first. Additions that were made but are not recorded yet (all of a batch until its end) put the value
    /// ahead of the sum, so the figure can be too small. It can be too large only for a counter that is both
    /// incremented and decremented, where an unrecorded decrement looks like a lost increment.
    pub fn lost_updates(&self) -> i64 {
        let Some((at, value)) = self.sampled.or(self.written).filter(|_| !self.is_assigned) else { return 0 };
        let (mut expected, mut up, mut down) = (self.expected(), 0, 0);
        self.history.visit_buckets(at, Stamp(u64::MAX), |begin, end, adds| {
            if begin <= at && at < end && self.newest_add.is_some_and(|newest| newest > at) {
                (up, down) = (adds.increments, adds.decrements);
            } else if begin > at {
                expected = expected.saturating_sub(adds.increments).saturating_sub(adds.decrements);
            }
        });
        let missing = expected.saturating_sub(up).saturating_sub(value);
        let surplus = value.saturating_sub(expected.saturating_sub(down));
        if self.has_increments && missing > 0 {
            missing
        } else if self.has_decrements && surplus > 0 {
            surplus.saturating_neg()
        } else {
            0
        }
    }

    /// Writes the value at the end of each cell to `out`. A cell without changes has the value of the cell before.
    pub fn cells(&self, w: &CellWindow, now: Stamp, out: &mut Vec<i64>) {
        out.clear();
        let mut last_values: Vec<Option<i64>> = vec![None; w.cells];
        let mut value = self.initial;
        if w.cells > 0 {
            self.history.visit_buckets(Stamp(0), w.to.min(now), |_, _, adds| match adds.last {
                Some((at, last)) if at < w.from => value = last,
                Some((at, last)) if at < w.to => last_values[w.cell_at(at)] = Some(last),
                _ => {}
            });
        }
        out.extend(last_values.into_iter().map(|last| {
            value = last.unwrap_or(value);
            value
        }));
    }

    /// Writes the value that the counter would have at the end of each cell if no update had been lost. The additions of
    /// a bucket count from its last value on, so that they do not run ahead of the values.
    pub fn expected_cells(&self, w: &CellWindow, now: Stamp, out: &mut Vec<i64>) {
        out.clear();
        out.resize(w.cells, 0);
        let mut expected = self.initial;
        if w.cells > 0 {
            self.history.visit_buckets(Stamp(0), w.to.min(now), |_, end, adds| {
                let change = adds.increments.saturating_add(adds.decrements);
                let at = adds.last.map_or(Stamp(end.0.saturating_sub(1)), |(at, _)| at);
                let sum = if at < w.from { &mut expected } else { &mut out[w.cell_at(at)] };
                *sum = sum.saturating_add(change);
            });
        }
        for cell in out {
            expected = expected.saturating_add(*cell);
            *cell = expected;
        }
    }

    /// Returns the sum of all increments and decrements between two moments, without their signs and without those of
    /// private copies.
    pub fn amount_between(&self, from: Stamp, to: Stamp) -> u64 {
        let mut sum = 0_u64;
        self.history.visit_buckets(from, to, |a, b, adds| {
            let amount = adds.increments.unsigned_abs().saturating_add(adds.decrements.unsigned_abs());
            sum = sum.saturating_add(proportional_part(amount, (a, b), (from.max(a), to.min(b))));
        });
        sum
    }

    /// Returns the value at `t`, as exact as the history allows.
    pub fn value_at(&self, t: Stamp) -> i64 {
        let mut value = self.initial;
        self.history.visit_buckets(Stamp(0), t + Span(1), |_, _, adds| {
            if let Some((at, last)) = adds.last
                && at <= t
            {
                value = last;
            }
        });
        value
    }

    /// Forgets a worker that is gone.
    pub(super) fn forget_worker(&mut self, worker: WorkerId) {
        self.private_copies.remove(&worker);
    }

    /// Reduces the detail that is kept.
    pub(super) fn reshape(&mut self, shape: HistoryShape, max_writes: usize) {
        self.max_writes = self.max_writes.min(max_writes);
        self.history.reshape(shape);
    }

    /// Returns the heap bytes in use.
    pub(super) fn heap_bytes(&self) -> usize {
        self.history.heap_bytes()
            + self.newest_writes.heap_bytes()
            + self.private_copies.len() * 2 * size_of::<(WorkerId, Stamp, i64)>()
    }
}
