//! Applies events about locks: waits, acquisitions, releases, and the list of holds before a wait.

use super::note_unknown_kind;
use crate::lane::{LockWait, Wait};
use crate::lock::LockRequest;
use crate::{Lock, LockCapacity, Model, ResourceState};
use contend_trace::{EventKind, Grant, LockKind, ResourceId, ResourceKind, Stamp, State, WorkerId};

impl Model {
    #[inline]
    pub(super) fn apply_lock_event(&mut self, w: WorkerId, at: Stamp, kind: EventKind) {
        match kind {
            EventKind::Held { lock, grant } => self.announce_hold(w, at, lock, grant),
            EventKind::RwlockRequest { lock, .. }
            | EventKind::RwlockReaders { lock, .. }
            | EventKind::PermitRequest { lock, .. } => self.announce_request(w, at, lock, kind),
            EventKind::LockWait { lock, held_count, timed } => self.begin_lock_wait(w, at, lock, held_count, timed),
            EventKind::TimedAttempt { lock } => self.lanes[w.index()].next_wait.timed_attempt = Some(lock),
            EventKind::Acquired { lock, grant } => self.record_acquire(w, at, lock, grant),
            EventKind::Released { lock, grant } => self.record_release(w, at, lock, grant),
            EventKind::SemaphorePassed { lock, grant } => self.record_semaphore_pass(w, at, lock, grant),
            EventKind::SemaphorePosted { lock } => {
                self.set_running(w, at);
                self.with_lock(lock, Lock::record_post);
            }
            EventKind::OwnerDied { lock } => self.record_dead_owner(w, at, lock),
            EventKind::WaitTimedOut { lock } => self.record_timeout(w, at, lock),
            // Counted nowhere: no limit was too short.
            EventKind::WaitCancelled { .. } => self.set_running(w, at),
            EventKind::CopiedHeld { lock, holder } => self.record_copied_hold(w, at, lock, holder),
            _ => note_unknown_kind(kind),
        }
    }

    /// Records one entry of the list of holds that precedes a wait.
    fn announce_hold(&mut self, w: WorkerId, at: Stamp, lock: ResourceId, grant: Grant) {
        self.set_running(w, at);
        let listed = &mut self.lanes[w.index()].next_wait.holds;
        // The list has no more entries than this.
        if listed.len() < usize::from(u8::MAX) {
            listed.push((lock, grant));
        }
        self.with_lock(lock, |lock| lock.confirm_hold(w, grant, at));
    }

    fn record_dead_owner(&mut self, w: WorkerId, at: Stamp, lock: ResourceId) {
        self.with_lock(lock, Lock::record_orphaned);
        if self.lanes[w.index()].activity.state == State::Gap {
            self.set_running(w, at);
        }
    }

    /// Records that a forked worker found its copy of a lock held: no worker in its process will ever release it.
    fn record_copied_hold(&mut self, w: WorkerId, at: Stamp, lock: ResourceId, holder: WorkerId) {
        self.set_running(w, at);
        let is_own_copy = self.registry.lock_copy(lock).is_some_and(|copy| copy.worker == w);
        if is_own_copy && holder.index() < self.lanes.len() {
            self.with_lock(lock, |lock| lock.record_copied_hold(holder, at));
        } else {
            self.health.anomalies += 1;
        }
    }

    /// Records what the next wait requests of its lock.
    fn announce_request(&mut self, w: WorkerId, at: Stamp, lock: ResourceId, kind: EventKind) {
        self.set_running(w, at);
        let announced = &mut self.lanes[w.index()].next_wait.lock_request;
        let before = announced.map(|(_, request)| request).unwrap_or_default();
        *announced = Some((lock, before.updated_by(kind)));
    }

    #[inline]
    fn begin_lock_wait(&mut self, w: WorkerId, at: Stamp, id: ResourceId, held_count: u8, timed: bool) {
        let lane = &self.lanes[w.index()];
        let listed = &lane.next_wait.holds;
        let is_hold_list_complete = listed.len() == usize::from(held_count);
        if is_hold_list_complete && (*listed != lane.holds.confirmed || !lane.holds.uncertain.is_empty()) {
            self.reconcile_holds(w);
        } else if !is_hold_list_complete && !lane.next_wait.may_lack_events {
            self.health.anomalies += 1;
        }
        let next_wait = &mut self.lanes[w.index()].next_wait;
        next_wait.holds.clear();
        let may_lack_request = std::mem::take(&mut next_wait.may_lack_events);
        self.change_activity(w, at, State::Lock, Some(id));
        let request = self.lanes[w.index()].next_wait.take_lock_request(id);
        let (waiter_index, is_rwlock) = if let Some(ResourceState::Lock(lock)) = self.resources.get_mut(id.index()) {
            (Some(lock.add_waiter(w, at, request)), lock.capacity() == LockCapacity::ReadersWriter)
        } else {
            self.health.anomalies += 1;
            (None, false)
        };
        let lane = &mut self.lanes[w.index()];
        // Without its request it is not known whether the worker waits to read or to write.
        let is_request_known = !(is_rwlock && may_lack_request && request == LockRequest::Single);
        let is_hold_list_complete = is_hold_list_complete && is_request_known;
        lane.wait =
            Some(Wait::Lock(LockWait { since: at, waiter_index, request, is_timed: timed, is_hold_list_complete }));
        self.stuck_holders += usize::from(lane.can_close_cycle());
    }

    /// Replaces the known holds of the worker by the list that precedes its wait: holds that are not in the list are
    /// over. A list of the greatest possible length may lack older holds, so it says nothing about those.
    pub(crate) fn reconcile_holds(&mut self, w: WorkerId) {
        let lane = &mut self.lanes[w.index()];
        let holds = &mut lane.holds;
        let listed = std::mem::take(&mut lane.next_wait.holds);
        if listed.len() == usize::from(u8::MAX) {
            holds.uncertain.retain(|hold| !listed.contains(hold));
            holds.confirmed.retain(|hold| !listed.contains(hold));
            return holds.confirmed.extend(listed);
        }
        let confirmed = std::mem::replace(&mut holds.confirmed, listed.clone());
        let uncertain = std::mem::take(&mut holds.uncertain);
        // Without a gap the list can differ only in its order.
        let is_anomaly = confirmed.len() > listed.len() || confirmed.iter().any(|hold| !listed.contains(hold));
        self.health.anomalies += u64::from(is_anomaly);
        for (lock, grant) in confirmed.into_iter().chain(uncertain).filter(|hold| !listed.contains(hold)) {
            self.with_lock(lock, |lock| lock.drop_hold(w, grant));
        }
    }

    #[inline]
    fn record_acquire(&mut self, w: WorkerId, at: Stamp, lock: ResourceId, grant: Grant) {
        let waiting = self.lanes[w.index()].lock_wait_start(lock);
        self.record_lock_order(w, at, lock, grant);
        self.set_running(w, at);
        self.note_lock_taken(w, at);
        // A worker can hold several permits of a semaphore, and read an rwlock several times.
        let can_repeat = match self.resources.get(lock.index()) {
            Some(ResourceState::Lock(lock)) => lock.capacity() != LockCapacity::Exclusive,
            _ => false,
        };
        let holds = &mut self.lanes[w.index()].holds;
        // If the worker seems to hold the mutex already, the release was lost or never recorded.
        let is_same = |(held, _): &(ResourceId, Grant)| *held == lock && !can_repeat;
        let repeated = holds.confirmed.iter().position(is_same);
        let before = repeated.map(|i| holds.confirmed.remove(i).1);
        let uncertain = holds.uncertain.iter().position(is_same);
        let before = before.or(uncertain.map(|i| holds.uncertain.swap_remove(i).1));
        holds.confirmed.push((lock, grant));
        self.health.anomalies += u64::from(repeated.is_some());
        self.with_lock(lock, |lock| {
            if let Some(before) = before {
                lock.drop_hold(w, before);
            }
            lock.record_acquire(w, grant, at, waiting);
        });
    }

    /// Records that a mutex was handed to a task that had been killed in line: nobody will ever release it.
    #[cold]
    pub(super) fn record_acquire_after_end(&mut self, w: WorkerId, at: Stamp, lock: ResourceId, grant: Grant) {
        let kind = self.registry.resource(lock).map(|resource| &resource.kind);
        if !matches!(kind, Some(ResourceKind::Mutex { kind: LockKind::Async | LockKind::AsyncReentrant })) {
            self.health.anomalies += 1;
            return;
        }
        let lane = &mut self.lanes[w.index()];
        let at = at.max(lane.newest_stamp);
        lane.newest_stamp = at;
        self.newest_stamp = self.newest_stamp.max(at);
        lane.holds.confirmed.push((lock, grant));
        self.change_activity(w, at, State::Crashed, None);
        self.with_lock(lock, |lock| {
            lock.record_acquire(w, grant, at, None);
            lock.mark_dead(w, at);
        });
    }

    /// Records in which order the worker takes locks. A timed attempt cannot close a cycle, so its order is no hazard.
    #[inline]
    fn record_lock_order(&mut self, w: WorkerId, at: Stamp, lock: ResourceId, grant: Grant) {
        let lane = &mut self.lanes[w.index()];
        let is_attempt = lane.next_wait.timed_attempt.take() == Some(lock);
        if is_attempt || lane.lock_wait().is_some_and(|wait| wait.is_timed) || lane.holds.confirmed.is_empty() {
            return;
        }
        // Where several workers can hold a lock at once, the order alone proves nothing.
        let is_exclusive = |(id, grant): &(ResourceId, Grant)| match self.resources.get(id.index()) {
            Some(ResourceState::Lock(lock)) => match lock.capacity() {
                LockCapacity::Exclusive => true,
                LockCapacity::Permits { permits, scoped } => permits == 1 && scoped,
                LockCapacity::ReadersWriter => !grant.is_shared(),
            },
            _ => false,
        };
        let holds = self.lanes[w.index()].holds.confirmed.iter();
        let held: Vec<ResourceId> = holds.filter(|hold| is_exclusive(hold)).map(|(id, _)| *id).collect();
        if is_exclusive(&(lock, grant)) && !held.is_empty() {
            self.happens_before.record_nested_acquire(w, lock, held, at);
        }
    }

    /// Records that the worker passed a semaphore that is used as a signal: it holds no permit afterwards.
    fn record_semaphore_pass(&mut self, w: WorkerId, at: Stamp, lock: ResourceId, grant: Grant) {
        let waiting = self.lanes[w.index()].lock_wait_start(lock);
        self.set_running(w, at);
        self.with_lock(lock, |lock| lock.record_pass(w, grant, at, waiting));
    }

    #[inline]
    fn record_release(&mut self, w: WorkerId, at: Stamp, lock: ResourceId, grant: Grant) {
        self.set_running(w, at);
        let lane = &mut self.lanes[w.index()];
        let hold = (lock, grant);
        if let Some(i) = lane.holds.confirmed.iter().rposition(|held| *held == hold) {
            lane.holds.confirmed.remove(i);
        } else if let Some(i) = lane.holds.uncertain.iter().position(|held| *held == hold) {
            lane.holds.uncertain.swap_remove(i);
        } else if lane.lost_events.0 == 0 {
            self.health.anomalies += 1;
        }
        self.with_lock(lock, |lock| lock.record_release(w, grant, at));
    }
}
