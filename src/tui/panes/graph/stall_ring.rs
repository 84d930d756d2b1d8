//! The ring of a stall: workers that wait for what only the next one could supply, through queues, signals and joins.

use super::super::super::figures::{WaitGroup, WaitReason};
use super::super::super::run_view::RunView;
use super::super::super::theme::Theme;
use super::ring::{Ring, RingMember};
use crate::trace::{ResourceId, WorkerId};

/// Returns the ring of a proven stall.
pub(super) fn stall_ring(view: &RunView, theme: Theme) -> Option<Ring<'_>> {
    if !view.figures.findings.iter().any(|finding| finding.id == "stall") {
        return None;
    }
    let registry = view.shown_model().registry();
    let members = ring_of(&view.figures.wait_groups)?;
    let before = members.iter().cycle().skip(members.len() - 1);
    let member = |((worker, on), (_, held)): (&(WorkerId, ResourceId), &(WorkerId, ResourceId))| RingMember {
        worker: *worker,
        name: registry.worker_name(*worker),
        held_lock: registry.resource_name(*held),
        wanted_lock: registry.resource_name(*on),
        waits_for: String::new(),
        is_queued: false,
    };
    Some(Ring { members: members.iter().zip(before).map(member).collect(), is_simple: true, theme })
}

/// Returns workers that each wait for something that the next one alone could supply, and what that is.
fn ring_of(groups: &[WaitGroup]) -> Option<Vec<(WorkerId, ResourceId)>> {
    let next = |worker: WorkerId| {
        let is_waiter = |group: &&WaitGroup| group.waiters.iter().any(|(waiter, _)| *waiter == worker);
        let group = groups.iter().filter(|group| group.reason != WaitReason::Task).find(is_waiter)?;
        if let [(supplier, _)] = group.holders.as_slice() { Some((group.on, *supplier)) } else { None }
    };
    let mut starts: Vec<WorkerId> = groups.iter().flat_map(|group| &group.waiters).map(|(waiter, _)| *waiter).collect();
    starts.sort_unstable();
    starts.into_iter().find_map(|start| {
        let (mut ring, mut at) = (Vec::new(), start);
        loop {
            let (on, supplier) = next(at)?;
            ring.push((at, on));
            at = supplier;
            if at == start {
                return Some(ring);
            }
            if ring.iter().any(|(worker, _)| *worker == at) {
                return None; // leads into a ring that another worker begins
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Stamp;

    fn group(on: u32, waiter: u32, holders: &[u32]) -> WaitGroup {
        WaitGroup {
            on: ResourceId(on),
            reason: WaitReason::Item,
            waiters: vec![(WorkerId(waiter), Stamp(0))],
            waiter_count: 1,
            holders: holders.iter().map(|worker| (WorkerId(*worker), None)).collect(),
        }
    }

    #[test]
    fn ring_is_found_behind_a_worker_that_only_waits_for_it() {
        let groups = [group(7, 0, &[1]), group(8, 1, &[2]), group(9, 2, &[1])];
        let ring = [(WorkerId(1), ResourceId(8)), (WorkerId(2), ResourceId(9))];
        assert_eq!(ring_of(&groups), Some(ring.to_vec()));
    }

    #[test]
    fn worker_with_several_suppliers_is_in_no_ring() {
        assert_eq!(ring_of(&[group(7, 0, &[1]), group(8, 1, &[0, 2])]), None);
        assert_eq!(ring_of(&[group(7, 0, &[1])]), None);
    }
}
