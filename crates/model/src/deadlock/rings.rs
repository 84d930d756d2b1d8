//! Separate rings in a set of workers that can never run again.
//!
//! An arrow leads from each worker to every stuck worker it waits for. A strongly connected part that stays stuck although
//! all others run is a deadlock of its own. Everybody else in the set waits, directly or through others, for one or more of
//! these parts: a victim.

use std::collections::BTreeMap;

use super::reduce::{Needs, never_live};

/// A ring, as places in the table of all workers: each list in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ring {
    /// Workers that wait for each other, none of which can be left out.
    pub members: Vec<usize>,
    /// Stuck workers outside the ring that wait for it.
    pub victims: Vec<usize>,
}

/// Splits a stuck set, in order, into its rings, by their lowest member. Costs by workers and needs.
pub(super) fn separate(needs: &[Needs], set: &[usize]) -> Vec<Ring> {
    let graph = Graph::of(needs, set);
    let mut cores = Vec::new();
    graph.cores(needs, &mut cores);
    cores.sort_unstable();
    let mut reached = vec![usize::MAX; set.len()];
    let ring = |(nth, members): (usize, Vec<usize>)| {
        let victims = graph.waiting_for(&members, nth, &mut reached);
        Ring { members, victims }
    };
    cores.into_iter().enumerate().map(ring).collect()
}

/// Those of `members`, in order, that can never run again even if all others run.
pub(super) fn stuck_within(needs: &[Needs], members: &[usize]) -> Vec<usize> {
    let places: BTreeMap<usize, usize> = members.iter().enumerate().map(|(place, who)| (*who, place)).collect();
    let within = |of: &[usize]| of.iter().filter_map(|on| places.get(on).copied()).collect::<Vec<_>>();
    let local = |who: &usize| match &needs[*who] {
        Needs::Nothing => Needs::Nothing,
        Needs::All(of) => Needs::All(within(of)),
        Needs::Some(enough, of) => {
            let inside = within(of);
            Needs::Some(enough.saturating_sub(of.len() - inside.len()), inside)
        }
        Needs::Any(of) => {
            let inside = within(of);
            if inside.len() < of.len() { Needs::Nothing } else { Needs::Any(inside) }
        }
    };
    let local: Vec<Needs> = members.iter().map(local).collect();
    never_live(&local).into_iter().map(|place| members[place]).collect()
}

/// The arrows among the workers of one set, by their places in it.
struct Graph<'a> {
    set: &'a [usize],
    to: Vec<Vec<usize>>,
    from: Vec<Vec<usize>>,
}

impl<'a> Graph<'a> {
    fn of(needs: &[Needs], set: &'a [usize]) -> Self {
        let place = |who: &usize| set.binary_search(who).ok();
        let arrows = |who: &usize| {
            let mut to: Vec<usize> = needs[*who].of().iter().filter_map(place).collect();
            to.sort_unstable();
            to.dedup();
            to
        };
        let to: Vec<Vec<usize>> = set.iter().map(arrows).collect();
        let mut from = vec![Vec::new(); set.len()];
        for (place, targets) in to.iter().enumerate() {
            for target in targets {
                from[*target].push(place);
            }
        }
        Self { set, to, from }
    }

    /// Adds the members of each ring.
    fn cores(&self, needs: &[Needs], out: &mut Vec<Vec<usize>>) {
        for part in self.strongly_connected() {
            let inside = |place: &usize| part.binary_search(place).is_ok();
            let is_closed = part.iter().flat_map(|place| &self.to[*place]).all(inside);
            let waits_inside = part.iter().flat_map(|place| &self.to[*place]).any(inside);
            let members: Vec<usize> = part.iter().map(|place| self.set[*place]).collect();
            if is_closed {
                out.push(members);
            } else if waits_inside {
                // It waits for another ring as well; is it one without that?
                let stuck = stuck_within(needs, &members);
                if stuck.len() == members.len() {
                    out.push(members);
                } else if !stuck.is_empty() {
                    Graph::of(needs, &stuck).cores(needs, out);
                }
            }
        }
    }

    /// The strongly connected parts, each in order. (Tarjan, Depth-first search and linear graph algorithms, SIAM Journal on
    /// Computing 1(2), 1972; without recursion.)
    fn strongly_connected(&self) -> Vec<Vec<usize>> {
        let n = self.to.len();
        let (mut index, mut low) = (vec![usize::MAX; n], vec![0; n]);
        let (mut on_stack, mut stack, mut parts) = (vec![false; n], Vec::new(), Vec::new());
        let mut found = 0;
        for start in 0..n {
            if index[start] != usize::MAX {
                continue;
            }
            let mut way = vec![(start, 0)];
            while let Some((place, next)) = way.last_mut() {
                let place = *place;
                if *next == 0 && index[place] == usize::MAX {
                    (index[place], low[place]) = (found, found);
                    found += 1;
                    stack.push(place);
                    on_stack[place] = true;
                }
                if let Some(&target) = self.to[place].get(*next) {
                    *next += 1;
                    if index[target] == usize::MAX {
                        way.push((target, 0));
                    } else if on_stack[target] {
                        low[place] = low[place].min(index[target]);
                    }
                    continue;
                }
                way.pop();
                if let Some((before, _)) = way.last() {
                    low[*before] = low[*before].min(low[place]);
                }
                if low[place] == index[place] {
                    let at = stack.iter().rposition(|on| *on == place).unwrap_or(0);
                    let mut part = stack.split_off(at);
                    for on in &part {
                        on_stack[*on] = false;
                    }
                    part.sort_unstable();
                    parts.push(part);
                }
            }
        }
        parts
    }

    /// Those outside `members` that wait for them, directly or through others. `reached` has the number of the ring that a
    /// place was reached from last.
    fn waiting_for(&self, members: &[usize], nth: usize, reached: &mut [usize]) -> Vec<usize> {
        let mut next: Vec<usize> = members.iter().filter_map(|who| self.set.binary_search(who).ok()).collect();
        for place in &next {
            reached[*place] = nth;
        }
        let mut victims = Vec::new();
        while let Some(place) = next.pop() {
            for &waiter in &self.from[place] {
                if std::mem::replace(&mut reached[waiter], nth) != nth {
                    victims.push(self.set[waiter]);
                    next.push(waiter);
                }
            }
        }
        victims.sort_unstable();
        victims
    }
}

#[cfg(test)]
mod tests {
    use super::Needs::{All, Nothing, Some};
    use super::*;

    fn rings(needs: &[Needs]) -> Vec<(Vec<usize>, Vec<usize>)> {
        separate(needs, &never_live(needs)).into_iter().map(|ring| (ring.members, ring.victims)).collect()
    }

    fn all<const N: usize>(of: [usize; N]) -> Needs {
        All(of.to_vec())
    }

    #[test]
    fn rings_that_share_nothing_are_separate() {
        let needs = [all([1]), all([0]), all([4]), all([2]), all([3]), all([5])];
        assert_eq!(rings(&needs), [(vec![0, 1], vec![]), (vec![2, 3, 4], vec![]), (vec![5], vec![])]);
    }

    #[test]
    fn a_victim_belongs_to_every_ring_it_waits_for() {
        // 4 waits for both rings, 5 for 4, 6 for the second ring alone
        let needs = [all([1]), all([0]), all([3]), all([2]), Some(1, vec![0, 2]), all([4]), all([3]), Nothing];
        assert_eq!(rings(&needs), [(vec![0, 1], vec![4, 5]), (vec![2, 3], vec![4, 5, 6])]);
    }

    #[test]
    fn a_ring_that_waits_for_another_ring_as_well_is_separate_if_it_would_stay_stuck() {
        // a writer waits for two readers: one waits for it, one is in another ring
        let writer = [all([1, 2]), all([0]), all([3]), all([2])];
        assert_eq!(rings(&writer), [(vec![0, 1], vec![]), (vec![2, 3], vec![0, 1])]);
        // either of two permits would do: without the other ring there is none here
        let permit = [Some(1, vec![1, 2]), all([0]), all([3]), all([2])];
        assert_eq!(rings(&permit), [(vec![2, 3], vec![0, 1])]);
    }

    #[test]
    fn all_who_could_give_a_permit_are_in_the_ring() {
        let needs = [Some(1, vec![0, 1, 2]), all([0]), all([0]), Some(1, vec![0, 1, 2])];
        assert_eq!(rings(&needs), [(vec![0, 1, 2], vec![3])]);
    }

    #[test]
    fn a_long_ring_needs_no_deep_stack() {
        let needs: Vec<Needs> = (0..60_000).map(|who| all([(who + 1) % 60_000])).collect();
        let found = rings(&needs);
        assert_eq!((found.len(), found[0].0.len()), (1, 60_000));
    }
}
