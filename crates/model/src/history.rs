//! Anything that is kept over time, in bounded memory: levels of ring buckets.
//!
//! Buckets of level 0 are 2^20 ns (about 1 ms) wide, those of each next level twice as wide. As time moves on the oldest
//! bucket of a level is merged into the next one; buckets of the last level double their width when they are full. So
//! resolution falls with age, and nothing is ever dropped.
//!
//! Which level holds a moment depends on the newest moment alone, and values merge in any order: the content is the same
//! whatever the order of arrival.

use contend_trace::{Span, Stamp};

/// log2 of the width of the narrowest bucket in nanoseconds.
const FINEST: u32 = 20;

/// Stamps beyond 146 years are taken as this one, so that no bucket's end overflows.
const FAR: u64 = 1 << 62;

/// More levels than this are not made.
pub(super) const MOST_LEVELS: usize = 6;

/// What a bucket holds. Merging must not depend on order.
pub(super) trait Merge: Default {
    fn merge(&mut self, other: Self);
}

/// How many buckets a level has (a power of two) and how many levels there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub buckets: usize,
    pub levels: usize,
}

#[derive(Debug, Clone)]
pub(super) struct History<V> {
    buckets: u64,
    /// End of the newest bucket, ns, and its place; the begin of all that is not yet.
    end: u64,
    hot: usize,
    levels: Vec<Level<V>>,
    blank: V,
}

#[derive(Debug, Clone)]
struct Level<V> {
    /// log2 of the width of a bucket.
    shift: u32,
    /// Number of the first bucket kept here; its place is its number modulo the number of buckets.
    start: u64,
    /// Grows as it is used, up to the number of buckets.
    ring: Vec<V>,
}

impl<V: Merge> Level<V> {
    /// Begin of what is kept here, ns.
    fn begin(&self) -> u64 {
        self.start << self.shift
    }

    fn bucket(&mut self, number: u64, buckets: u64) -> &mut V {
        let place = (number & (buckets - 1)) as usize;
        if place >= self.ring.len() {
            let wanted = (place + 1).next_power_of_two();
            self.ring.reserve_exact(wanted - self.ring.len());
            self.ring.resize_with(place + 1, V::default);
        }
        &mut self.ring[place]
    }

    /// Makes every bucket twice as wide.
    fn double(&mut self) {
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
    pub(super) fn new(shape: Shape) -> Self {
        let level = |k: usize| Level { shift: FINEST + k as u32, start: 0, ring: Vec::new() };
        let levels = (0..shape.levels.clamp(1, MOST_LEVELS)).map(level).collect();
        Self { buckets: shape.buckets.next_power_of_two().max(2) as u64, end: 0, hot: 0, levels, blank: V::default() }
    }

    /// End of the newest bucket: there is nothing from here on.
    pub(super) fn end(&self) -> Stamp {
        Stamp(self.end)
    }

    /// How wide the bucket is that holds `t`.
    pub(super) fn width_at(&self, t: Stamp) -> Span {
        let level = self.levels.iter().find(|level| level.begin() <= t.0);
        Span(1 << level.map_or(FINEST, |level| level.shift))
    }

    /// The bucket that holds `t`.
    #[inline]
    pub(super) fn at(&mut self, t: Stamp) -> &mut V {
        if self.is_hot(t.0) {
            return &mut self.levels[0].ring[self.hot];
        }
        self.seek(t.0.min(FAR))
    }

    /// Hands each bucket that `from..to` touches to `put`, with the part `a..b` of the stretch that lies in it.
    #[inline]
    pub(super) fn add(&mut self, from: Stamp, to: Stamp, mut put: impl FnMut(&mut V, u64, u64)) {
        if from >= to {
            return;
        }
        if self.is_hot(from.0) && to.0 <= self.end {
            put(&mut self.levels[0].ring[self.hot], from.0, to.0);
        } else {
            self.add_wide(from.0.min(FAR), to.0.min(FAR), put);
        }
    }

    /// Whether `t` lies in the newest bucket: nearly everything does.
    #[inline]
    fn is_hot(&self, t: u64) -> bool {
        t < self.end && self.end - t <= 1 << self.levels[0].shift
    }

    #[inline(never)]
    fn seek(&mut self, t: u64) -> &mut V {
        self.advance(t);
        // The last level begins at 0, so one is always found.
        let level = self.levels.iter().position(|level| level.begin() <= t).unwrap_or(0);
        let buckets = self.buckets;
        let level = &mut self.levels[level];
        level.bucket(t >> level.shift, buckets)
    }

    #[inline(never)]
    fn add_wide(&mut self, from: u64, to: u64, mut put: impl FnMut(&mut V, u64, u64)) {
        if from >= to {
            return;
        }
        self.advance(to - 1);
        let (buckets, mut end) = (self.buckets, self.end);
        for level in &mut self.levels {
            let begin = level.begin();
            let (mut a, stop) = (from.max(begin), to.min(end));
            while a < stop {
                let number = a >> level.shift;
                let b = ((number + 1) << level.shift).min(stop);
                put(level.bucket(number, buckets), a, b);
                a = b;
            }
            if from >= begin {
                return;
            }
            end = begin;
        }
    }

    /// Hands every bucket that `from..to` touches to `change`, newest level first, with its begin and end.
    pub(super) fn change(&mut self, from: Stamp, to: Stamp, mut change: impl FnMut(Stamp, Stamp, &mut V)) {
        let (from, to) = (from.0.min(FAR), to.0.min(FAR));
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

    /// Makes room for `t`: buckets that fall out of their level are merged into the level that now holds their time.
    fn advance(&mut self, t: u64) {
        if t < self.end {
            return;
        }
        let starts = self.starts_at(t);
        for k in (0..self.levels.len()).rev() {
            let old = self.levels[k].start;
            self.levels[k].start = starts[k];
            let gone = old..starts[k].min(old.saturating_add(self.buckets));
            for number in gone {
                self.sink(k, number);
            }
        }
        let shift = self.levels[0].shift;
        self.end = ((t >> shift) + 1) << shift;
        self.hot = ((t >> shift) & (self.buckets - 1)) as usize;
        let buckets = self.buckets;
        self.levels[0].bucket(t >> shift, buckets);
    }

    /// First bucket of each level when `t` is the newest moment. Widens the last level where that is needed.
    fn starts_at(&mut self, t: u64) -> [u64; MOST_LEVELS] {
        let last = self.levels.len() - 1;
        let mut newest = Some(t);
        let mut starts = [0; MOST_LEVELS];
        for (k, level) in self.levels.iter_mut().enumerate() {
            let Some(t) = newest else { break };
            if k == last {
                while t >> level.shift >= self.buckets {
                    level.double();
                }
            } else {
                starts[k] = ((t >> level.shift) + 1).saturating_sub(self.buckets);
                newest = (starts[k] << level.shift).checked_sub(1);
            }
        }
        starts
    }

    /// Merges a bucket that fell out of level `k` into the first level that reaches back to it.
    fn sink(&mut self, k: usize, number: u64) {
        let place = (number & (self.buckets - 1)) as usize;
        let Some(value) = self.levels[k].ring.get_mut(place).map(std::mem::take) else { return };
        let t = number << self.levels[k].shift;
        let buckets = self.buckets;
        if let Some(level) = self.levels[k + 1..].iter_mut().find(|level| level.begin() <= t) {
            level.bucket(t >> level.shift, buckets).merge(value);
        }
    }

    /// Hands every bucket that `from..to` touches to `look`, oldest first, with its begin and end.
    pub(super) fn visit(&self, from: Stamp, to: Stamp, mut look: impl FnMut(Stamp, Stamp, &V)) {
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
                look(Stamp(begin), Stamp(end), value);
            }
        }
    }

    /// Heap bytes in use.
    pub(super) fn bytes(&self) -> usize {
        let rings: usize = self.levels.iter().map(|level| level.ring.capacity() * size_of::<V>()).sum();
        rings + self.levels.capacity() * size_of::<Level<V>>()
    }
}

/// The part of `value` that falls to `a..b` when it is spread evenly over `from..to`. Parts of neighbouring stretches add
/// up to the whole exactly.
pub(super) fn part(value: u64, (from, to): (Stamp, Stamp), (a, b): (Stamp, Stamp)) -> u64 {
    if a <= from && to <= b {
        return value;
    }
    let whole = to.since(from).0.max(1) as f64;
    let up_to = |t: Stamp| (value as f64 * (t.min(to).since(from).0 as f64 / whole)) as u64;
    up_to(b).saturating_sub(up_to(a))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Nanoseconds, so that a history of them can be compared with the stretches that were put in.
    #[derive(Debug, Clone, Default, PartialEq)]
    struct Ns(u64);

    impl Merge for Ns {
        fn merge(&mut self, other: Self) {
            self.0 += other.0;
        }
    }

    fn filled(shape: Shape, stretches: &[(u64, u64)]) -> History<Ns> {
        let mut history = History::new(shape);
        for (from, span) in stretches {
            history.add(Stamp(*from), Stamp(from + span), |ns: &mut Ns, a, b| ns.0 += b - a);
        }
        history
    }

    fn buckets(history: &History<Ns>) -> Vec<(Stamp, Stamp, u64)> {
        let mut all = Vec::new();
        history.visit(Stamp(0), Stamp(u64::MAX), |a, b, ns| all.push((a, b, ns.0)));
        all
    }

    proptest! {
        #[test]
        fn nothing_is_dropped_and_order_does_not_matter(
            mut stretches in prop::collection::vec((0u64..1 << 34, 0u64..1 << 30), 1..40),
            levels in 1usize..=MOST_LEVELS,
        ) {
            let shape = Shape { buckets: 16, levels };
            let history = filled(shape, &stretches);
            let all = buckets(&history);
            let whole: u64 = stretches.iter().map(|(_, span)| span).sum();
            prop_assert_eq!(all.iter().map(|(.., ns)| ns).sum::<u64>(), whole);
            for pair in all.windows(2) {
                prop_assert_eq!(pair[0].1, pair[1].0, "buckets follow each other");
            }
            stretches.reverse();
            prop_assert_eq!(all, buckets(&filled(shape, &stretches)));
            prop_assert!(history.bytes() <= levels * (16 * size_of::<Ns>() + size_of::<Level<Ns>>()));
        }

        #[test]
        fn parts_add_up(value in 0u64..1 << 40, from in 0u64..1000, span in 1u64..1 << 40, cut in 0.0f64..1.0) {
            let (from, to) = (Stamp(from), Stamp(from + span));
            let middle = Stamp(from.0 + (span as f64 * cut) as u64);
            let halves = part(value, (from, to), (from, middle)) + part(value, (from, to), (middle, to));
            prop_assert_eq!(halves, value);
        }
    }

    #[test]
    fn a_second_is_found_again_where_it_was() {
        let shape = Shape { buckets: 64, levels: 6 };
        let history = filled(shape, &[(1_000_000_000, 1_000_000_000), (599_000_000_000, 1)]);
        let mut inside = 0;
        history.visit(Stamp(900_000_000), Stamp(2_100_000_000), |_, _, ns| inside += ns.0);
        assert_eq!(inside, 1_000_000_000);
        assert_eq!(history.width_at(Stamp(599_000_000_000)), Span(1 << FINEST));
        assert!(history.width_at(Stamp(0)) > Span::millis(1_000));
    }
}
