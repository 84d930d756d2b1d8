//! What a stalled worker waits for, in words, and who could give it.

use crate::findings::Look;
use crate::{Stall, listed};
use contend_trace::{ResourceId, ResourceKind, State, WorkerId};

/// What somebody must give: an item, room, a signal, a permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Thing {
    pub(super) on: ResourceId,
    pub(super) state: State,
}

impl Thing {
    /// What a worker waits for, if it is not a lock that another one holds, nor another's end.
    pub(super) fn of(look: &Look<'_>, worker: WorkerId) -> Option<Self> {
        let doing = look.model.lane(worker).doing();
        let thing = Self { on: doing.on?, state: doing.state };
        let is_given = match look.model.cast().resource(thing.on)?.kind {
            ResourceKind::Semaphore { scoped, .. } => !scoped,
            ResourceKind::Mutex { .. } | ResourceKind::Rwlock { .. } | ResourceKind::Life { .. } => false,
            _ => true,
        };
        is_given.then_some(thing)
    }

    fn kind<'a>(self, look: &Look<'a>) -> Option<&'a ResourceKind> {
        look.model.cast().resource(self.on).map(|info| &info.kind)
    }

    /// `room in jobs`.
    pub(super) fn words(self, look: &Look<'_>) -> String {
        let pool = look.pools().find(|(_, info, _)| info.results == Some(self.on));
        let name = pool.map_or_else(|| look.resource(self.on), |(_, info, _)| info.name.as_str());
        let of = match (self.state, self.kind(look)) {
            (State::Empty, Some(ResourceKind::Pipe { .. })) => "a message from ",
            (State::Empty, _) => "an item in ",
            (State::Full, _) => "room in ",
            (_, Some(ResourceKind::Semaphore { .. })) => "a permit of ",
            (_, Some(ResourceKind::Condition { .. })) => "a signal of ",
            (_, Some(ResourceKind::Results)) => "a result of ",
            _ => "",
        };
        format!("{of}{name}")
    }

    /// What who could end the wait would do: `put one`.
    pub(super) fn deed(self, look: &Look<'_>) -> &'static str {
        match (self.state, self.kind(look)) {
            (State::Empty, Some(ResourceKind::Pipe { .. })) => "send one",
            (State::Full, Some(ResourceKind::Pipe { .. })) => "receive from it",
            (State::Empty, _) => "put one",
            (State::Full, _) => "take one",
            (_, Some(ResourceKind::Semaphore { .. })) => "release one",
            (_, Some(ResourceKind::Condition { .. })) => "notify it",
            (_, Some(ResourceKind::Event)) => "set it",
            (_, Some(ResourceKind::Barrier { .. })) => "meet there",
            _ => "give it",
        }
    }

    /// The same with what it is done to: `put into jobs`.
    pub(super) fn deed_in_full(self, look: &Look<'_>) -> String {
        let name = look.resource(self.on);
        let verb = match (self.state, self.kind(look)) {
            (State::Empty, Some(ResourceKind::Pipe { .. })) => "send to",
            (State::Full, Some(ResourceKind::Pipe { .. })) => "receive from",
            (State::Empty, _) => "put into",
            (State::Full, _) => "take from",
            (_, Some(ResourceKind::Semaphore { .. })) => "release",
            (_, Some(ResourceKind::Condition { .. })) => "notify",
            (_, Some(ResourceKind::Event)) => "set",
            (_, Some(ResourceKind::Barrier { .. })) => "meet at",
            _ => "give",
        };
        format!("{verb} {name}")
    }

    /// One that could give it and waits for something other than room or an item, with what for.
    pub(super) fn giver_elsewhere(self, look: &Look<'_>) -> Option<(WorkerId, String)> {
        let elsewhere = |worker: WorkerId| {
            let lane = look.model.lane(worker);
            let waits = lane.is_alive() && !matches!(lane.doing().state, State::Full | State::Empty | State::Lock);
            what_else(look, self, worker).filter(|_| waits).map(|what| (worker, what))
        };
        self.givers(look).into_iter().find_map(elsewhere)
    }

    /// Who could end the wait.
    pub(super) fn givers(self, look: &Look<'_>) -> Vec<WorkerId> {
        look.model.who_gives((self.on, self.state == State::Full)).collect()
    }

    /// Workers of the stall that wait for it.
    pub(super) fn waiters(self, look: &Look<'_>, stall: &Stall) -> Vec<WorkerId> {
        stall.set.iter().filter(|worker| Self::of(look, **worker) == Some(self)).copied().collect()
    }

    /// Whether none of those who could give it is in a life.
    pub(super) fn is_given_up(self, look: &Look<'_>) -> bool {
        self.givers(look).iter().all(|worker| !look.model.lane(*worker).is_alive())
    }

    /// One that could give it and is in a deadlock.
    pub(super) fn deadlocked_giver(self, look: &Look<'_>) -> Option<WorkerId> {
        self.givers(look).into_iter().find(|worker| look.model.deadlocked().binary_search(worker).is_ok())
    }

    /// Whether all that could give it and are in a life wait for it themselves.
    pub(super) fn is_awaited_by_all_givers(self, look: &Look<'_>) -> bool {
        let mut alive = self.givers(look).into_iter().filter(|worker| look.model.lane(*worker).is_alive());
        alive.all(|worker| Self::of(look, worker) == Some(self))
    }

    /// What became of those who could give it, as the end of a sentence; and how many that wait it names.
    pub(super) fn fate(self, look: &Look<'_>) -> (String, usize) {
        let (givers, deed) = (self.givers(look), self.deed(look));
        let began = |worker: &&WorkerId| look.model.lane(**worker).lives() > 0;
        if givers.iter().filter(began).count() == 0 {
            return (format!("no worker could {deed}"), 0);
        }
        let alive: Vec<WorkerId> = givers.into_iter().filter(|worker| look.model.lane(*worker).is_alive()).collect();
        let others: Vec<&str> =
            alive.iter().filter(|w| Self::of(look, **w) != Some(self)).map(|w| look.name(*w)).collect();
        if let Some(first) = self.deadlocked_giver(look) {
            return (format!("{}, which could {deed}, is deadlocked", look.name(first)), 0);
        }
        let text = match (alive.is_empty(), others.as_slice()) {
            (true, _) => format!("every worker that could {deed} has ended"),
            (false, []) => format!("those that could {deed} wait for it themselves, or have ended"),
            (false, [name]) => match alive.iter().find_map(|worker| what_else(look, self, *worker)) {
                Some(what) => format!("{name}, which could {deed}, waits for {what}"),
                None => format!("{name}, which could {deed}, waits forever as well"),
            },
            (false, names) => format!("{}, which could {deed}, wait forever as well", listed(names)),
        };
        (text, others.len())
    }
}

/// What a worker waits for that does not wait for this.
fn what_else(look: &Look<'_>, thing: Thing, worker: WorkerId) -> Option<String> {
    let on = look.model.lane(worker).doing().on?;
    match Thing::of(look, worker) {
        Some(other) if other == thing => None,
        Some(other) => Some(other.words(look)),
        None if look.model.cast().whose_life(on).is_some() => Some(format!("the {}", look.resource(on))),
        None => Some(look.resource(on).to_owned()),
    }
}

/// All things that a stall is about, in order.
pub(super) fn things(look: &Look<'_>, stall: &Stall) -> Vec<Thing> {
    let mut things: Vec<Thing> = stall.set.iter().filter_map(|worker| Thing::of(look, *worker)).collect();
    things.sort_unstable();
    things.dedup();
    things
}
