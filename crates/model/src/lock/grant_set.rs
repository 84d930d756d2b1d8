//! The set of grants of a lock that have been seen.

use std::collections::VecDeque;

/// A set of grants. Nearly all of them form one run from 1 on, so the set keeps one bit for each grant after the first
/// missing one.
#[derive(Debug, Clone)]
pub(crate) struct GrantSet {
    /// All grants before this one are seen, except some up to `last_hole`.
    base: u64,
    /// The highest grant before `base` that may be missing, since the set no longer has room for it; 0 if there is
    /// none.
    last_hole: u64,
    words: VecDeque<u64>,
    /// The maximum number of words of 64 grants: how far the streams of a lock's users may drift apart.
    max_words: usize,
}

impl GrantSet {
    pub(crate) fn new(max_words: usize) -> Self {
        // There is no grant 0.
        Self { base: 0, last_hole: 0, words: VecDeque::from([1]), max_words: max_words.max(1) }
    }

    #[inline]
    pub(crate) fn insert(&mut self, grant: u64) {
        let Some(ahead) = grant.checked_sub(self.base) else { return };
        let word = (ahead / 64) as usize;
        if word >= self.words.len() {
            self.grow_to(grant);
            return self.insert(grant);
        }
        self.words[word] |= 1 << (ahead % 64);
        while self.words.front() == Some(&u64::MAX) {
            self.words.pop_front();
            self.base += 64;
        }
    }

    /// Makes room up to `grant`, and drops words that are too far behind it.
    #[cold]
    fn grow_to(&mut self, grant: u64) {
        let first = (grant / 64).saturating_sub(self.max_words as u64 - 1) * 64;
        if first > self.base {
            let gone = ((first - self.base) / 64).min(self.words.len() as u64) as usize;
            self.words.drain(..gone);
            self.base = first;
            self.last_hole = first - 1;
        }
        let wanted = ((grant - self.base) / 64 + 1) as usize;
        self.words.resize(wanted.max(self.words.len()), 0);
    }

    /// Whether every grant after `after`, up to and including `to`, was seen. Takes time proportional to their number.
    pub(crate) fn contains_range(&self, after: u64, to: u64) -> bool {
        if to <= after {
            return true;
        }
        if after < self.last_hole {
            return false;
        }
        let to = to.min(u64::MAX - 1); // room to count one further
        let mut next = after.max(self.base.saturating_sub(1)) + 1;
        while next <= to {
            let ahead = next - self.base;
            let Some(word) = self.words.get((ahead / 64) as usize) else { return false };
            let bits = (64 - ahead % 64).min(to - next + 1);
            let mask = (u64::MAX >> (64 - bits)) << (ahead % 64);
            if word & mask != mask {
                return false;
            }
            next += bits;
        }
        true
    }

    /// Returns the last grant of the run from 1 on that was seen completely; 0 if the first is missing or was dropped.
    pub(crate) fn contiguous_end(&self) -> u64 {
        if self.last_hole > 0 {
            return 0;
        }
        (self.base + u64::from(self.words.front().map_or(0, |word| word.trailing_ones()))).saturating_sub(1)
    }

    /// Whether this grant was certainly not seen. A dropped grant may have been.
    pub(crate) fn is_missing(&self, grant: u64) -> bool {
        let Some(ahead) = grant.checked_sub(self.base) else { return false };
        self.words.get((ahead / 64) as usize).is_none_or(|word| word >> (ahead % 64) & 1 == 0)
    }

    /// Reduces the number of words that are kept. Excess words are dropped with the next grant that needs room.
    pub(crate) fn limit_words(&mut self, max_words: usize) {
        self.max_words = self.max_words.min(max_words.max(1));
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.words.capacity() * size_of::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn grant_set_agrees_with_a_list(
            grants in prop::collection::vec(1u64..400, 0..500),
            after in 0u64..400,
            to in 0u64..400,
        ) {
            let mut seen = GrantSet::new(64);
            for grant in &grants {
                seen.insert(*grant);
            }
            prop_assert_eq!(seen.is_missing(to + 1), !grants.contains(&(to + 1)));
            prop_assert_eq!(seen.contains_range(after, to), (after + 1..=to).all(|g| grants.contains(&g)));
            prop_assert_eq!(Some(seen.contiguous_end()), (0..=400).find(|last| !grants.contains(&(last + 1))));
        }
    }

    #[test]
    fn dropped_grants_are_neither_seen_nor_missing() {
        let mut seen = GrantSet::new(1 << 11);
        let far = (3 * 64) << 11;
        (1..=10).chain(far..=far + 10).for_each(|g| seen.insert(g));
        assert!(seen.contains_range(far - 1, far + 10));
        assert!(!seen.contains_range(10, far + 10));
        assert!(!seen.contains_range(0, 5) && seen.contiguous_end() == 0, "dropped, so not known to be seen");
        assert!(!seen.is_missing(5) && !seen.is_missing(11) && seen.is_missing(far + 11), "nor known to be missing");
        assert!(seen.heap_bytes() <= (2 * 8) << 11);
        seen.insert(u64::MAX);
        assert!(seen.contains_range(u64::MAX - 1, u64::MAX));
    }
}
