//! What a worker's stream says of signals.

use crate::{Model, ResourceState};
use contend_trace::{ResourceId, ResourceKind, Span, Stamp, WorkerId};

/// What a worker has done since a condition's signal woke it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SinceWakeup {
    condition: ResourceId,
    /// When it took a lock, as every wait for a condition does at its end.
    lock_taken: Option<Stamp>,
}

/// A worker that finds nothing to do waits again within this time: beyond it may have done something that no event tells.
const MAX_FUTILE_WAKEUP: Span = Span::from_micros(200);

impl Model {
    /// The wait for a signal is over because one came.
    pub(super) fn record_wakeup(&mut self, w: WorkerId, at: Stamp, on: ResourceId, nth: u64) {
        let doing = self.lanes[w.index()].activity;
        let waited = if doing.resource == Some(on) { at.span_since(doing.since) } else { Span(0) };
        self.set_running(w, at);
        match self.resources.get_mut(on.index()) {
            Some(ResourceState::Signals(signals)) => {
                signals.record_wakeup(at, w, nth, waited);
                self.lanes[w.index()].wakeup = Some(SinceWakeup { condition: on, lock_taken: None });
            }
            _ => self.health.anomalies += 1,
        }
    }

    /// The worker goes past an event flag that is set.
    pub(super) fn record_set_flag(&mut self, w: WorkerId, at: Stamp, on: ResourceId) {
        self.set_running(w, at);
        if !matches!(self.resources.get(on.index()), Some(ResourceState::Signals(_))) {
            self.health.anomalies += 1;
        }
    }

    pub(super) fn record_signal(&mut self, w: WorkerId, at: Stamp, on: ResourceId, woken: u32) {
        self.set_running(w, at);
        match self.resources.get_mut(on.index()) {
            Some(ResourceState::Signals(signals)) => signals.record_signal(at, w, woken),
            _ => self.health.anomalies += 1,
        }
    }

    /// A timed wait for a lock or a signal ended by itself.
    pub(super) fn record_timeout(&mut self, w: WorkerId, at: Stamp, on: ResourceId) {
        self.set_running(w, at);
        match self.resources.get_mut(on.index()) {
            Some(ResourceState::Signals(signals)) => signals.record_timeout(),
            Some(ResourceState::Results(results)) => results.record_timeout(),
            _ => self.with_lock(on, |lock| lock.record_timeout(w, at)),
        }
    }

    /// The worker waits again. Woken, and back without anything between but the condition's mutex: it was for nothing.
    pub(super) fn detect_futile_wakeup(&mut self, w: WorkerId, at: Stamp, on: Option<ResourceId>) {
        let woken = self.lanes[w.index()].wakeup.take().filter(|woken| Some(woken.condition) == on);
        let woken = woken.filter(|woken| woken.lock_taken.is_some_and(|took| at.span_since(took) <= MAX_FUTILE_WAKEUP));
        let Some(on) = woken.map(|woken| woken.condition) else { return };
        let is_condition = matches!(self.registry.resource(on).map(|r| &r.kind), Some(ResourceKind::Condition { .. }));
        if let Some(ResourceState::Signals(signals)) = self.resources.get_mut(on.index())
            && is_condition
        {
            signals.record_futile_wakeup();
        }
    }

    /// The worker took a lock: the first after it was woken belongs to its wait.
    #[inline]
    pub(super) fn note_lock_taken(&mut self, w: WorkerId, at: Stamp) {
        let woken = &mut self.lanes[w.index()].wakeup;
        *woken =
            woken.filter(|woken| woken.lock_taken.is_none()).map(|woken| SinceWakeup { lock_taken: Some(at), ..woken });
    }

    /// The worker did something of use.
    #[inline]
    pub(super) fn clear_wakeup(&mut self, w: WorkerId) {
        self.lanes[w.index()].wakeup = None;
    }
}
