//! What a worker's stream says of its holds and waits.

use crate::lane::Asks;
use crate::{Lock, Model, Res, Room};
use contend_trace::{EventKind, Grant, ResourceId, Stamp, State, WorkerId};

impl Model {
    /// One line of the list that precedes a wait.
    pub(super) fn told(&mut self, w: WorkerId, at: Stamp, lock: ResourceId, grant: Grant) {
        self.run(w, at);
        let told = &mut self.lanes[w.index()].holds.told;
        // A wait cannot announce more than this.
        if told.len() < usize::from(u8::MAX) {
            told.push((lock, grant));
        }
        self.with_lock(lock, |lock| lock.confirm(w, grant, at));
    }

    pub(super) fn owner_died(&mut self, w: WorkerId, at: Stamp, lock: ResourceId) {
        self.with_lock(lock, Lock::orphaned_once);
        if self.lanes[w.index()].doing.state == State::Gap {
            self.run(w, at);
        }
    }

    /// Says what the wait that follows is for.
    pub(super) fn ask(&mut self, w: WorkerId, at: Stamp, lock: ResourceId, kind: EventKind) {
        self.run(w, at);
        let asks = &mut self.lanes[w.index()].asks;
        *asks = (Some(lock), asks.1.told(kind));
    }

    #[inline]
    pub(super) fn wait(&mut self, w: WorkerId, at: Stamp, lock: ResourceId, held: u8, timed: bool) {
        let lane = &mut self.lanes[w.index()];
        let complete = lane.holds.told.len() == usize::from(held);
        if complete && (lane.holds.told != lane.holds.sure || !lane.holds.doubtful.is_empty()) {
            self.correct(w);
        } else if !complete {
            self.health.anomalies += 1;
        }
        self.lanes[w.index()].holds.told.clear();
        self.settle(w, at, State::Lock, Some(lock));
        let lane = &mut self.lanes[w.index()];
        if lane.asks.0 != Some(lock) {
            lane.asks = (Some(lock), Asks::One);
        }
        lane.waits_since = Some(at);
        lane.timed = timed;
        lane.stuck = complete && !timed;
        self.stuck_holders += usize::from(lane.stuck && !lane.holds.sure.is_empty());
        if let Some(Res::Lock(lock)) = self.resources.get_mut(lock.index()) {
            lane.place = lock.enter(w, at);
        } else {
            lane.place = u32::MAX;
            self.health.anomalies += 1;
        }
    }

    /// The list before a wait is the truth: holds that are not in it are over. One that is as long as can be may lack older
    /// ones, of which nothing new is known then.
    pub(crate) fn correct(&mut self, w: WorkerId) {
        let holds = &mut self.lanes[w.index()].holds;
        let told = std::mem::take(&mut holds.told);
        if told.len() == usize::from(u8::MAX) {
            holds.doubtful.retain(|hold| !told.contains(hold));
            holds.sure.retain(|hold| !told.contains(hold));
            return holds.sure.extend(told);
        }
        let sure = std::mem::replace(&mut holds.sure, told.clone());
        let doubtful = std::mem::take(&mut holds.doubtful);
        // Without a gap the list can differ in order at most.
        let odd = sure.len() > told.len() || sure.iter().any(|hold| !told.contains(hold));
        self.health.anomalies += u64::from(odd);
        for (lock, grant) in sure.into_iter().chain(doubtful).filter(|hold| !told.contains(hold)) {
            self.with_lock(lock, |lock| lock.forget(w, grant));
        }
    }

    /// The wait for a lock is over, with it or without; or that for a worker's end.
    pub(super) fn leave(&mut self, w: WorkerId, at: Stamp) {
        let lane = &mut self.lanes[w.index()];
        let joins = lane.waits_since.is_none();
        if std::mem::take(&mut lane.stuck) && (joins || !lane.holds.sure.is_empty()) {
            self.stuck_holders -= 1;
        }
        lane.waits_since = None;
        lane.timed = false;
        lane.asks = (None, Asks::One);
        let (place, on) = (lane.place, lane.doing.on);
        let Some(Res::Lock(lock)) = on.and_then(|lock| self.resources.get_mut(lock.index())) else { return };
        if let Some(moved) = lock.leave(place, at) {
            self.lanes[moved.index()].place = place;
        }
    }

    #[inline]
    pub(super) fn acquired(&mut self, w: WorkerId, at: Stamp, lock: ResourceId, grant: Grant) {
        let lane = &self.lanes[w.index()];
        let waiting = lane.waits_since.filter(|_| lane.doing.on == Some(lock));
        self.note_order(w, at, lock, grant);
        self.run(w, at);
        self.took_lock(w, at);
        // Several permits, and several reads, can be one worker's.
        let many = matches!(self.resources.get(lock.index()), Some(Res::Lock(lock)) if lock.room() != Room::One);
        let holds = &mut self.lanes[w.index()].holds;
        // One it seems to have already: its release was lost, or was never there.
        let same = |(held, _): &(ResourceId, Grant)| *held == lock && !many;
        let twice = holds.sure.iter().position(same);
        let before = twice.map(|i| holds.sure.remove(i).1);
        let lost = holds.doubtful.iter().position(same);
        let before = before.or(lost.map(|i| holds.doubtful.swap_remove(i).1));
        holds.sure.push((lock, grant));
        self.health.anomalies += u64::from(twice.is_some());
        self.with_lock(lock, |lock| {
            if let Some(before) = before {
                lock.forget(w, before);
            }
            lock.take(w, grant, at, waiting);
        });
    }

    /// An attempt that ends by itself closes no ring: its order is no danger.
    #[inline]
    fn note_order(&mut self, w: WorkerId, at: Stamp, lock: ResourceId, grant: Grant) {
        let lane = &mut self.lanes[w.index()];
        let tried = lane.holds.tried.take() == Some(lock);
        if tried || lane.timed || lane.holds.sure.is_empty() {
            return;
        }
        // Where several can be in at once, the order alone says nothing.
        let alone = |(id, grant): &(ResourceId, Grant)| match self.resources.get(id.index()) {
            Some(Res::Lock(lock)) => match lock.room() {
                Room::One => true,
                Room::Permits { permits, scoped } => permits == 1 && scoped,
                Room::Readers => !grant.is_shared(),
            },
            _ => false,
        };
        let holds = self.lanes[w.index()].holds.sure.iter();
        let held: Vec<ResourceId> = holds.filter(|hold| alone(hold)).map(|(id, _)| *id).collect();
        if alone(&(lock, grant)) && !held.is_empty() {
            self.happens.nested(w, lock, held, at);
        }
    }

    /// Passed a semaphore: it has nothing of it.
    pub(super) fn passed(&mut self, w: WorkerId, at: Stamp, lock: ResourceId, grant: Grant) {
        let lane = &self.lanes[w.index()];
        let waiting = lane.waits_since.filter(|_| lane.doing.on == Some(lock));
        self.run(w, at);
        self.with_lock(lock, |lock| lock.pass(w, grant, at, waiting));
    }

    #[inline]
    pub(super) fn released(&mut self, w: WorkerId, at: Stamp, lock: ResourceId, grant: Grant) {
        self.run(w, at);
        let lane = &mut self.lanes[w.index()];
        let hold = (lock, grant);
        if let Some(i) = lane.holds.sure.iter().rposition(|held| *held == hold) {
            lane.holds.sure.remove(i);
        } else if let Some(i) = lane.holds.doubtful.iter().position(|held| *held == hold) {
            lane.holds.doubtful.swap_remove(i);
        } else if lane.lost.0 == 0 {
            self.health.anomalies += 1;
        }
        self.with_lock(lock, |lock| lock.give(w, grant, at));
    }
}
