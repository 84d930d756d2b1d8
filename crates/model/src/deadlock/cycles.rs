//! Splits a set of stuck workers into separate cycles and their victims.
//!
//! In the graph, an edge leads from each worker to every stuck worker it waits for. A strongly connected component that
//! stays stuck even if all others run is a deadlock of its own. All other workers of the set are victims: they wait,
//! directly or through others, for one or more of these components.

use std::collections::BTreeMap;

use super::graph_reduction::{Requirement, permanently_blocked};

/// A cycle, as places in the table of all workers. Both lists are in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cycle {
    /// Workers that wait for each other, none of which can be left out.
    pub members: Vec<usize>,
    /// Stuck workers outside the cycle that wait for it.
    pub victims: Vec<usize>,
}

/// Splits a stuck set, in order, into its cycles, ordered by their lowest member. Takes time linear in workers and
/// requirements.
pub(super) fn separate_cycles(needs: &[Requirement], set: &[usize]) -> Vec<Cycle> {
    let graph = WaitGraph::build(needs, set);
    let mut cores = Vec::new();
    graph.collect_cycles(needs, &mut cores);
    cores.sort_unstable();
    let mut reached = vec![usize::MAX; set.len()];
    let cycle = |(nth, members): (usize, Vec<usize>)| {
        let victims = graph.transitive_waiters(&members, nth, &mut reached);
        Cycle { members, victims }
    };
    cores.into_iter().enumerate().map(cycle).collect()
}

/// The `members`, in order, that can never run again even if all other workers run.
pub(super) fn permanently_blocked_within(needs: &[Requirement], members: &[usize]) -> Vec<usize> {
    let places: BTreeMap<usize, usize> = members.iter().enumerate().map(|(place, who)| (*who, place)).collect();
    let within = |of: &[usize]| of.iter().filter_map(|on| places.get(on).copied()).collect::<Vec<_>>();
    let local = |who: &usize| match &needs[*who] {
        Requirement::Nothing => Requirement::Nothing,
        Requirement::All(of) => Requirement::All(within(of)),
        Requirement::AtLeast(enough, of) => {
            let inside = within(of);
            Requirement::AtLeast(enough.saturating_sub(of.len() - inside.len()), inside)
        }
        Requirement::Any(of) => {
            let inside = within(of);
            if inside.len() < of.len() { Requirement::Nothing } else { Requirement::Any(inside) }
        }
    };
    let local: Vec<Requirement> = members.iter().map(local).collect();
    permanently_blocked(&local).into_iter().map(|place| members[place]).collect()
}

/// The edges between the workers of one set, by their places in it.
struct WaitGraph<'a> {
    workers: &'a [usize],
    successors: Vec<Vec<usize>>,
    predecessors: Vec<Vec<usize>>,
}

impl<'a> WaitGraph<'a> {
    fn build(needs: &[Requirement], set: &'a [usize]) -> Self {
        let place = |who: &usize| set.binary_search(who).ok();
        let edges = |who: &usize| {
            let mut to: Vec<usize> = needs[*who].dependencies().iter().filter_map(place).collect();
            to.sort_unstable();
            to.dedup();
            to
        };
        let to: Vec<Vec<usize>> = set.iter().map(edges).collect();
        let mut from = vec![Vec::new(); set.len()];
        for (place, targets) in to.iter().enumerate() {
            for target in targets {
                from[*target].push(place);
            }
        }
        Self { workers: set, successors: to, predecessors: from }
    }

    /// Adds the members of each cycle to `out`.
    fn collect_cycles(&self, needs: &[Requirement], out: &mut Vec<Vec<usize>>) {
        for part in self.strong_components() {
            let inside = |place: &usize| part.binary_search(place).is_ok();
            let is_closed = part.iter().flat_map(|place| &self.successors[*place]).all(inside);
            let waits_inside = part.iter().flat_map(|place| &self.successors[*place]).any(inside);
            let members: Vec<usize> = part.iter().map(|place| self.workers[*place]).collect();
            if is_closed {
                out.push(members);
            } else if waits_inside {
                // It also waits for another cycle. Is it stuck without that one?
                let stuck = permanently_blocked_within(needs, &members);
                if stuck.len() == members.len() {
                    out.push(members);
                } else if !stuck.is_empty() {
                    WaitGraph::build(needs, &stuck).collect_cycles(needs, out);
                }
            }
        }
    }

    /// The strongly connected components, each in order. (Tarjan, Depth-first search and linear graph algorithms, SIAM
    /// Journal on Computing 1(2), 1972; without recursion.)
    fn strong_components(&self) -> Vec<Vec<usize>> {
        let n = self.successors.len();
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
                if let Some(&target) = self.successors[place].get(*next) {
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

    /// Workers outside `members` that wait for them, directly or through others. `reached` has the number of the cycle
    /// that reached each place last.
    fn transitive_waiters(&self, members: &[usize], nth: usize, reached: &mut [usize]) -> Vec<usize> {
        let mut next: Vec<usize> = members.iter().filter_map(|who| self.workers.binary_search(who).ok()).collect();
        for place in &next {
            reached[*place] = nth;
        }
        let mut victims = Vec::new();
        while let Some(place) = next.pop() {
            for &waiter in &self.predecessors[place] {
                if std::mem::replace(&mut reached[waiter], nth) != nth {
                    victims.push(self.workers[waiter]);
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
    use super::Requirement::{All, AtLeast, Nothing};
    use super::*;

    fn cycles_of(needs: &[Requirement]) -> Vec<(Vec<usize>, Vec<usize>)> {
        separate_cycles(needs, &permanently_blocked(needs))
            .into_iter()
            .map(|cycle| (cycle.members, cycle.victims))
            .collect()
    }

    fn require_all<const N: usize>(of: [usize; N]) -> Requirement {
        All(of.to_vec())
    }

    #[test]
    fn cycles_without_common_workers_are_separate() {
        let needs = [
            require_all([1]),
            require_all([0]),
            require_all([4]),
            require_all([2]),
            require_all([3]),
            require_all([5]),
        ];
        assert_eq!(cycles_of(&needs), [(vec![0, 1], vec![]), (vec![2, 3, 4], vec![]), (vec![5], vec![])]);
    }

    #[test]
    fn victim_belongs_to_every_cycle_it_waits_for() {
        // 4 waits for both cycles, 5 for 4, 6 for the second cycle alone
        let needs = [
            require_all([1]),
            require_all([0]),
            require_all([3]),
            require_all([2]),
            AtLeast(1, vec![0, 2]),
            require_all([4]),
            require_all([3]),
            Nothing,
        ];
        assert_eq!(cycles_of(&needs), [(vec![0, 1], vec![4, 5]), (vec![2, 3], vec![4, 5, 6])]);
    }

    #[test]
    fn cycle_that_also_waits_for_another_is_separate_if_it_is_stuck_alone() {
        // a writer waits for two readers: one waits for it, one is in another cycle
        let writer = [require_all([1, 2]), require_all([0]), require_all([3]), require_all([2])];
        assert_eq!(cycles_of(&writer), [(vec![0, 1], vec![]), (vec![2, 3], vec![0, 1])]);
        // either of two permits would do: without the other cycle this one is not stuck
        let permit = [AtLeast(1, vec![1, 2]), require_all([0]), require_all([3]), require_all([2])];
        assert_eq!(cycles_of(&permit), [(vec![2, 3], vec![0, 1])]);
    }

    #[test]
    fn all_holders_that_could_release_a_permit_are_in_the_cycle() {
        let needs = [AtLeast(1, vec![0, 1, 2]), require_all([0]), require_all([0]), AtLeast(1, vec![0, 1, 2])];
        assert_eq!(cycles_of(&needs), [(vec![0, 1, 2], vec![3])]);
    }

    #[test]
    fn long_cycle_needs_no_deep_stack() {
        let needs: Vec<Requirement> = (0..60_000).map(|who| require_all([(who + 1) % 60_000])).collect();
        let found = cycles_of(&needs);
        assert_eq!((found.len(), found[0].0.len()), (1, 60_000));
    }
}
