//! The wait-for graph of an earlier moment.

use super::{LaneFigures, LockFigures};
use crate::model::{Model, WaitEdge, WaitForGraph};
use crate::trace::{ResourceId, State, WorkerId};

/// Reconstructs the wait-for graph of an earlier moment from the history of lanes and locks, and adds each lock's
/// waiters.
pub(super) fn reconstruct_waits(
    model: &Model,
    lanes: &[Option<LaneFigures>],
    locks: &mut [(ResourceId, LockFigures)],
) -> WaitForGraph {
    let mut edges = Vec::new();
    for (waiter, doing) in lanes.iter().enumerate().filter_map(|(i, lane)| Some((i, lane.as_ref()?.activity?))) {
        let (waiter, Some(on)) = (WorkerId::from(waiter), doing.resource) else { continue };
        let evidence = model.registry().evidence(on);
        let edge = |holder| WaitEdge { waiter, holder, lock: on, is_timed: false, evidence };
        if let Some(of) = model.registry().life_owner(on) {
            edges.push(edge(of));
        } else if doing.state == State::Lock
            && let Some((_, lock)) = locks.iter_mut().find(|(id, _)| *id == on)
        {
            lock.waiters.push((waiter, doing.since));
            edges.extend(lock.holders.iter().map(|(holder, _)| edge(*holder)));
        }
    }
    for (_, lock) in locks {
        lock.waiters.sort_by_key(|(worker, since)| (*since, *worker));
    }
    edges.dedup();
    WaitForGraph { edges }
}
