//! What a worker's stream says of its holds and waits.

use crate::lane::LockRequest;
use crate::{Lock, LockCapacity, Model, ResourceState};
use contend_trace::{EventKind, Grant, ResourceId, Stamp, State, WorkerId};

impl Model {
    /// One line of the list that precedes a wait.
    pub(super) fn announce_hold(&mut self, w: WorkerId, at: Stamp, lock: ResourceId, grant: Grant) {
        self.set_running(w, at);
        let told = &mut self.lanes[w.index()].holds.announced;
        // A wait cannot announce more than this.
        if told.len() < usize::from(u8::MAX) {
            told.push((lock, grant));
        }
        self.with_lock(lock, |lock| lock.confirm_hold(w, grant, at));
    }

    pub(super) fn record_dead_owner(&mut self, w: WorkerId, at: Stamp, lock: ResourceId) {
        self.with_lock(lock, Lock::record_orphaned);
        if self.lanes[w.index()].activity.state == State::Gap {
            self.set_running(w, at);
        }
    }

    /// Says what the wait that follows is for.
    pub(super) fn set_lock_request(&mut self, w: WorkerId, at: Stamp, lock: ResourceId, kind: EventKind) {
        self.set_running(w, at);
        let asks = &mut self.lanes[w.index()].lock_request;
        *asks = (Some(lock), asks.1.updated_by(kind));
    }

    #[inline]
    pub(super) fn begin_lock_wait(&mut self, w: WorkerId, at: Stamp, lock: ResourceId, held: u8, timed: bool) {
        let lane = &mut self.lanes[w.index()];
        let complete = lane.holds.announced.len() == usize::from(held);
        if complete && (lane.holds.announced != lane.holds.confirmed || !lane.holds.uncertain.is_empty()) {
            self.reconcile_holds(w);
        } else if !complete {
            self.health.anomalies += 1;
        }
        self.lanes[w.index()].holds.announced.clear();
        self.change_activity(w, at, State::Lock, Some(lock));
        let lane = &mut self.lanes[w.index()];
        if lane.lock_request.0 != Some(lock) {
            lane.lock_request = (Some(lock), LockRequest::Single);
        }
        lane.lock_wait_since = Some(at);
        lane.is_lock_wait_timed = timed;
        lane.is_deadlock_candidate = complete && !timed;
        self.stuck_holders += usize::from(lane.is_deadlock_candidate && !lane.holds.confirmed.is_empty());
        if let Some(ResourceState::Lock(lock)) = self.resources.get_mut(lock.index()) {
            lane.waiter_index = lock.add_waiter(w, at);
        } else {
            lane.waiter_index = u32::MAX;
            self.health.anomalies += 1;
        }
    }

    /// The list before a wait is the truth: holds that are not in it are over. One that is as long as can be may lack older
    /// ones, of which nothing new is known then.
    pub(crate) fn reconcile_holds(&mut self, w: WorkerId) {
        let holds = &mut self.lanes[w.index()].holds;
        let told = std::mem::take(&mut holds.announced);
        if told.len() == usize::from(u8::MAX) {
            holds.uncertain.retain(|hold| !told.contains(hold));
            holds.confirmed.retain(|hold| !told.contains(hold));
            return holds.confirmed.extend(told);
        }
        let sure = std::mem::replace(&mut holds.confirmed, told.clone());
        let doubtful = std::mem::take(&mut holds.uncertain);
        // Without a gap the list can differ in order at most.
        let odd = sure.len() > told.len() || sure.iter().any(|hold| !told.contains(hold));
        self.health.anomalies += u64::from(odd);
        for (lock, grant) in sure.into_iter().chain(doubtful).filter(|hold| !told.contains(hold)) {
            self.with_lock(lock, |lock| lock.drop_hold(w, grant));
        }
    }

    /// The wait for a lock is over, with it or without; or that for a worker's end.
    pub(super) fn end_lock_wait(&mut self, w: WorkerId, at: Stamp) {
        let lane = &mut self.lanes[w.index()];
        let joins = lane.lock_wait_since.is_none();
        if std::mem::take(&mut lane.is_deadlock_candidate) && (joins || !lane.holds.confirmed.is_empty()) {
            self.stuck_holders -= 1;
        }
        lane.lock_wait_since = None;
        lane.is_lock_wait_timed = false;
        lane.lock_request = (None, LockRequest::Single);
        let (place, on) = (lane.waiter_index, lane.activity.resource);
        let Some(ResourceState::Lock(lock)) = on.and_then(|lock| self.resources.get_mut(lock.index())) else { return };
        if let Some(moved) = lock.remove_waiter(place, at) {
            self.lanes[moved.index()].waiter_index = place;
        }
    }

    #[inline]
    pub(super) fn record_acquire(&mut self, w: WorkerId, at: Stamp, lock: ResourceId, grant: Grant) {
        let lane = &self.lanes[w.index()];
        let waiting = lane.lock_wait_since.filter(|_| lane.activity.resource == Some(lock));
        self.record_lock_order(w, at, lock, grant);
        self.set_running(w, at);
        self.note_lock_taken(w, at);
        // Several permits, and several reads, can be one worker's.
        let many = matches!(self.resources.get(lock.index()), Some(ResourceState::Lock(lock)) if lock.capacity() != LockCapacity::Exclusive);
        let holds = &mut self.lanes[w.index()].holds;
        // One it seems to have already: its release was lost, or was never there.
        let same = |(held, _): &(ResourceId, Grant)| *held == lock && !many;
        let twice = holds.confirmed.iter().position(same);
        let before = twice.map(|i| holds.confirmed.remove(i).1);
        let lost = holds.uncertain.iter().position(same);
        let before = before.or(lost.map(|i| holds.uncertain.swap_remove(i).1));
        holds.confirmed.push((lock, grant));
        self.health.anomalies += u64::from(twice.is_some());
        self.with_lock(lock, |lock| {
            if let Some(before) = before {
                lock.drop_hold(w, before);
            }
            lock.record_acquire(w, grant, at, waiting);
        });
    }

    /// An attempt that ends by itself closes no ring: its order is no danger.
    #[inline]
    fn record_lock_order(&mut self, w: WorkerId, at: Stamp, lock: ResourceId, grant: Grant) {
        let lane = &mut self.lanes[w.index()];
        let tried = lane.holds.attempted.take() == Some(lock);
        if tried || lane.is_lock_wait_timed || lane.holds.confirmed.is_empty() {
            return;
        }
        // Where several can be in at once, the order alone says nothing.
        let alone = |(id, grant): &(ResourceId, Grant)| match self.resources.get(id.index()) {
            Some(ResourceState::Lock(lock)) => match lock.capacity() {
                LockCapacity::Exclusive => true,
                LockCapacity::Permits { permits, scoped } => permits == 1 && scoped,
                LockCapacity::ReadersWriter => !grant.is_shared(),
            },
            _ => false,
        };
        let holds = self.lanes[w.index()].holds.confirmed.iter();
        let held: Vec<ResourceId> = holds.filter(|hold| alone(hold)).map(|(id, _)| *id).collect();
        if alone(&(lock, grant)) && !held.is_empty() {
            self.happens_before.record_nested_acquire(w, lock, held, at);
        }
    }

    /// Passed a semaphore: it has nothing of it.
    pub(super) fn record_semaphore_pass(&mut self, w: WorkerId, at: Stamp, lock: ResourceId, grant: Grant) {
        let lane = &self.lanes[w.index()];
        let waiting = lane.lock_wait_since.filter(|_| lane.activity.resource == Some(lock));
        self.set_running(w, at);
        self.with_lock(lock, |lock| lock.record_pass(w, grant, at, waiting));
    }

    #[inline]
    pub(super) fn record_release(&mut self, w: WorkerId, at: Stamp, lock: ResourceId, grant: Grant) {
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
