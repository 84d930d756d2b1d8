//! Applies events about conditions, event flags, barriers and wait groups, and timeouts of waits.

use super::note_unknown_kind;
use crate::lane::Wakeup;
use crate::{Model, ResourceState};
use contend_trace::{EventKind, ResourceId, ResourceKind, Span, Stamp, WorkerId};

impl Model {
    pub(super) fn apply_signal_event(&mut self, w: WorkerId, at: Stamp, kind: EventKind) {
        match kind {
            EventKind::Woken { on, nth } => self.record_wakeup(w, at, on, nth),
            EventKind::Signalled { on, woken } => self.record_signal(w, at, on, woken),
            EventKind::FlagSeenSet { on, .. } => self.record_set_flag(w, at, on),
            EventKind::GroupCounted { on, count, .. } => self.record_group_count(w, at, on, count),
            EventKind::Polled { on, lasted } => {
                self.set_running(w, at);
                self.lanes[w.index()].polls.add(at, on, lasted);
            }
            _ => note_unknown_kind(kind),
        }
    }

    /// Records that a signal ended the worker's wait.
    fn record_wakeup(&mut self, w: WorkerId, at: Stamp, on: ResourceId, nth: u64) {
        let activity = self.lanes[w.index()].activity;
        let waited = if activity.resource == Some(on) { at.span_since(activity.since) } else { Span(0) };
        self.set_running(w, at);
        match self.resources.get_mut(on.index()) {
            Some(ResourceState::Signals(signals)) => {
                signals.record_wakeup(at, w, nth, waited);
                self.lanes[w.index()].wakeup = Some(Wakeup::new(on));
            }
            _ => self.health.anomalies += 1,
        }
    }

    /// Records that the worker did not have to wait for an event flag, since the flag was set.
    fn record_set_flag(&mut self, w: WorkerId, at: Stamp, on: ResourceId) {
        self.set_running(w, at);
        if !matches!(self.resources.get(on.index()), Some(ResourceState::Signals(_))) {
            self.health.anomalies += 1;
        }
    }

    fn record_group_count(&mut self, w: WorkerId, at: Stamp, on: ResourceId, count: u16) {
        self.set_running(w, at);
        match self.resources.get_mut(on.index()) {
            Some(ResourceState::Signals(signals)) => signals.record_count(at, count.into()),
            _ => self.health.anomalies += 1,
        }
    }

    fn record_signal(&mut self, w: WorkerId, at: Stamp, on: ResourceId, woken: u32) {
        self.set_running(w, at);
        match self.resources.get_mut(on.index()) {
            Some(ResourceState::Signals(signals)) => signals.record_signal(at, w, woken),
            _ => self.health.anomalies += 1,
        }
    }

    /// Records that a timed wait ended by itself.
    pub(super) fn record_timeout(&mut self, w: WorkerId, at: Stamp, on: ResourceId) {
        let activity = self.lanes[w.index()].activity;
        let since = if activity.resource == Some(on) { activity.since } else { at };
        self.set_running(w, at);
        match self.resources.get_mut(on.index()) {
            Some(ResourceState::Signals(signals)) => signals.record_timeout(since, at),
            Some(ResourceState::Results(results)) => results.record_timeout(),
            Some(ResourceState::Queue(queue)) => queue.record_timeout(),
            Some(ResourceState::Life(_)) => {}
            _ => self.with_lock(on, |lock| lock.record_timeout(w, at)),
        }
    }

    /// Counts a futile wake-up if the worker, woken by a condition, waits for it again and has only taken its mutex
    /// in between.
    pub(super) fn detect_futile_wakeup(&mut self, w: WorkerId, at: Stamp, on: Option<ResourceId>) {
        let wakeup = self.lanes[w.index()].wakeup.take().filter(|wakeup| wakeup.is_futile(at, on));
        let Some(on) = wakeup.map(Wakeup::condition) else { return };
        let is_condition = matches!(self.registry.resource(on).map(|r| &r.kind), Some(ResourceKind::Condition { .. }));
        if let Some(ResourceState::Signals(signals)) = self.resources.get_mut(on.index())
            && is_condition
        {
            signals.record_futile_wakeup();
        }
    }

    /// Records that the worker took a lock: the first one after a wake-up belongs to the wait.
    #[inline]
    pub(super) fn note_lock_taken(&mut self, w: WorkerId, at: Stamp) {
        let wakeup = &mut self.lanes[w.index()].wakeup;
        *wakeup = wakeup.and_then(|wakeup| wakeup.with_lock_taken(at));
    }

    /// Records that the worker did something useful, so that its last wake-up was not futile.
    #[inline]
    pub(super) fn clear_wakeup(&mut self, w: WorkerId) {
        self.lanes[w.index()].wakeup = None;
    }
}
