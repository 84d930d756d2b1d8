//! What passes from one worker to another through a resource, by number.

use std::collections::{BTreeMap, VecDeque};

use super::vector_clock::VectorClock;
use crate::queue::unwrap_number;

/// Items whose clocks are kept one by one.
const MAX_ITEMS: usize = 4_096;

/// Signals, posts or bytes whose clocks are kept one by one. What is older counts as given with the oldest kept.
const MAX_LOG_LEN: usize = 256;

/// Things with numbers: items of a queue, turns of a lock, results, starts and ends of a life.
#[derive(Debug, Clone, Default)]
pub(super) struct NumberedItems {
    clocks: BTreeMap<u64, VectorClock>,
    /// The highest number given.
    newest: u64,
    /// What was given and not taken for long: up to which number, and the clock of all of it together.
    dropped: (u64, VectorClock),
}

impl NumberedItems {
    /// The whole of a number told modulo 2^24.
    pub(super) fn unwrap_number(&self, nth: u32) -> u64 {
        unwrap_number(nth, self.newest)
    }

    pub(super) fn give(&mut self, nth: u64, clock: &VectorClock) {
        self.newest = self.newest.max(nth);
        self.clocks.insert(nth, clock.clone());
        if self.clocks.len() > MAX_ITEMS
            && let Some((nth, clock)) = self.clocks.pop_first()
        {
            self.dropped.0 = self.dropped.0.max(nth);
            self.dropped.1.join(&clock);
        }
    }

    /// The clock of whoever gave the item, if that is known yet.
    pub(super) fn take(&mut self, nth: u64) -> Option<VectorClock> {
        self.clocks.remove(&nth).or_else(|| self.peek(nth))
    }

    /// The same, for what others may take as well.
    pub(super) fn peek(&self, nth: u64) -> Option<VectorClock> {
        self.clocks.get(&nth).or_else(|| (nth <= self.dropped.0).then_some(&self.dropped.1)).cloned()
    }

    pub(super) fn len(&self) -> usize {
        self.clocks.len()
    }
}

/// Things that are only counted: who has had `n` of them comes after the first `n` that were given.
#[derive(Debug, Clone, Default)]
pub(super) struct CountedReleases {
    given: u64,
    /// How many had been given, and the clock of all of them together.
    log: VecDeque<(u64, VectorClock)>,
}

impl CountedReleases {
    pub(super) fn give(&mut self, amount: u64, clock: &VectorClock) {
        self.given = self.given.saturating_add(amount);
        let mut all = self.log.back().map(|(_, all)| all.clone()).unwrap_or_default();
        all.join(clock);
        self.give_exactly(&all);
    }

    /// As [`CountedReleases::give`], where only this clock counts for what is given now: a round of a barrier.
    pub(super) fn give_round(&mut self, amount: u64, clock: &VectorClock) {
        self.given = self.given.saturating_add(amount);
        self.give_exactly(clock);
    }

    fn give_exactly(&mut self, clock: &VectorClock) {
        self.log.push_back((self.given, clock.clone()));
        if self.log.len() > MAX_LOG_LEN {
            self.log.pop_front();
        }
    }

    /// The clock of the first `nth`, if as many are known to have been given.
    pub(super) fn clock_of_first(&self, nth: u64) -> Option<VectorClock> {
        if nth == 0 {
            return Some(VectorClock::default());
        }
        let at = self.log.partition_point(|(given, _)| *given < nth);
        self.log.get(at).map(|(_, clock)| clock.clone())
    }

    pub(super) fn len(&self) -> usize {
        self.log.len()
    }
}

/// A barrier's rounds.
#[derive(Debug, Clone, Default)]
pub(super) struct BarrierRounds {
    /// How many have come to the present round and wait, and the clock of all of them.
    arrived: (u32, VectorClock),
    pub(super) completed: CountedReleases,
}

impl BarrierRounds {
    pub(super) fn arrive(&mut self, clock: &VectorClock) {
        self.arrived.0 += 1;
        self.arrived.1.join(clock);
    }

    /// The last one has come and lets `woken` others go on. Its clock then, if all of them are known to have come.
    pub(super) fn complete(&mut self, woken: u32, clock: &VectorClock) -> Option<VectorClock> {
        if self.arrived.0 < woken {
            return None;
        }
        let (_, mut all) = std::mem::take(&mut self.arrived);
        all.join(clock);
        self.completed.give_round(u64::from(woken), &all);
        Some(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contend_trace::WorkerId;

    fn clock(worker: u16) -> VectorClock {
        let mut clock = VectorClock::default();
        clock.tick(WorkerId(worker));
        clock
    }

    #[test]
    fn what_is_counted_comes_after_as_many_as_were_given() {
        let mut posts = CountedReleases::default();
        assert_eq!(posts.clock_of_first(0), Some(VectorClock::default()));
        assert_eq!(posts.clock_of_first(1), None);
        posts.give(2, &clock(1));
        posts.give(1, &clock(2));
        assert_eq!(posts.clock_of_first(2), Some(clock(1)));
        assert!(
            posts.clock_of_first(3).is_some_and(|all| all.includes(WorkerId(1), 1) && all.includes(WorkerId(2), 1))
        );
        (0..2 * MAX_LOG_LEN as u64).for_each(|_| posts.give(1, &clock(3)));
        assert!(posts.len() <= MAX_LOG_LEN && posts.clock_of_first(1).is_some());
    }

    #[test]
    fn a_round_is_of_those_who_came_to_it() {
        let mut rounds = BarrierRounds::default();
        assert_eq!(rounds.complete(1, &clock(1)), None, "another one has to come");
        rounds.arrive(&clock(2));
        assert!(rounds.complete(1, &clock(1)).is_some_and(|all| all.includes(WorkerId(2), 1)));
        rounds.arrive(&clock(3));
        rounds.complete(1, &clock(4));
        assert!(rounds.completed.clock_of_first(2).is_some_and(|second| !second.includes(WorkerId(1), 1)));
    }
}
