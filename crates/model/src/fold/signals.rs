//! What a worker's stream says of signals.

use crate::{Model, Res};
use contend_trace::{ResourceId, ResourceKind, Span, Stamp, WorkerId};

/// What a worker has done since a condition's signal woke it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Woken {
    on: ResourceId,
    /// When it took a lock, as every wait for a condition does at its end.
    took: Option<Stamp>,
}

/// A worker that finds nothing to do waits again within this time: beyond it may have done something that no event tells.
const AT_ONCE: Span = Span::micros(200);

impl Model {
    /// The wait for a signal is over because one came.
    pub(super) fn heard(&mut self, w: WorkerId, at: Stamp, on: ResourceId, nth: u64) {
        let doing = self.lanes[w.index()].doing;
        let waited = if doing.on == Some(on) { at.since(doing.since) } else { Span(0) };
        self.run(w, at);
        match self.resources.get_mut(on.index()) {
            Some(Res::Signals(signals)) => {
                signals.hear(at, w, nth, waited);
                self.lanes[w.index()].woken = Some(Woken { on, took: None });
            }
            _ => self.health.anomalies += 1,
        }
    }

    /// The worker goes past an event flag that is set.
    pub(super) fn saw_set(&mut self, w: WorkerId, at: Stamp, on: ResourceId) {
        self.run(w, at);
        if !matches!(self.resources.get(on.index()), Some(Res::Signals(_))) {
            self.health.anomalies += 1;
        }
    }

    pub(super) fn signalled(&mut self, w: WorkerId, at: Stamp, on: ResourceId, woken: u32) {
        self.run(w, at);
        match self.resources.get_mut(on.index()) {
            Some(Res::Signals(signals)) => signals.give(at, w, woken),
            _ => self.health.anomalies += 1,
        }
    }

    /// A timed wait for a lock or a signal ended by itself.
    pub(super) fn gave_up(&mut self, w: WorkerId, at: Stamp, on: ResourceId) {
        self.run(w, at);
        match self.resources.get_mut(on.index()) {
            Some(Res::Signals(signals)) => signals.give_up(),
            Some(Res::Results(results)) => results.give_up(),
            _ => self.with_lock(on, |lock| lock.give_up(w, at)),
        }
    }

    /// The worker waits again. Woken, and back without anything between but the condition's mutex: it was for nothing.
    pub(super) fn blocked(&mut self, w: WorkerId, at: Stamp, on: Option<ResourceId>) {
        let woken = self.lanes[w.index()].woken.take().filter(|woken| Some(woken.on) == on);
        let woken = woken.filter(|woken| woken.took.is_some_and(|took| at.since(took) <= AT_ONCE));
        let Some(on) = woken.map(|woken| woken.on) else { return };
        let is_condition = matches!(self.cast.resource(on).map(|r| &r.kind), Some(ResourceKind::Condition { .. }));
        if let Some(Res::Signals(signals)) = self.resources.get_mut(on.index())
            && is_condition
        {
            signals.go_back();
        }
    }

    /// The worker took a lock: the first after it was woken belongs to its wait.
    #[inline]
    pub(super) fn took_lock(&mut self, w: WorkerId, at: Stamp) {
        let woken = &mut self.lanes[w.index()].woken;
        *woken = woken.filter(|woken| woken.took.is_none()).map(|woken| Woken { took: Some(at), ..woken });
    }

    /// The worker did something of use.
    #[inline]
    pub(super) fn did(&mut self, w: WorkerId) {
        self.lanes[w.index()].woken = None;
    }
}
