//! The history of a figure over time in bounded memory: levels of ring buckets.
//!
//! Buckets of level 0 are 2^20 ns (about 1 ms) wide or wider, those of each further level twice as wide. As time advances, the
//! oldest bucket of a level is merged into the next level; buckets of the last level double their width when it is
//! full. So resolution falls with age, and nothing is ever dropped.
//!
//! Which level contains a moment depends only on the newest moment, and values merge in any order. So the content does
//! not depend on the order of arrival.

use contend_trace::{Span, Stamp};

/// log2 of the width of the narrowest buckets, ns, unless a shape says more.
pub(super) const FINEST_WIDTH_LOG2: u32 = 20;

/// Later stamps, beyond 146 years, are replaced by this one, so that no bucket's end overflows.
const MAX_STAMP: u64 = 1 << 62;

/// The maximum number of levels: with 256 buckets in each, buckets of a moment up to two hours ago are at most a 128th
/// as wide as that moment is old.
pub(super) const MAX_LEVELS: usize = 16;

/// The content of a bucket. The result of merging must not depend on the order.
pub(super) trait Merge: Default {
    fn merge(&mut self, other: Self);
}

/// The number of buckets in a level (a power of two), and the number of levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HistoryShape {
    pub buckets: usize,
    pub levels: usize,
    /// log2 of the width of the narrowest buckets, ns.
    pub finest_log2: u32,
}

impl HistoryShape {
    /// Returns a shape with the narrowest buckets that there are.
    pub(super) const fn new(buckets: usize, levels: usize) -> Self {
        Self { buckets, levels, finest_log2: FINEST_WIDTH_LOG2 }
    }
}

/// The history of a figure.
#[derive(Debug, Clone)]
pub(super) struct History<V> {
    buckets: u64,
    /// The end of the newest bucket, ns.
    end: u64,
    recent: RecentBucket,
    levels: Vec<HistoryLevel<V>>,
    blank: V,
}

/// The bucket that was used last. Workers' events arrive many at once, so nearly all of them are for the same bucket as
/// the one before.
#[derive(Debug, Clone, Copy, Default)]
struct RecentBucket {
    /// The part of the bucket that is not covered by a narrower one, ns.
    begin: u64,
    end: u64,
    level: usize,
    index: usize,
}

#[derive(Debug, Clone)]
struct HistoryLevel<V> {
    /// log2 of the width of a bucket.
    shift: u32,
    /// The number of the first bucket of this level. A bucket's index is its number modulo the number of buckets.
    start: u64,
    /// Grows with use, up to the number of buckets.
    ring: Vec<V>,
}

impl<V: Merge> HistoryLevel<V> {
    /// Returns the start of this level's time, ns.
    fn begin(&self) -> u64 {
        self.start << self.shift
    }

    fn bucket(&mut self, number: u64, buckets: u64) -> &mut V {
        let index = (number & (buckets - 1)) as usize;
        if index >= self.ring.len() {
            let wanted = (index + 1).next_power_of_two();
            self.ring.reserve_exact(wanted - self.ring.len());
            self.ring.resize_with(index + 1, V::default);
        }
        &mut self.ring[index]
    }

    /// Doubles the width of every bucket.
    fn double_width(&mut self) {
        let mut old = std::mem::take(&mut self.ring).into_iter();
        while let Some(mut left) = old.next() {
            if let Some(right) = old.next() {
                left.merge(right);
            }
            self.ring.push(left);
        }
        self.shift += 1;
    }
}

impl<V: Merge> History<V> {
    pub(super) fn new(shape: HistoryShape) -> Self {
        let level = |k: usize| HistoryLevel { shift: shape.finest_log2 + k as u32, start: 0, ring: Vec::new() };
        let levels = (0..shape.levels.clamp(1, MAX_LEVELS)).map(level).collect();
        Self {
            buckets: shape.buckets.next_power_of_two().max(2) as u64,
            end: 0,
            recent: RecentBucket::default(),
            levels,
            blank: V::default(),
        }
    }

    /// Returns the end of the newest bucket. There is no data from here on.
    pub(super) fn end(&self) -> Stamp {
        Stamp(self.end)
    }

    /// Returns the width of the bucket that contains `t`.
    pub(super) fn width_at(&self, t: Stamp) -> Span {
        let level = self.levels.iter().find(|level| level.begin() <= t.0);
        Span(1 << level.or(self.levels.first()).map_or(FINEST_WIDTH_LOG2, |level| level.shift))
    }

    /// Returns the bucket that contains `t`.
    #[inline]
    pub(super) fn at(&mut self, t: Stamp) -> &mut V {
        if t.0 < self.recent.begin || t.0 >= self.recent.end {
            self.find_bucket(t.0.min(MAX_STAMP));
        }
        &mut self.levels[self.recent.level].ring[self.recent.index]
    }

    /// Calls `put` with each bucket that `from..to` touches, and the part `a..b` of the interval that lies in it.
    #[inline]
    pub(super) fn add(&mut self, from: Stamp, to: Stamp, mut put: impl FnMut(&mut V, u64, u64)) {
        if from >= to {
            return;
        }
        if from.0 >= self.recent.begin && to.0 <= self.recent.end {
            put(&mut self.levels[self.recent.level].ring[self.recent.index], from.0, to.0);
        } else {
            self.add_across_buckets(from.0.min(MAX_STAMP), to.0.min(MAX_STAMP), put);
        }
    }

    /// Makes the bucket that contains `t` the recent one.
    #[inline(never)]
    fn find_bucket(&mut self, t: u64) {
        self.advance(t);
        // The last level begins at 0, so a level is always found.
        let level = self.levels.iter().position(|level| level.begin() <= t).unwrap_or(0);
        self.set_recent(level, t >> self.levels[level].shift);
    }

    fn set_recent(&mut self, level: usize, number: u64) {
        let covered_from = if level == 0 { self.end } else { self.levels[level - 1].begin() };
        let (buckets, of_level) = (self.buckets, &mut self.levels[level]);
        of_level.bucket(number, buckets);
        self.recent = RecentBucket {
            begin: number << of_level.shift,
            end: ((number + 1) << of_level.shift).min(covered_from),
            level,
            index: (number & (buckets - 1)) as usize,
        };
    }

    #[inline(never)]
    fn add_across_buckets(&mut self, from: u64, to: u64, mut put: impl FnMut(&mut V, u64, u64)) {
        if from >= to {
            return;
        }
        self.advance(to - 1);
        let (buckets, mut end, mut newest) = (self.buckets, self.end, None);
        for (k, level) in self.levels.iter_mut().enumerate() {
            let begin = level.begin();
            let (mut a, stop) = (from.max(begin), to.min(end));
            while a < stop {
                let number = a >> level.shift;
                let b = ((number + 1) << level.shift).min(stop);
                put(level.bucket(number, buckets), a, b);
                a = b;
            }
            if to > begin && newest.is_none() {
                newest = Some((k, (to - 1) >> level.shift));
            }
            if from >= begin {
                break;
            }
            end = begin;
        }
        if let Some((level, number)) = newest {
            self.set_recent(level, number);
        }
    }

    /// Calls `change` with every bucket that `from..to` touches, and its start and end, newest level first.
    pub(super) fn change_buckets(&mut self, from: Stamp, to: Stamp, mut change: impl FnMut(Stamp, Stamp, &mut V)) {
        let (from, to) = (from.0.min(MAX_STAMP), to.0.min(MAX_STAMP));
        if from >= to {
            return;
        }
        self.advance(to - 1);
        let (buckets, mut end) = (self.buckets, self.end);
        for level in &mut self.levels {
            let begin = level.begin();
            let (first, stop) = (from.max(begin), to.min(end));
            if first < stop {
                for number in first >> level.shift..=(stop - 1) >> level.shift {
                    let a = number << level.shift;
                    let b = (a + (1 << level.shift)).min(end);
                    change(Stamp(a), Stamp(b), level.bucket(number, buckets));
                }
            }
            end = begin;
        }
    }

    /// Makes room for `t`: buckets that fall out of their level are merged into the level that contains their time now.
    fn advance(&mut self, t: u64) {
        if t < self.end {
            return;
        }
        let starts = self.starts_at(t);
        for k in (0..self.levels.len()).rev() {
            let old = self.levels[k].start;
            self.levels[k].start = starts[k];
            let demoted = old..starts[k].min(old.saturating_add(self.buckets));
            for number in demoted {
                self.demote_bucket(k, number);
            }
        }
        let shift = self.levels[0].shift;
        self.end = ((t >> shift) + 1) << shift;
        self.set_recent(0, t >> shift);
    }

    /// Returns the first bucket of each level when `t` is the newest moment. Widens the buckets of the last level if
    /// needed.
    fn starts_at(&mut self, t: u64) -> [u64; MAX_LEVELS] {
        let last = self.levels.len() - 1;
        let mut newest = Some(t);
        let mut starts = [0; MAX_LEVELS];
        for (k, level) in self.levels.iter_mut().enumerate() {
            let Some(t) = newest else { break };
            if k == last {
                while t >> level.shift >= self.buckets {
                    level.double_width();
                }
            } else {
                starts[k] = ((t >> level.shift) + 1).saturating_sub(self.buckets);
                newest = (starts[k] << level.shift).checked_sub(1);
            }
        }
        starts
    }

    /// Merges a bucket that fell out of level `k` into the first level that reaches back to it.
    fn demote_bucket(&mut self, k: usize, number: u64) {
        let index = (number & (self.buckets - 1)) as usize;
        let Some(value) = self.levels[k].ring.get_mut(index).map(std::mem::take) else { return };
        let t = number << self.levels[k].shift;
        let buckets = self.buckets;
        if let Some(level) = self.levels[k + 1..].iter_mut().find(|level| level.begin() <= t) {
            level.bucket(t >> level.shift, buckets).merge(value);
        }
    }

    /// Reduces the detail to this shape, if there are more levels, more buckets in a level or narrower ones. Never adds
    /// levels: they would be finer than the content.
    pub(super) fn reshape(&mut self, shape: HistoryShape)
    where
        V: Clone,
    {
        let buckets = shape.buckets.min(self.buckets as usize);
        let finest_log2 = shape.finest_log2.max(self.levels[0].shift);
        let mut coarser = Self::new(HistoryShape { buckets, levels: shape.levels.min(self.levels.len()), finest_log2 });
        let is_same = (coarser.buckets, coarser.levels.len()) == (self.buckets, self.levels.len());
        if is_same && finest_log2 == self.levels[0].shift {
            return;
        }
        if self.end > 0 {
            coarser.advance(self.end - 1);
            // With fewer levels or buckets, a bucket is at least as wide at any moment, and begins at a multiple of its
            // width.
            self.visit_buckets(Stamp(0), self.end(), |from, _, value| coarser.at(from).merge(value.clone()));
        }
        *self = coarser;
    }

    /// Calls `visit` with the start, the end and the content of every bucket that `from..to` touches, oldest first.
    pub(super) fn visit_buckets(&self, from: Stamp, to: Stamp, mut visit: impl FnMut(Stamp, Stamp, &V)) {
        for k in (0..self.levels.len()).rev() {
            let level = &self.levels[k];
            let end = if k == 0 { self.end } else { self.levels[k - 1].begin() };
            let (first, stop) = (from.0.max(level.begin()), to.0.min(end));
            if first >= stop {
                continue;
            }
            for number in first >> level.shift..=(stop - 1) >> level.shift {
                let begin = number << level.shift;
                let end = (begin + (1 << level.shift)).min(end);
                let value = level.ring.get((number & (self.buckets - 1)) as usize).unwrap_or(&self.blank);
                visit(Stamp(begin), Stamp(end), value);
            }
        }
    }

    /// Returns the heap bytes in use.
    pub(super) fn heap_bytes(&self) -> usize {
        let rings: usize = self.levels.iter().map(|level| level.ring.capacity() * size_of::<V>()).sum();
        rings + self.levels.capacity() * size_of::<HistoryLevel<V>>()
    }
}

/// Returns the part of `value` that falls into `a..b` if it is spread evenly over `from..to`. The parts of adjacent
/// intervals add up to the whole exactly.
pub(super) fn proportional_part(value: u64, (from, to): (Stamp, Stamp), (a, b): (Stamp, Stamp)) -> u64 {
    if a <= from && to <= b {
        return value;
    }
    let whole = to.span_since(from).0.max(1) as f64;
    let up_to = |t: Stamp| (value as f64 * (t.min(to).span_since(from).0 as f64 / whole)) as u64;
    up_to(b).saturating_sub(up_to(a))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Nanoseconds, so that a history of them can be compared with the intervals that were added.
    #[derive(Debug, Clone, Default, PartialEq)]
    struct Nanos(u64);

    impl Merge for Nanos {
        fn merge(&mut self, other: Self) {
            self.0 += other.0;
        }
    }

    fn filled(shape: HistoryShape, intervals: &[(u64, u64)]) -> History<Nanos> {
        let mut history = History::new(shape);
        for (from, span) in intervals {
            history.add(Stamp(*from), Stamp(from + span), |ns: &mut Nanos, a, b| ns.0 += b - a);
        }
        history
    }

    fn buckets(history: &History<Nanos>) -> Vec<(Stamp, Stamp, u64)> {
        let mut all = Vec::new();
        history.visit_buckets(Stamp(0), Stamp(u64::MAX), |a, b, ns| all.push((a, b, ns.0)));
        all
    }

    proptest! {
        #[test]
        fn history_keeps_everything_whatever_the_order_of_arrival(
            mut intervals in prop::collection::vec((0u64..1 << 34, 0u64..1 << 30), 1..40),
            levels in 1usize..=MAX_LEVELS,
        ) {
            let shape = HistoryShape::new(16, levels);
            let history = filled(shape, &intervals);
            let all = buckets(&history);
            let whole: u64 = intervals.iter().map(|(_, span)| span).sum();
            prop_assert_eq!(all.iter().map(|(.., ns)| ns).sum::<u64>(), whole);
            for pair in all.windows(2) {
                prop_assert_eq!(pair[0].1, pair[1].0, "buckets follow each other");
            }
            intervals.reverse();
            prop_assert_eq!(all, buckets(&filled(shape, &intervals)));
            prop_assert!(history.heap_bytes() <= levels * (16 * size_of::<Nanos>() + size_of::<HistoryLevel<Nanos>>()));
        }

        #[test]
        fn reshaped_history_keeps_everything(
            intervals in prop::collection::vec((0u64..1 << 34, 0u64..1 << 30), 1..40),
            levels in 1usize..=MAX_LEVELS,
            new_levels in 1usize..=MAX_LEVELS,
            new_buckets in prop::sample::select(vec![16usize, 64, 128]),
        ) {
            let mut history = filled(HistoryShape::new(64, levels), &intervals);
            let end = history.end();
            history.reshape(HistoryShape::new(new_buckets, new_levels));
            let shape = HistoryShape::new(new_buckets.min(64), levels.min(new_levels));
            prop_assert_eq!(buckets(&history), buckets(&filled(shape, &intervals)), "as if it had begun so");
            prop_assert!(history.end() >= end);
            let of_level = shape.buckets * size_of::<Nanos>() + size_of::<HistoryLevel<Nanos>>();
            prop_assert!(history.heap_bytes() <= shape.levels * of_level);
        }

        #[test]
        fn proportional_parts_add_up_to_the_whole(
            value in 0u64..1 << 40,
            from in 0u64..1000,
            span in 1u64..1 << 40,
            cut in 0.0f64..1.0,
        ) {
            let (from, to) = (Stamp(from), Stamp(from + span));
            let middle = Stamp(from.0 + (span as f64 * cut) as u64);
            let part = |cut| proportional_part(value, (from, to), cut);
            prop_assert_eq!(part((from, middle)) + part((middle, to)), value);
        }
    }

    #[test]
    fn old_interval_is_still_found_at_its_time() {
        let shape = HistoryShape::new(64, 6);
        let history = filled(shape, &[(1_000_000_000, 1_000_000_000), (599_000_000_000, 1)]);
        let mut inside = 0;
        history.visit_buckets(Stamp(900_000_000), Stamp(2_100_000_000), |_, _, ns| inside += ns.0);
        assert_eq!(inside, 1_000_000_000);
        assert_eq!(history.width_at(Stamp(599_000_000_000)), Span(1 << FINEST_WIDTH_LOG2));
        assert!(history.width_at(Stamp(0)) > Span::from_millis(1_000));
    }
}
