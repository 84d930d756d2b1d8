//! Accesses to shared words, one right after the other.
//!
//! A CPU keeps a store for a moment before other CPUs can see it, and meanwhile performs the loads that follow. A
//! worker that does anything in between, even for some tens of nanoseconds, never observes that. So these accesses run
//! in a tight loop, as compiled code would.

use std::hint::spin_loop;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};

/// One access to a word, whose value is signed.
#[derive(Debug)]
pub enum Access<'a> {
    Store {
        word: &'a AtomicU64,
        value: i64,
        order: Ordering,
    },
    Load {
        word: &'a AtomicU64,
        order: Ordering,
        /// The value that was read.
        value: i64,
    },
    /// Loads until one of the words has a wanted value.
    Spin(Vec<Poll<'a>>),
}

/// A word that has a wanted value, or not yet.
#[derive(Debug)]
pub struct Poll<'a> {
    pub word: &'a AtomicU64,
    pub order: Ordering,
    pub wanted: RangeInclusive<i64>,
}

impl Poll<'_> {
    #[inline]
    fn is_wanted(&self) -> bool {
        self.wanted.contains(&(self.word.load(self.order) as i64))
    }
}

/// Performs these accesses, with nothing in between. Returns how many: all, or those before a spin that found no wanted
/// value in `rounds` rounds.
pub fn perform_accesses(accesses: &mut [Access<'_>], rounds: u64) -> usize {
    for (done, access) in accesses.iter_mut().enumerate() {
        match access {
            Access::Store { word, value, order } => word.store(*value as u64, *order),
            Access::Load { word, order, value } => *value = word.load(*order) as i64,
            Access::Spin(polls) => {
                let mut left = rounds;
                while !polls.iter().any(Poll::is_wanted) {
                    left = left.saturating_sub(1);
                    if left == 0 {
                        return done;
                    }
                    spin_loop();
                }
            }
        }
    }
    accesses.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accesses_are_performed_in_order_up_to_a_spin_that_is_not_over() {
        let words = [const { AtomicU64::new(0) }; 2];
        let order = Ordering::Relaxed;
        let store = |value| Access::Store { word: &words[0], value, order };
        let load = || Access::Load { word: &words[0], order, value: 0 };
        let poll = |at: usize, wanted| Poll { word: &words[at], order, wanted };
        let spin = Access::Spin(vec![poll(1, 5..=5), poll(0, i64::MIN..=-7)]);
        let mut accesses = [store(-3), load(), store(-6), load(), spin, store(9)];
        assert_eq!(perform_accesses(&mut accesses, 10), 4);
        assert_eq!(words[0].load(order) as i64, -6);
        assert!(matches!(accesses[1], Access::Load { value: -3, .. }));
        assert!(matches!(accesses[3], Access::Load { value: -6, .. }));
        words[1].store(5, order);
        assert_eq!(perform_accesses(&mut accesses[4..], 10), 2);
        assert_eq!(words[0].load(order), 9);
    }
}
