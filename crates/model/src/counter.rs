//! One counter: what it holds, and what it should hold.

use std::collections::BTreeMap;

use super::history::{History, Merge, Shape};
use super::shares::Window;
use contend_trace::{Memory, Span, Stamp, WorkerId};

/// What one bucket of a counter holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Adds {
    /// Sums of the increments and of the decrements in it.
    up: i64,
    down: i64,
    /// The value written, or read from outside, with the newest stamp.
    last: Option<(Stamp, i64)>,
}

impl Merge for Adds {
    fn merge(&mut self, other: Self) {
        self.up = self.up.saturating_add(other.up);
        self.down = self.down.saturating_add(other.down);
        self.last = self.last.max(other.last);
    }
}

#[derive(Debug, Clone)]
pub struct Counter {
    initial: i64,
    memory: Memory,
    /// What processes have in copies of their own.
    copies: BTreeMap<WorkerId, (Stamp, i64)>,
    sum: i64,
    /// Additions told.
    adds: u64,
    /// Whether there were increments, and decrements.
    ups: bool,
    downs: bool,
    written: Option<(Stamp, i64)>,
    sampled: Option<(Stamp, i64)>,
    history: History<Adds>,
    /// Additions told, and updates lost, before the settings were changed.
    before: (u64, i64),
}

impl Counter {
    pub(super) fn new(initial: i64, memory: Memory, shape: Shape) -> Self {
        Self {
            initial,
            memory,
            copies: BTreeMap::new(),
            sum: 0,
            adds: 0,
            ups: false,
            downs: false,
            written: None,
            sampled: None,
            history: History::new(shape),
            before: (0, 0),
        }
    }

    #[inline]
    pub(super) fn add(&mut self, at: Stamp, delta: i8, value: i32) {
        self.change(at, i64::from(delta), Some((at, i64::from(value))));
    }

    /// Many additions that were told as one, without what was written.
    pub(super) fn add_many(&mut self, at: Stamp, delta: i64) {
        self.change(at, delta, None);
    }

    #[inline]
    fn change(&mut self, at: Stamp, delta: i64, told: Option<(Stamp, i64)>) {
        self.adds += 1;
        self.ups |= delta > 0;
        self.downs |= delta < 0;
        self.sum = self.sum.saturating_add(delta);
        self.written = self.written.max(told);
        self.history.at(at).merge(Adds { up: delta.max(0), down: delta.min(0), last: told });
    }

    /// A process changed its own copy: nobody else can see that.
    pub(super) fn set_copy(&mut self, at: Stamp, worker: WorkerId, value: i64) {
        self.adds += 1;
        let told = (at, value);
        self.copies.entry(worker).and_modify(|newest| *newest = told.max(*newest)).or_insert(told);
    }

    /// As [`Counter::set_copy`], by so much.
    pub(super) fn add_to_copy(&mut self, at: Stamp, worker: WorkerId, delta: i64) {
        let before = self.copies.get(&worker).map_or(self.initial, |(_, value)| *value);
        self.set_copy(at, worker, before.saturating_add(delta));
    }

    /// Whether each process has a copy of its own.
    pub fn is_private(&self) -> bool {
        self.memory == Memory::Private
    }

    /// What each process has in its own copy, of those that ever changed it.
    pub fn copies(&self) -> impl Iterator<Item = (WorkerId, i64)> + '_ {
        self.copies.iter().map(|(worker, (_, value))| (*worker, *value))
    }

    /// What was read from outside.
    pub(super) fn sample(&mut self, at: Stamp, value: i64) {
        let told = Some((at, value));
        self.sampled = self.sampled.max(told);
        self.history.at(at).merge(Adds { last: told, ..Adds::default() });
    }

    /// What it holds, as far as is known: the newest value written or read.
    pub fn value(&self) -> i64 {
        self.written.max(self.sampled).map_or(self.initial, |(_, value)| value)
    }

    /// What it would hold now had no update been lost.
    pub fn expected(&self) -> i64 {
        self.initial.saturating_add(self.sum)
    }

    /// What it would hold, fit to stand beside its value: while a run goes on, value and additions are never known for the
    /// very same moment, so this is the value and what is lost for certain. Once all is told it is [`Counter::expected`].
    pub fn should_hold(&self) -> i64 {
        self.value().saturating_add(self.lost())
    }

    /// Additions told.
    pub fn adds(&self) -> u64 {
        self.adds
    }

    /// Figures of the present settings begin now.
    pub(super) fn note_figures(&mut self) {
        self.before = (self.adds, self.lost());
    }

    /// Additions told since the settings were changed.
    pub fn recent_adds(&self) -> u64 {
        self.adds - self.before.0
    }

    /// As [`Counter::lost`], without the updates that were lost before the settings were changed.
    pub fn recent_lost(&self) -> i64 {
        let (before, more) = (self.before.1, self.lost().saturating_sub(self.before.1));
        match before.signum() {
            1 => more.max(0),
            -1 => more.min(0),
            _ => more,
        }
    }

    /// Whether it is both incremented and decremented.
    pub fn goes_both_ways(&self) -> bool {
        self.ups && self.downs
    }

    /// Updates that are lost for certain; negative when decrements were. Means nothing when events were lost.
    ///
    /// A value and the additions are compared at one moment, that of the newest sample (a read of the very memory), or
    /// without samples of the newest write. Additions stamped later do not count. Those in the same bucket (1 ms) as that
    /// moment may count or not: whichever makes the loss smaller. Additions that were made but not told yet let the value
    /// run ahead of the sum, so while the run goes on the figure can be too small. It is too large for none but a counter
    /// that goes both ways, where a decrement not told yet looks like a lost increment.
    pub fn lost(&self) -> i64 {
        let Some((at, value)) = self.sampled.or(self.written) else { return 0 };
        let (mut expected, mut up, mut down) = (self.expected(), 0, 0);
        self.history.visit(at, Stamp(u64::MAX), |begin, end, adds| {
            if begin <= at && at < end && self.written.is_some_and(|(newest, _)| newest > at) {
                (up, down) = (adds.up, adds.down);
            } else if begin > at {
                expected = expected.saturating_sub(adds.up).saturating_sub(adds.down);
            }
        });
        let missing = expected.saturating_sub(up).saturating_sub(value);
        let surplus = value.saturating_sub(expected.saturating_sub(down));
        if self.ups && missing > 0 {
            missing
        } else if self.downs && surplus > 0 {
            surplus.saturating_neg()
        } else {
            0
        }
    }

    /// Its value at the end of each cell, carried forward when nothing happened.
    pub fn cells(&self, w: &Window, now: Stamp, out: &mut Vec<i64>) {
        out.clear();
        let mut told: Vec<Option<i64>> = vec![None; w.cells];
        let mut value = self.initial;
        if w.cells > 0 {
            self.history.visit(Stamp(0), w.to.min(now), |_, _, adds| match adds.last {
                Some((at, last)) if at < w.from => value = last,
                Some((at, last)) if at < w.to => told[w.cell_at(at)] = Some(last),
                _ => {}
            });
        }
        out.extend(told.into_iter().map(|told| {
            value = told.unwrap_or(value);
            value
        }));
    }

    /// Value at `t`, as exact as what is kept allows.
    pub fn at(&self, t: Stamp) -> i64 {
        let mut value = self.initial;
        self.history.visit(Stamp(0), t + Span(1), |_, _, adds| {
            if let Some((at, last)) = adds.last
                && at <= t
            {
                value = last;
            }
        });
        value
    }

    /// Heap bytes in use.
    pub(super) fn bytes(&self) -> usize {
        self.history.bytes() + self.copies.len() * 2 * size_of::<(WorkerId, Stamp, i64)>()
    }
}
