//! The supply that a stalled worker waits for, in words, and the workers that could provide it.

use crate::findings::Analysis;
use crate::lane::Alternative;
use crate::{Stall, join_names};
use contend_trace::{ResourceId, ResourceKind, State, WorkerId};

/// A supply that another worker must provide: an item, room, a signal or a permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MissingSupply {
    pub(super) resource: ResourceId,
    pub(super) state: State,
}

impl MissingSupply {
    /// The supply that a worker waits for. `None` if it waits for a lock that another one holds, or for another's end.
    pub(super) fn awaited_by(analysis: &Analysis<'_>, worker: WorkerId) -> Option<Self> {
        let doing = analysis.model.lane(worker).activity();
        let thing = Self { resource: doing.resource?, state: doing.state };
        let is_given = match analysis.model.registry().resource(thing.resource)?.kind {
            ResourceKind::Semaphore { scoped, .. } => !scoped,
            ResourceKind::Mutex { .. } | ResourceKind::Rwlock { .. } | ResourceKind::Life { .. } => false,
            _ => true,
        };
        is_given.then_some(thing)
    }

    fn kind<'a>(self, analysis: &Analysis<'a>) -> Option<&'a ResourceKind> {
        analysis.model.registry().resource(self.resource).map(|info| &info.kind)
    }

    /// `room in jobs`.
    pub(super) fn describe(self, analysis: &Analysis<'_>) -> String {
        let pool = analysis.pools().find(|(_, info, _)| info.results == Some(self.resource));
        let name = pool.map_or_else(|| analysis.resource_name(self.resource), |(_, info, _)| info.name.as_str());
        let of = match (self.state, self.kind(analysis)) {
            (State::Empty, Some(ResourceKind::Pipe { .. })) => "a message from ",
            (State::Empty, _) => "an item in ",
            (State::Full, Some(ResourceKind::Queue { capacity: 0 })) => "a taker at ",
            (State::Full, _) => "room in ",
            (_, Some(ResourceKind::Semaphore { .. })) => "a permit of ",
            (_, Some(ResourceKind::Condition { .. })) => "a signal of ",
            (_, Some(ResourceKind::Results)) => "a result of ",
            _ => "",
        };
        let count = analysis.model.signals(self.resource).and_then(crate::Signals::count);
        count.map_or_else(|| format!("{of}{name}"), |count| format!("{name} (count {count})"))
    }

    /// What a supplier would do to end the wait: `put one`.
    pub(super) fn supply_action(self, analysis: &Analysis<'_>) -> &'static str {
        match (self.state, self.kind(analysis)) {
            (State::Empty, Some(ResourceKind::Pipe { .. })) => "send one",
            (State::Full, Some(ResourceKind::Pipe { .. })) => "receive from it",
            (State::Empty, _) => "put one",
            (State::Full, _) => "take one",
            (_, Some(ResourceKind::Semaphore { .. })) => "release one",
            (_, Some(ResourceKind::Condition { .. })) => "notify it",
            (_, Some(ResourceKind::Event)) => "set it",
            (_, Some(ResourceKind::Barrier { .. })) => "meet there",
            (_, Some(ResourceKind::WaitGroup | ResourceKind::Latch { .. })) => "count it down",
            _ => "provide it",
        }
    }

    /// The same with its target: `put into jobs`.
    pub(super) fn supply_action_with_target(self, analysis: &Analysis<'_>) -> String {
        let name = analysis.resource_name(self.resource);
        let verb = match (self.state, self.kind(analysis)) {
            (State::Empty, Some(ResourceKind::Pipe { .. })) => "send to",
            (State::Full, Some(ResourceKind::Pipe { .. })) => "receive from",
            (State::Empty, _) => "put into",
            (State::Full, _) => "take from",
            (_, Some(ResourceKind::Semaphore { .. })) => "release",
            (_, Some(ResourceKind::Condition { .. })) => "notify",
            (_, Some(ResourceKind::Event)) => "set",
            (_, Some(ResourceKind::Barrier { .. })) => "meet at",
            (_, Some(ResourceKind::WaitGroup | ResourceKind::Latch { .. })) => "count down",
            _ => "provide",
        };
        format!("{verb} {name}")
    }

    /// Finds a supplier that waits for something other than room, an item or a lock, and says for what.
    pub(super) fn supplier_waiting_elsewhere(self, analysis: &Analysis<'_>) -> Option<(WorkerId, String)> {
        let elsewhere = |worker: WorkerId| {
            let lane = analysis.model.lane(worker);
            let waits = lane.is_alive() && !matches!(lane.activity().state, State::Full | State::Empty | State::Lock);
            describe_other_wait(analysis, self, worker).filter(|_| waits).map(|what| (worker, what))
        };
        self.suppliers(analysis).into_iter().find_map(elsewhere)
    }

    /// The workers that could end the wait.
    pub(super) fn suppliers(self, analysis: &Analysis<'_>) -> Vec<WorkerId> {
        analysis.model.suppliers((self.resource, self.state == State::Full)).collect()
    }

    /// Workers of the stall that wait for it.
    pub(super) fn waiters(self, analysis: &Analysis<'_>, stall: &Stall) -> Vec<WorkerId> {
        stall.workers.iter().filter(|worker| Self::awaited_by(analysis, **worker) == Some(self)).copied().collect()
    }

    /// Whether all suppliers have ended.
    pub(super) fn has_no_supplier(self, analysis: &Analysis<'_>) -> bool {
        self.suppliers(analysis).iter().all(|worker| !analysis.model.lane(*worker).is_alive())
    }

    /// Finds a supplier that is deadlocked.
    pub(super) fn deadlocked_supplier(self, analysis: &Analysis<'_>) -> Option<WorkerId> {
        self.suppliers(analysis)
            .into_iter()
            .find(|worker| analysis.model.deadlocked_workers().binary_search(worker).is_ok())
    }

    /// Whether all suppliers that have not ended wait for it themselves.
    pub(super) fn is_awaited_by_all_suppliers(self, analysis: &Analysis<'_>) -> bool {
        let mut alive = self.suppliers(analysis).into_iter().filter(|worker| analysis.model.lane(*worker).is_alive());
        alive.all(|worker| Self::awaited_by(analysis, worker) == Some(self))
    }

    /// Says, as the end of a sentence, why no supplier provides it; with the number of waiting workers it names.
    pub(super) fn describe_suppliers(self, analysis: &Analysis<'_>) -> (String, usize) {
        let (suppliers, deed) = (self.suppliers(analysis), self.supply_action(analysis));
        let began = |worker: &&WorkerId| analysis.model.lane(**worker).life_count() > 0;
        if suppliers.iter().filter(began).count() == 0 {
            return (format!("no worker could {deed}"), 0);
        }
        let alive: Vec<WorkerId> =
            suppliers.into_iter().filter(|worker| analysis.model.lane(*worker).is_alive()).collect();
        let others: Vec<&str> = alive
            .iter()
            .filter(|w| Self::awaited_by(analysis, **w) != Some(self))
            .map(|w| analysis.worker_name(*w))
            .collect();
        if let Some(first) = self.deadlocked_supplier(analysis) {
            return (format!("{}, which could {deed}, is deadlocked", analysis.worker_name(first)), 0);
        }
        let text = match (alive.is_empty(), others.as_slice()) {
            (true, _) => format!("every worker that could {deed} has ended"),
            (false, []) => format!("the workers that could {deed} wait for it themselves or have ended"),
            (false, [name]) => match alive.iter().find_map(|worker| describe_other_wait(analysis, self, *worker)) {
                Some(what) => format!("{name}, which could {deed}, waits for {what}"),
                None => format!("{name}, which could {deed}, waits forever as well"),
            },
            (false, names) => format!("{}, which could {deed}, wait forever as well", join_names(names)),
        };
        (text, others.len())
    }
}

/// Most alternatives of one wait that are named.
const MAX_ALTERNATIVES: usize = 3;

/// Says what a worker waits for: a supply, or the first of several things.
pub(super) fn describe_wait(analysis: &Analysis<'_>, worker: WorkerId) -> Option<String> {
    let alternatives = analysis.model.lane(worker).awaited_alternatives();
    if alternatives.is_empty() {
        return MissingSupply::awaited_by(analysis, worker).map(|supply| supply.describe(analysis));
    }
    let text = |alternative: &Alternative| {
        let kind = analysis.model.registry().resource(alternative.on).map(|info| &info.kind);
        let has_items = matches!(kind, Some(ResourceKind::Queue { .. } | ResourceKind::Pipe { .. }));
        let state = match (alternative.room, has_items) {
            (true, _) => State::Full,
            (false, true) => State::Empty,
            (false, false) => State::Signal,
        };
        match analysis.model.registry().life_owner(alternative.on) {
            Some(_) => format!("the {}", analysis.resource_name(alternative.on)),
            None => MissingSupply { resource: alternative.on, state }.describe(analysis),
        }
    };
    let mut texts: Vec<String> = alternatives.iter().take(MAX_ALTERNATIVES).map(text).collect();
    if alternatives.len() > MAX_ALTERNATIVES {
        texts.push(format!("{} more", alternatives.len() - MAX_ALTERNATIVES));
    }
    Some(texts.join(" or "))
}

/// Says what a worker waits for, if not for this supply.
fn describe_other_wait(analysis: &Analysis<'_>, thing: MissingSupply, worker: WorkerId) -> Option<String> {
    let on = analysis.model.lane(worker).activity().resource?;
    match MissingSupply::awaited_by(analysis, worker) {
        Some(other) if other == thing => None,
        Some(_) => describe_wait(analysis, worker),
        None if analysis.model.registry().life_owner(on).is_some() => {
            Some(format!("the {}", analysis.resource_name(on)))
        }
        None => Some(analysis.resource_name(on).to_owned()),
    }
}

/// All supplies that the workers of a stall wait for, in order.
pub(super) fn missing_supplies(analysis: &Analysis<'_>, stall: &Stall) -> Vec<MissingSupply> {
    let mut things: Vec<MissingSupply> =
        stall.workers.iter().filter_map(|worker| MissingSupply::awaited_by(analysis, *worker)).collect();
    things.sort_unstable();
    things.dedup();
    things
}
