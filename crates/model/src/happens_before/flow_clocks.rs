//! Clocks of the supplies that pass through a resource, by number or by count.

use std::collections::{BTreeMap, VecDeque};

use super::vector_clock::VectorClock;
use crate::queue::unwrap_number;

/// The maximum number of items whose clocks are kept one by one.
const MAX_ITEMS: usize = 4_096;

/// The maximum number of releases whose clocks are kept one by one. Older ones count as released with the oldest kept.
const MAX_LOG_LEN: usize = 256;

/// Supplies with numbers: items of a queue, turns of a lock, results, starts and ends of a life.
#[derive(Debug, Clone, Default)]
pub(super) struct NumberedItems {
    clocks: BTreeMap<u64, VectorClock>,
    /// The highest number supplied.
    newest: u64,
    /// Supplies that were not taken for long: the highest number, and the joined clock of all of them.
    dropped: (u64, VectorClock),
}

impl NumberedItems {
    /// Returns the full number of a number modulo 2^24.
    pub(super) fn unwrap_number(&self, nth: u32) -> u64 {
        unwrap_number(nth, self.newest)
    }

    pub(super) fn supply(&mut self, nth: u64, clock: &VectorClock) {
        self.newest = self.newest.max(nth);
        self.clocks.insert(nth, clock.clone());
        if self.clocks.len() > MAX_ITEMS
            && let Some((nth, clock)) = self.clocks.pop_first()
        {
            self.dropped.0 = self.dropped.0.max(nth);
            self.dropped.1.join(&clock);
        }
    }

    /// Removes an item and returns its supplier's clock, if that is known yet.
    pub(super) fn take(&mut self, nth: u64) -> Option<VectorClock> {
        self.clocks.remove(&nth).or_else(|| self.peek(nth))
    }

    /// Returns the supplier's clock of an item that other workers may take as well.
    pub(super) fn peek(&self, nth: u64) -> Option<VectorClock> {
        self.clocks.get(&nth).or_else(|| (nth <= self.dropped.0).then_some(&self.dropped.1)).cloned()
    }

    pub(super) fn len(&self) -> usize {
        self.clocks.len()
    }
}

/// Releases that are only counted: a worker that received `n` of them comes after the first `n` that were released.
#[derive(Debug, Clone, Default)]
pub(super) struct CountedReleases {
    released: u64,
    /// The number released so far, and the joined clock of all of them.
    log: VecDeque<(u64, VectorClock)>,
}

impl CountedReleases {
    pub(super) fn release(&mut self, amount: u64, clock: &VectorClock) {
        self.released = self.released.saturating_add(amount);
        let mut all = self.log.back().map(|(_, all)| all.clone()).unwrap_or_default();
        all.join(clock);
        self.push_log(&all);
    }

    /// Like [`CountedReleases::release`], for a round of a barrier: only this clock counts for the new releases.
    pub(super) fn release_round(&mut self, amount: u64, clock: &VectorClock) {
        self.released = self.released.saturating_add(amount);
        self.push_log(clock);
    }

    fn push_log(&mut self, clock: &VectorClock) {
        self.log.push_back((self.released, clock.clone()));
        if self.log.len() > MAX_LOG_LEN {
            self.log.pop_front();
        }
    }

    /// Returns the clock of the first `nth` releases, if that many are known.
    pub(super) fn clock_of_first(&self, nth: u64) -> Option<VectorClock> {
        if nth == 0 {
            return Some(VectorClock::default());
        }
        let at = self.log.partition_point(|(released, _)| *released < nth);
        self.log.get(at).map(|(_, clock)| clock.clone())
    }

    pub(super) fn len(&self) -> usize {
        self.log.len()
    }
}

/// A barrier's rounds.
#[derive(Debug, Clone, Default)]
pub(super) struct BarrierRounds {
    /// The number of workers that wait in the present round, and the joined clock of all of them.
    arrived: (u32, VectorClock),
    pub(super) completed: CountedReleases,
}

impl BarrierRounds {
    pub(super) fn arrive(&mut self, clock: &VectorClock) {
        self.arrived.0 += 1;
        self.arrived.1.join(clock);
    }

    /// Completes the round when the last worker arrives and wakes `woken` others. Returns the joined clock, if all of
    /// these are known to have arrived.
    pub(super) fn complete(&mut self, woken: u32, clock: &VectorClock) -> Option<VectorClock> {
        if self.arrived.0 < woken {
            return None;
        }
        let (_, mut all) = std::mem::take(&mut self.arrived);
        all.join(clock);
        self.completed.release_round(u64::from(woken), &all);
        Some(all)
    }
}

/// The changes of a wait group's count, which are numbered.
#[derive(Debug, Clone, Default)]
pub(super) struct CountedChanges {
    /// The number of changes so far, and the joined clock of all of them.
    made: (u64, VectorClock),
}

impl CountedChanges {
    /// Makes the `nth` change, modulo 2^24. Returns `None` if an earlier one is not known yet.
    pub(super) fn try_change(&mut self, nth: u32, clock: &VectorClock) -> Option<()> {
        if unwrap_number(nth, self.made.0) > self.made.0 + 1 {
            return None;
        }
        self.made.0 += 1;
        self.made.1.join(clock);
        Some(())
    }

    /// Returns the joined clock of all changes.
    pub(super) fn clock(&self) -> &VectorClock {
        &self.made.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contend_trace::WorkerId;

    fn clock(worker: u32) -> VectorClock {
        let mut clock = VectorClock::default();
        clock.tick(WorkerId(worker));
        clock
    }

    #[test]
    fn nth_wakeup_comes_after_the_first_n_releases() {
        let mut posts = CountedReleases::default();
        assert_eq!(posts.clock_of_first(0), Some(VectorClock::default()));
        assert_eq!(posts.clock_of_first(1), None);
        posts.release(2, &clock(1));
        posts.release(1, &clock(2));
        assert_eq!(posts.clock_of_first(2), Some(clock(1)));
        assert!(
            posts.clock_of_first(3).is_some_and(|all| all.includes(WorkerId(1), 1) && all.includes(WorkerId(2), 1))
        );
        (0..2 * MAX_LOG_LEN as u64).for_each(|_| posts.release(1, &clock(3)));
        assert!(posts.len() <= MAX_LOG_LEN && posts.clock_of_first(1).is_some());
    }

    #[test]
    fn changes_of_a_wait_group_are_joined_in_order() {
        let mut changes = CountedChanges::default();
        assert_eq!(changes.try_change(2, &clock(2)), None, "the first change is missing");
        assert_eq!(changes.try_change(1, &clock(1)), Some(()));
        assert_eq!(changes.try_change(2, &clock(2)), Some(()));
        assert!(changes.clock().includes(WorkerId(1), 1) && changes.clock().includes(WorkerId(2), 1));
    }

    #[test]
    fn barrier_round_joins_only_its_own_workers() {
        let mut rounds = BarrierRounds::default();
        assert_eq!(rounds.complete(1, &clock(1)), None, "another worker has to arrive");
        rounds.arrive(&clock(2));
        assert!(rounds.complete(1, &clock(1)).is_some_and(|all| all.includes(WorkerId(2), 1)));
        rounds.arrive(&clock(3));
        rounds.complete(1, &clock(4));
        assert!(rounds.completed.clock_of_first(2).is_some_and(|second| !second.includes(WorkerId(1), 1)));
    }
}
