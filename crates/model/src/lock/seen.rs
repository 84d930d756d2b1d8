//! Which grants of a lock have been seen.

use std::collections::VecDeque;

/// A set of grants, nearly all of them in one run from 1 on: a bit for each one after the first one missing.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Grants before this one are seen, except those up to `hole`.
    base: u64,
    /// The highest grant before `base` that was missing when it was given up; 0 if there is none.
    hole: u64,
    words: VecDeque<u64>,
    /// Words of 64 grants kept at most: how far the streams of a lock's users may run apart.
    most: usize,
}

impl Seen {
    pub(crate) fn new(most: usize) -> Self {
        // There is no grant 0.
        Self { base: 0, hole: 0, words: VecDeque::from([1]), most: most.max(1) }
    }

    #[inline]
    pub(crate) fn mark(&mut self, grant: u64) {
        let Some(ahead) = grant.checked_sub(self.base) else { return };
        let word = (ahead / 64) as usize;
        if word >= self.words.len() {
            self.reach(grant);
            return self.mark(grant);
        }
        self.words[word] |= 1 << (ahead % 64);
        while self.words.front() == Some(&u64::MAX) {
            self.words.pop_front();
            self.base += 64;
        }
    }

    /// Makes room up to `grant`, giving up what is too far behind it.
    #[cold]
    fn reach(&mut self, grant: u64) {
        let first = (grant / 64).saturating_sub(self.most as u64 - 1) * 64;
        if first > self.base {
            let gone = ((first - self.base) / 64).min(self.words.len() as u64) as usize;
            self.words.drain(..gone);
            self.base = first;
            self.hole = first - 1;
        }
        let wanted = ((grant - self.base) / 64 + 1) as usize;
        self.words.resize(wanted.max(self.words.len()), 0);
    }

    /// Whether every grant after `after` up to and including `to` was seen. Costs by the grants between.
    pub(crate) fn complete(&self, after: u64, to: u64) -> bool {
        if to <= after {
            return true;
        }
        if after < self.hole {
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

    /// The last of those from 1 on that were all seen: 0 if the first is missing, or was given up.
    pub(crate) fn first_run(&self) -> u64 {
        if self.hole > 0 {
            return 0;
        }
        (self.base + u64::from(self.words.front().map_or(0, |word| word.trailing_ones()))).saturating_sub(1)
    }

    /// Whether this one was certainly not seen: it is not among those that were given up.
    pub(crate) fn lacks(&self, one: u64) -> bool {
        let Some(ahead) = one.checked_sub(self.base) else { return false };
        self.words.get((ahead / 64) as usize).is_none_or(|word| word >> (ahead % 64) & 1 == 0)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.words.capacity() * size_of::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_a_plain_set(grants in prop::collection::vec(1u64..400, 0..500), after in 0u64..400, to in 0u64..400) {
            let mut seen = Seen::new(64);
            for grant in &grants {
                seen.mark(*grant);
            }
            prop_assert_eq!(seen.lacks(to + 1), !grants.contains(&(to + 1)));
            prop_assert_eq!(seen.complete(after, to), (after + 1..=to).all(|g| grants.contains(&g)));
            prop_assert_eq!(Some(seen.first_run()), (0..=400).find(|last| !grants.contains(&(last + 1))));
        }
    }

    #[test]
    fn what_is_given_up_counts_as_missing() {
        let mut seen = Seen::new(1 << 11);
        let far = (3 * 64) << 11;
        (1..=10).chain(far..=far + 10).for_each(|g| seen.mark(g));
        assert!(seen.complete(far - 1, far + 10));
        assert!(!seen.complete(10, far + 10));
        assert!(!seen.complete(0, 5) && seen.first_run() == 0, "forgotten, so not believed");
        assert!(!seen.lacks(5) && !seen.lacks(11) && seen.lacks(far + 11), "nor believed to be missing");
        assert!(seen.bytes() <= (2 * 8) << 11);
        seen.mark(u64::MAX);
        assert!(seen.complete(u64::MAX - 1, u64::MAX));
    }
}
