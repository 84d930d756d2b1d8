//! The next and the previous event of a worker or of a resource, as far as single events are kept.

use std::ops::ControlFlow;

use super::{Lane, Model, ResourceState};
use contend_trace::{ResourceId, Stamp, WorkerId};

impl Model {
    /// Returns when a worker next changes its state after `t`, or changed it last before `t` (`forward` is false).
    pub fn worker_event(&self, worker: WorkerId, t: Stamp, now: Stamp, forward: bool) -> Option<Stamp> {
        self.lanes.get(worker.index())?.state_change(t, now, forward, |_| true)
    }

    /// Like [`Model::worker_event`], for all workers.
    pub fn any_worker_event(&self, t: Stamp, now: Stamp, forward: bool) -> Option<Stamp> {
        nearest(self.lanes.entries().filter_map(|(_, lane)| lane.state_change(t, now, forward, |_| true)), forward)
    }

    /// Returns when a resource is next taken, released, or waited for after `t`, or was last before `t`.
    pub fn resource_event(&self, on: ResourceId, t: Stamp, now: Stamp, forward: bool) -> Option<Stamp> {
        let is_on = |resource: Option<ResourceId>| resource == Some(on);
        let waits = self.lanes.entries().filter_map(|(_, lane)| lane.state_change(t, now, forward, is_on));
        let mut holds = None;
        if let Some(ResourceState::Lock(lock)) = self.resources.get(on.index()) {
            holds = lock.hold_change(t, now, forward);
        }
        nearest(waits.chain(holds), forward)
    }
}

/// Returns the earliest of moments that are later, or the latest of earlier ones.
pub(super) fn nearest(moments: impl Iterator<Item = Stamp>, forward: bool) -> Option<Stamp> {
    if forward { moments.min() } else { moments.max() }
}

impl Lane {
    /// Returns the next or previous moment at which the state changes to or from one on an accepted resource.
    fn state_change(
        &self,
        t: Stamp,
        now: Stamp,
        forward: bool,
        accepts: impl Fn(Option<ResourceId>) -> bool,
    ) -> Option<Stamp> {
        let from = if forward { t } else { self.exact_from() };
        let to = if forward { now } else { t };
        let mut before: Option<bool> = None;
        let mut found = None;
        let walk = self.spans(from, to).try_for_each(|span| {
            let is_on = accepts(span.resource);
            let is_change = is_on || before == Some(true);
            before = Some(is_on);
            let is_inside = if forward { span.since > t } else { span.since < t && span.since >= from };
            if is_change && is_inside && span.since <= now {
                found = Some(span.since);
                if forward {
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        });
        let _ = walk; // the walk ends at the first change when it goes forward
        found
    }
}
