//! Applies events to the model, one function for each family of events.

mod life_events;
mod lock_events;
mod signal_events;
mod spawn_events;
mod task_events;
mod transfer_events;

use super::lane::{Alternative, Wait};
use super::transitions::{is_blocking_state, is_valid_transition};
use super::{Lock, Model, ResourceState};
use contend_trace::{Event, EventFamily, EventKind, ResourceId, Stamp, State, WorkerId};

impl Model {
    #[inline]
    pub(super) fn apply_event(&mut self, event: &Event) {
        self.health.events += 1;
        let worker = event.worker;
        self.note_resource(&event.kind);
        let Some(lane) = self.lanes.get_mut(worker.index()) else {
            return self.apply_undeclared_event(event);
        };
        lane.slot_snapshot = 0;
        if let EventKind::Acquired { lock, grant } = event.kind
            && lane.was_killed()
        {
            return self.record_acquire_after_end(worker, event.at, lock, grant);
        }
        if !is_valid_transition(lane.activity.state, lane.activity.resource, &event.kind) {
            self.health.anomalies += 1;
            if !lane.is_in_life() || matches!(event.kind, EventKind::Unknown { .. }) {
                return;
            }
        }
        if let EventKind::Gap { lost } = event.kind {
            self.record_gap(worker, lost);
            return;
        }
        if event.at < lane.newest_stamp {
            self.health.anomalies += 1;
        }
        let at = event.at.max(lane.newest_stamp);
        let dead = lane.dead_since();
        lane.newest_stamp = at;
        self.newest_stamp = self.newest_stamp.max(at);
        match event.kind {
            EventKind::LifeBegan => self.begin_life(worker, at, dead),
            kind => {
                self.apply_event_in_life(worker, at, kind);
                if dead.is_some() {
                    self.record_death(worker);
                }
            }
        }
    }

    /// Applies an event of a worker that nothing declared, if there is room for it.
    #[cold]
    fn apply_undeclared_event(&mut self, event: &Event) {
        if self.add_placeholder_worker(event.worker) {
            self.health.events -= 1; // it is counted again
            self.apply_event(event);
        } else {
            self.health.anomalies += 1;
        }
    }

    /// Applies an event inside a life.
    #[inline]
    pub(super) fn apply_event_in_life(&mut self, w: WorkerId, at: Stamp, kind: EventKind) {
        self.happens_before.apply_event(w, &kind);
        match kind.family() {
            EventFamily::Life => self.apply_life_event(w, at, kind),
            EventFamily::Lock => self.apply_lock_event(w, at, kind),
            EventFamily::Wait => self.apply_wait_event(w, at, kind),
            EventFamily::Queue | EventFamily::Pipe | EventFamily::Counter => self.apply_transfer_event(w, at, kind),
            EventFamily::Data => self.apply_data_event(w, kind),
            EventFamily::Task | EventFamily::Result => self.apply_task_event(w, at, kind),
            EventFamily::Signal => self.apply_signal_event(w, at, kind),
            EventFamily::Mark => self.apply_mark(w, at, kind),
            EventFamily::Stream => {}
        }
    }

    /// Applies an event about a wait for anything but a lock, or about time on and off the CPU.
    #[inline]
    fn apply_wait_event(&mut self, w: WorkerId, at: Stamp, kind: EventKind) {
        match kind {
            EventKind::Blocked { state, on } if is_blocking_state(state) => {
                self.change_activity(w, at, state, on);
                self.lanes[w.index()].begin_supply_wait(state, on);
                self.detect_futile_wakeup(w, at, on);
                self.begin_pipe_wait(w, on);
            }
            // A worker blocks in no other state.
            EventKind::Blocked { .. } => {}
            EventKind::Resumed => self.set_running(w, at),
            EventKind::Alternative { on, room, nth } => {
                self.set_running(w, at);
                self.lanes[w.index()].announce_alternative(Alternative { on, room, nth });
            }
            EventKind::BecameRunnable => self.mark_ready(w, at),
            EventKind::LoopCpuWait(queued) => self.lanes[w.index()].record_run_queue_wait(at, queued.0),
            _ => note_unknown_kind(kind),
        }
    }

    fn apply_data_event(&mut self, w: WorkerId, kind: EventKind) {
        match kind {
            EventKind::DataMoved { from, bytes } => self.transfers.record(from, w, bytes),
            _ => note_unknown_kind(kind),
        }
    }

    fn apply_mark(&mut self, w: WorkerId, at: Stamp, kind: EventKind) {
        match kind {
            EventKind::Mark { text, number } => {
                self.set_running(w, at);
                self.add_named_mark(w, at, text, number);
            }
            _ => note_unknown_kind(kind),
        }
    }

    /// Changes what the worker does from `at` on, and ends its wait.
    #[inline]
    pub(super) fn change_activity(&mut self, w: WorkerId, at: Stamp, state: State, on: Option<ResourceId>) {
        if self.lanes[w.index()].wait.is_some() {
            self.end_wait(w, at);
        }
        self.set_activity(w, at, state, on);
    }

    /// Records that the worker became runnable. A wait for a lock or a join lasts until its own event ends it. After a
    /// gap it is not known what the worker waited for, and so not which event can follow.
    fn mark_ready(&mut self, w: WorkerId, at: Stamp) {
        if self.lanes[w.index()].activity.state == State::Gap {
            return;
        }
        if matches!(self.lanes[w.index()].wait, Some(Wait::Supply(_))) {
            self.record_ended_wait(w, at);
        }
        let lane = &mut self.lanes[w.index()];
        lane.wait = lane.wait.filter(|wait| !matches!(wait, Wait::Supply(_)));
        let on = lane.activity.resource;
        self.set_activity(w, at, State::Ready, on);
    }

    #[inline]
    fn set_activity(&mut self, w: WorkerId, at: Stamp, state: State, on: Option<ResourceId>) {
        let lane = &mut self.lanes[w.index()];
        let was = lane.activity.state;
        if state != State::Signal {
            lane.next_wait.result = None;
        }
        lane.set_activity(at, state, on);
        if was != state
            && let Some((pool, seat)) = lane.seat
        {
            self.pools[pool.index()].set_worker_state(seat, at, state);
        }
    }

    #[inline]
    pub(super) fn set_running(&mut self, w: WorkerId, at: Stamp) {
        if self.lanes[w.index()].activity.state != State::Running {
            self.change_activity(w, at, State::Running, None);
        }
    }

    /// Ends the worker's wait, successful or not.
    fn end_wait(&mut self, w: WorkerId, at: Stamp) {
        self.record_ended_wait(w, at);
        let lane = &mut self.lanes[w.index()];
        self.stuck_holders -= usize::from(lane.can_close_cycle());
        let Some(Wait::Lock(wait)) = lane.wait.take() else { return };
        let (Some(index), Some(on)) = (wait.waiter_index, lane.activity.resource) else { return };
        let Some(ResourceState::Lock(lock)) = self.resources.get_mut(on.index()) else { return };
        if let Some(moved) = lock.remove_waiter(index, at)
            && let Some(Wait::Lock(moved)) = &mut self.lanes[moved.index()].wait
        {
            moved.waiter_index = Some(index);
        }
    }

    #[inline]
    pub(super) fn with_lock(&mut self, lock: ResourceId, f: impl FnOnce(&mut Lock)) {
        match self.resources.get_mut(lock.index()) {
            Some(ResourceState::Lock(lock)) => f(lock),
            _ => self.health.anomalies += 1,
        }
    }
}

/// Reports a kind of event that the function of its family does not know, in a debug build.
#[inline]
fn note_unknown_kind(kind: EventKind) {
    debug_assert!(false, "no function applies {}", kind.name());
}
