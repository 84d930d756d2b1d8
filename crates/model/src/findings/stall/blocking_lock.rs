//! Stalls whose cause is a lock: its holder waits for something that only workers waiting for the lock could provide.

use std::collections::BTreeSet;

use super::missing_supply::MissingSupply;
use crate::findings::Analysis;
use crate::{LockCapacity, Stall};
use contend_trace::{ResourceId, ResourceKind, WorkerId};

/// A lock that blocks the workers its holder waits for.
#[derive(Debug, Clone, Copy)]
pub(super) struct BlockingLock {
    holder: WorkerId,
    lock: ResourceId,
    supply: MissingSupply,
    /// A worker that waits for the lock and could provide the supply, or that holds up one that could.
    waiter: WorkerId,
    is_waiter_supplier: bool,
}

/// Finds the lock that causes a stall. It prefers one whose waiter could itself provide what the holder waits for.
pub(super) fn find_blocking_lock(analysis: &Analysis<'_>, stall: &Stall) -> Option<BlockingLock> {
    let all =
        || stall.workers.iter().filter_map(|holder| Some((*holder, MissingSupply::awaited_by(analysis, *holder)?)));
    let locks = |holder: WorkerId| analysis.model.lane(holder).held_locks().iter().map(|(lock, _)| *lock);
    let candidates = all().flat_map(|(holder, thing)| locks(holder).map(move |lock| (holder, thing, lock)));
    let mut found: Vec<BlockingLock> = candidates
        .filter_map(|(holder, thing, lock)| check_blocking_lock(analysis, stall, (holder, thing, lock)))
        .collect();
    found
        .sort_by_key(|held| (!held.is_waiter_supplier, analysis.model.lane(held.holder).activity().since, held.holder));
    found.first().copied()
}

fn check_blocking_lock(
    analysis: &Analysis<'_>,
    stall: &Stall,
    (holder, thing, lock): (WorkerId, MissingSupply, ResourceId),
) -> Option<BlockingLock> {
    let suppliers: BTreeSet<WorkerId> = thing.suppliers(analysis).into_iter().collect();
    let waits = |worker: &&WorkerId| {
        analysis.model.lane(**worker).activity().resource == Some(lock)
            && **worker != holder
            && MissingSupply::awaited_by(analysis, **worker).is_none()
    };
    let waiters: Vec<WorkerId> = stall.workers.iter().filter(waits).copied().collect();
    let direct = waiters.iter().find(|worker| suppliers.contains(worker));
    let behind =
        || waiters.iter().find(|worker| !transitive_waiters(analysis, stall, **worker).is_disjoint(&suppliers));
    let waiter = direct.or_else(behind)?;
    Some(BlockingLock { holder, lock, supply: thing, waiter: *waiter, is_waiter_supplier: direct.is_some() })
}

/// Workers of the stall that wait, directly or through others, for what this one holds or could provide.
fn transitive_waiters(analysis: &Analysis<'_>, stall: &Stall, worker: WorkerId) -> BTreeSet<WorkerId> {
    let mut found = BTreeSet::from([worker]);
    let mut next = vec![worker];
    while let Some(supplier) = next.pop() {
        for &waiter in stall.workers.iter().filter(|w| !found.contains(w)).collect::<Vec<_>>() {
            let waits = match MissingSupply::awaited_by(analysis, waiter) {
                Some(thing) => thing.suppliers(analysis).contains(&supplier),
                None => analysis.model.blockers(waiter).edges.iter().any(|edge| edge.holder == supplier),
            };
            if waits {
                found.insert(waiter);
                next.push(waiter);
            }
        }
    }
    found
}

impl BlockingLock {
    pub(super) fn resource(&self) -> ResourceId {
        self.lock
    }

    pub(super) fn sentence(&self, analysis: &Analysis<'_>) -> String {
        let (holder, lock, waiter) =
            (analysis.worker_name(self.holder), analysis.resource_name(self.lock), analysis.worker_name(self.waiter));
        let (wants, deed) = (self.supply.describe(analysis), self.supply.supply_action(analysis));
        let who = if self.is_waiter_supplier {
            format!("{waiter}, which could {deed}, waits for {lock}")
        } else {
            format!("{waiter} waits for {lock}, and the workers that could {deed} wait for {waiter}")
        };
        format!("{holder} holds {lock} while it waits for {wants}; {who}.")
    }

    pub(super) fn fix(&self, analysis: &Analysis<'_>) -> String {
        let (lock, wants) = (analysis.resource_name(self.lock), self.supply.describe(analysis));
        match analysis.model.registry().resource(self.supply.resource).map(|info| &info.kind) {
            Some(ResourceKind::Condition { mutex: of }) => {
                format!(
                    "Release {lock} before waiting for {wants}: the wait releases only {}.",
                    analysis.resource_name(*of)
                )
            }
            Some(ResourceKind::Barrier { .. }) => format!("Release {lock} before meeting at {wants}."),
            _ if matches!(
                analysis.model.lock(self.lock).map(crate::Lock::capacity),
                Some(LockCapacity::Permits { .. })
            ) =>
            {
                format!("Release the permit of {lock} before waiting for {wants}.")
            }
            _ => format!("Release {lock} before waiting for {wants}."),
        }
    }
}
