//! What passes from one worker to another through a resource, by number.

use std::collections::{BTreeMap, VecDeque};

use super::clock::Clock;
use crate::queue::unwrapped;

/// Items whose clocks are kept one by one.
const ITEMS: usize = 4_096;

/// Signals, posts or bytes whose clocks are kept one by one. What is older counts as given with the oldest kept.
const KEPT: usize = 256;

/// Things with numbers: items of a queue, turns of a lock, results, starts and ends of a life.
#[derive(Debug, Clone, Default)]
pub(super) struct Items {
    clocks: BTreeMap<u64, Clock>,
    /// The highest number given.
    newest: u64,
    /// What was given and not taken for long: up to which number, and the clock of all of it together.
    old: (u64, Clock),
}

impl Items {
    /// The whole of a number told modulo 2^24.
    pub(super) fn whole(&self, nth: u32) -> u64 {
        unwrapped(nth, self.newest)
    }

    pub(super) fn give(&mut self, nth: u64, clock: &Clock) {
        self.newest = self.newest.max(nth);
        self.clocks.insert(nth, clock.clone());
        if self.clocks.len() > ITEMS
            && let Some((nth, clock)) = self.clocks.pop_first()
        {
            self.old.0 = self.old.0.max(nth);
            self.old.1.join(&clock);
        }
    }

    /// The clock of whoever gave the item, if that is known yet.
    pub(super) fn take(&mut self, nth: u64) -> Option<Clock> {
        self.clocks.remove(&nth).or_else(|| self.see(nth))
    }

    /// The same, for what others may take as well.
    pub(super) fn see(&self, nth: u64) -> Option<Clock> {
        self.clocks.get(&nth).or_else(|| (nth <= self.old.0).then_some(&self.old.1)).cloned()
    }

    pub(super) fn len(&self) -> usize {
        self.clocks.len()
    }
}

/// Things that are only counted: who has had `n` of them comes after the first `n` that were given.
#[derive(Debug, Clone, Default)]
pub(super) struct Counted {
    given: u64,
    /// How many had been given, and the clock of all of them together.
    log: VecDeque<(u64, Clock)>,
}

impl Counted {
    pub(super) fn give(&mut self, amount: u64, clock: &Clock) {
        self.given = self.given.saturating_add(amount);
        let mut all = self.log.back().map(|(_, all)| all.clone()).unwrap_or_default();
        all.join(clock);
        self.give_exactly(&all);
    }

    /// As [`Counted::give`], where only this clock counts for what is given now: a round of a barrier.
    pub(super) fn give_round(&mut self, amount: u64, clock: &Clock) {
        self.given = self.given.saturating_add(amount);
        self.give_exactly(clock);
    }

    fn give_exactly(&mut self, clock: &Clock) {
        self.log.push_back((self.given, clock.clone()));
        if self.log.len() > KEPT {
            self.log.pop_front();
        }
    }

    /// The clock of the first `nth`, if as many are known to have been given.
    pub(super) fn up_to(&self, nth: u64) -> Option<Clock> {
        if nth == 0 {
            return Some(Clock::default());
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
pub(super) struct Rounds {
    /// How many have come to the present round and wait, and the clock of all of them.
    come: (u32, Clock),
    pub(super) over: Counted,
}

impl Rounds {
    pub(super) fn come(&mut self, clock: &Clock) {
        self.come.0 += 1;
        self.come.1.join(clock);
    }

    /// The last one has come and lets `woken` others go on. Its clock then, if all of them are known to have come.
    pub(super) fn complete(&mut self, woken: u32, clock: &Clock) -> Option<Clock> {
        if self.come.0 < woken {
            return None;
        }
        let (_, mut all) = std::mem::take(&mut self.come);
        all.join(clock);
        self.over.give_round(u64::from(woken), &all);
        Some(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contend_trace::WorkerId;

    fn clock(worker: u16) -> Clock {
        let mut clock = Clock::default();
        clock.tick(WorkerId(worker));
        clock
    }

    #[test]
    fn what_is_counted_comes_after_as_many_as_were_given() {
        let mut posts = Counted::default();
        assert_eq!(posts.up_to(0), Some(Clock::default()));
        assert_eq!(posts.up_to(1), None);
        posts.give(2, &clock(1));
        posts.give(1, &clock(2));
        assert_eq!(posts.up_to(2), Some(clock(1)));
        assert!(posts.up_to(3).is_some_and(|all| all.has_seen(WorkerId(1), 1) && all.has_seen(WorkerId(2), 1)));
        (0..2 * KEPT as u64).for_each(|_| posts.give(1, &clock(3)));
        assert!(posts.len() <= KEPT && posts.up_to(1).is_some());
    }

    #[test]
    fn a_round_is_of_those_who_came_to_it() {
        let mut rounds = Rounds::default();
        assert_eq!(rounds.complete(1, &clock(1)), None, "another one has to come");
        rounds.come(&clock(2));
        assert!(rounds.complete(1, &clock(1)).is_some_and(|all| all.has_seen(WorkerId(2), 1)));
        rounds.come(&clock(3));
        rounds.complete(1, &clock(4));
        assert!(rounds.over.up_to(2).is_some_and(|second| !second.has_seen(WorkerId(1), 1)));
    }
}
