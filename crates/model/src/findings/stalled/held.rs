//! A worker that holds a lock while it waits for what only those could give that wait for the lock.

use std::collections::BTreeSet;

use super::thing::Thing;
use crate::findings::Look;
use crate::{Room, Stall};
use contend_trace::{ResourceId, ResourceKind, WorkerId};

/// A lock that is in the way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    holder: WorkerId,
    lock: ResourceId,
    thing: Thing,
    /// Who waits for the lock, and could give the thing, or holds up who could.
    waiter: WorkerId,
    gives: bool,
}

/// The lock that holds up a stall: one whose waiter could itself give what its holder waits for, if there is one.
pub(super) fn find(look: &Look<'_>, stall: &Stall) -> Option<Held> {
    let all = || stall.set.iter().filter_map(|holder| Some((*holder, Thing::of(look, *holder)?)));
    let locks = |holder: WorkerId| look.model.lane(holder).held().iter().map(|(lock, _)| *lock);
    let candidates = all().flat_map(|(holder, thing)| locks(holder).map(move |lock| (holder, thing, lock)));
    let mut found: Vec<Held> =
        candidates.filter_map(|(holder, thing, lock)| in_the_way(look, stall, (holder, thing, lock))).collect();
    found.sort_by_key(|held| (!held.gives, look.model.lane(held.holder).doing().since, held.holder));
    found.first().copied()
}

fn in_the_way(look: &Look<'_>, stall: &Stall, (holder, thing, lock): (WorkerId, Thing, ResourceId)) -> Option<Held> {
    let givers: BTreeSet<WorkerId> = thing.givers(look).into_iter().collect();
    let waits = |worker: &&WorkerId| {
        look.model.lane(**worker).doing().on == Some(lock) && **worker != holder && Thing::of(look, **worker).is_none()
    };
    let waiters: Vec<WorkerId> = stall.set.iter().filter(waits).copied().collect();
    let direct = waiters.iter().find(|worker| givers.contains(worker));
    let behind = || waiters.iter().find(|worker| !held_up_by(look, stall, **worker).is_disjoint(&givers));
    let waiter = direct.or_else(behind)?;
    Some(Held { holder, lock, thing, waiter: *waiter, gives: direct.is_some() })
}

/// Workers of the stall that wait for what this one holds or could give, directly or through others.
fn held_up_by(look: &Look<'_>, stall: &Stall, worker: WorkerId) -> BTreeSet<WorkerId> {
    let mut found = BTreeSet::from([worker]);
    let mut next = vec![worker];
    while let Some(giver) = next.pop() {
        for &waiter in stall.set.iter().filter(|w| !found.contains(w)).collect::<Vec<_>>() {
            let waits = match Thing::of(look, waiter) {
                Some(thing) => thing.givers(look).contains(&giver),
                None => look.model.wants(waiter).edges.iter().any(|edge| edge.holder == giver),
            };
            if waits {
                found.insert(waiter);
                next.push(waiter);
            }
        }
    }
    found
}

impl Held {
    pub(super) fn about(&self) -> ResourceId {
        self.lock
    }

    pub(super) fn sentence(&self, look: &Look<'_>) -> String {
        let (holder, lock, waiter) = (look.name(self.holder), look.resource(self.lock), look.name(self.waiter));
        let (wants, deed) = (self.thing.words(look), self.thing.deed(look));
        let who = if self.gives {
            format!("{waiter}, which could {deed}, waits for {lock}")
        } else {
            format!("{waiter} waits for {lock}, and those that could {deed} wait for {waiter}")
        };
        format!("{holder} holds {lock} while it waits for {wants}; {who}.")
    }

    pub(super) fn cure(&self, look: &Look<'_>) -> String {
        let (lock, wants) = (look.resource(self.lock), self.thing.words(look));
        match look.model.cast().resource(self.thing.on).map(|info| &info.kind) {
            Some(ResourceKind::Condition { of }) => {
                format!("Release {lock} before you wait for {wants}: the wait gives back {} alone.", look.resource(*of))
            }
            Some(ResourceKind::Barrier { .. }) => format!("Release {lock} before you meet at {wants}."),
            _ if matches!(look.model.lock(self.lock).map(crate::Lock::room), Some(Room::Permits { .. })) => {
                format!("Release the permit of {lock} before you wait for {wants}.")
            }
            _ => format!("Release {lock} before you wait for {wants}."),
        }
    }
}
