//! Workers that wait for something nobody is left to give: an item, room, a signal.
//!
//! Who could give it is known from the scenario. That all of them have ended, or wait themselves for ever, is proof if
//! nothing they gave is still on its way. Let one of the set go on, and be the first to do so, by taking the item (the
//! room, the signal) number n. Whoever could give it has done nothing since its last known event, so all that was given
//! until then is known, and n is not above their number. But all numbers up to it are known to have been taken by others,
//! each number once. A contradiction; no clock is needed, nor any order of arrival between workers.
//!
//! A batch that was dealt out leaves items in a queue that are not for everybody. A worker that finds none for itself says
//! how many had been put by then. If no more are known to be put, the next one would be the set's own, as above.
//! Permits of semaphores are such items, whether they are held for a block or used as signals. Of those who hold some each
//! can return what it holds, and no more; who releases permits that it need not hold can give any number.
//!
//! Pipes number no bytes. Who has its turn at one and waits there says how many bytes had ever been written and read when
//! it tried in vain. Let it be the first of the set to go on: all that was done before it tried is known, since nobody of
//! the set had gone on; so if what is known comes to just these numbers, nothing was done after it. Who waits for its turn
//! says what it saw of its own side. Let it be the first: it did not go on before the other tried, or what it did itself
//! would be in the other's numbers and not in its own; nor after, since the other has kept its turn.
//!
//! Once events were lost, what was given is not known. Then the slots tell (`audit/stalled.rs`).
//!
//! Who waits for a lock that a dead worker holds waits for ever, unless the system returns such locks (`lost.rs`).
//!
//! Who has an end of a pipe and waits elsewhere keeps it open. When all have closed theirs or ended the other side goes on.

use std::collections::BTreeSet;

use super::graph_reduction::permanently_blocked;
use super::requirement_table::RequirementTable;
use crate::lock::LockRequest;
use crate::{LifeEnd, Model, Pipe, ResourceState, Results};
use contend_trace::{AwaitedResult, LaneRange, ResourceId, Stamp, State, WorkerId};

/// Workers that wait for ever, although no ring of locks holds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stall {
    /// When the last of them began to wait, or the last that holds a lock of theirs died.
    pub at: Stamp,
    pub workers: Vec<WorkerId>,
}

impl Model {
    /// Workers for which nobody is left who could let them go on. Those of a deadlock are not among them.
    pub fn stall(&self) -> Option<Stall> {
        let lost = self.lanes.iter().any(|lane| lane.lost_events() > 0);
        let deadlock = self.deadlocked_workers();
        if lost {
            return self.build_stall(self.stalled_workers_in_slots(deadlock));
        }
        let workers = || (0..self.lanes.len()).map(WorkerId::from);
        if !self.has_orphaned_holds()
            && !workers().any(|w| self.awaited_supply(w).is_some() || self.missing_permits(w) > 0)
        {
            return None;
        }
        let stuck = |w: &WorkerId| self.lanes[w.index()].is_alive() && !deadlock.contains(w);
        let dead = permanently_blocked(&RequirementTable::build(self)?).into_iter().filter(|w| *w < self.lanes.len());
        self.build_stall(dead.map(WorkerId::from).filter(stuck).collect())
    }

    fn build_stall(&self, set: Vec<WorkerId>) -> Option<Stall> {
        let doing = |w: &WorkerId| self.lanes[w.index()].activity;
        let on: BTreeSet<ResourceId> = set.iter().filter_map(|w| doing(w).resource).collect();
        let deaths = on.into_iter().flat_map(|id| self.orphaned_holds(id)).map(|(_, since)| since);
        let at = set.iter().map(|w| doing(w).since).chain(deaths).max()?;
        Some(Stall { at, workers: set })
    }

    /// How many permits are missing for a worker that waits for a semaphore without a limit.
    pub(super) fn missing_permits(&self, w: WorkerId) -> u64 {
        if !self.has_unlimited_wait(w) {
            return 0;
        }
        let lane = &self.lanes[w.index()];
        let wanted = if let LockRequest::Many(wanted) = lane.lock_request() { wanted } else { 1 };
        match lane.activity.resource.and_then(|on| self.resources.get(on.index())) {
            Some(ResourceState::Lock(lock)) => lock.missing_permits(wanted),
            _ => 0,
        }
    }

    /// What a worker waits for without a limit that somebody must give it, if nothing given is on its way: the resource,
    /// and whether it is room in it.
    pub(super) fn awaited_supply(&self, w: WorkerId) -> Option<(ResourceId, bool)> {
        let lane = &self.lanes[w.index()];
        let on = lane.activity.resource.filter(|_| lane.is_alive())?;
        let wakers = self.registry.wakers.get(on.index())?;
        let in_vain = match (lane.activity.state, self.resources.get(on.index())?) {
            (State::Empty, ResourceState::Queue(queue)) => {
                queue.is_drained() || lane.nothing_after().is_some_and(|put| queue.is_unchanged_since(put))
            }
            (State::Full, ResourceState::Queue(queue)) => queue.is_full(),
            (state @ (State::Empty | State::Full), ResourceState::Pipe(pipe)) => {
                let others = if state == State::Full { &wakers.takers } else { &wakers.givers };
                self.is_futile_pipe_wait(w, on, pipe) && self.is_kept_open(pipe, others)
            }
            (State::Signal, ResourceState::Signals(signals)) => {
                !lane.is_supply_wait_timed() && signals.is_all_received()
            }
            (State::Signal, ResourceState::Results(results)) => self.is_result_missing(w, on, results),
            _ => false, // locks: see `Table::lock`
        };
        in_vain.then_some((on, lane.activity.state == State::Full))
    }

    /// Whether a result that a worker waits for is not there, or tasks that it waits for are not over. That a result is there
    /// is told by whoever did the task, before anything else that it does; so this is certain of whoever did nothing since.
    fn is_result_missing(&self, w: WorkerId, on: ResourceId, results: &Results) -> bool {
        match self.lanes[w.index()].awaited_result() {
            Some(AwaitedResult::ALL_DONE) => {
                let pool = self.registry.pools.iter().position(|info| info.results == Some(on));
                pool.is_some_and(|pool| self.pools[pool].open_tasks() > 0)
            }
            Some(nth) => results.is_missing(nth),
            None => false,
        }
    }

    /// Whether a worker has to wait on at a pipe until somebody on its other side does something that is not known yet.
    fn is_futile_pipe_wait(&self, w: WorkerId, id: ResourceId, pipe: &Pipe) -> bool {
        let state = self.lanes[w.index()].activity.state;
        let waits_too = |other: WorkerId| {
            let lane = &self.lanes[other.index()];
            lane.is_alive() && (lane.activity.state, lane.activity.resource) == (state, Some(id))
        };
        pipe.is_unchanged_for(w, state == State::Empty) && pipe.up_to_date_waiters().any(waits_too)
    }

    /// Whether somebody has one of these ends of a pipe who may be waiting elsewhere. If all have gone, so is the wait.
    fn is_kept_open(&self, pipe: &Pipe, by: &[LaneRange]) -> bool {
        by.iter().flat_map(|lanes| lanes.iter()).any(|w| self.is_keeping_open(pipe, w))
    }

    pub(super) fn is_keeping_open(&self, pipe: &Pipe, w: WorkerId) -> bool {
        pipe.is_open_to(w) && w.index() < self.lanes.len() && !self.is_gone(w)
    }

    /// Whether a worker has ended, for good or not, or is said to have.
    fn is_gone(&self, w: WorkerId) -> bool {
        let lane = &self.lanes[w.index()];
        lane.life_count() > 0 && !lane.is_alive() && self.pool_seats[w.index()].is_none()
    }

    /// Whether a pool has no use for this worker: it never began, or has ended, and will not be started as the pool is now.
    pub(super) fn is_absent(&self, w: WorkerId) -> bool {
        let Some((pool, seat)) = self.pool_seats[w.index()] else { return false };
        let lane = &self.lanes[w.index()];
        !lane.is_in_life() && seat >= self.pools[pool.index()].worker_count() as usize
    }

    /// The queue of the pool whose worker this was, if it ended because no more tasks were to come, or none is left: it
    /// does nothing more before another comes, as if it waited for one. Of one that was killed while it waited for a task
    /// the runner goes on waiting in its place.
    pub(super) fn former_pool_queue(&self, w: WorkerId) -> Option<ResourceId> {
        let (pool, _) = self.pool_seats[w.index()]?;
        let lane = &self.lanes[w.index()];
        let id = self.registry.pools.get(pool.index())?.queue;
        let Some(ResourceState::Queue(queue)) = self.resources.get(id.index()) else { return None };
        let waited = lane.is_in_life() && (lane.activity.state, lane.activity.resource) == (State::Empty, Some(id));
        let left = if lane.is_in_life() {
            waited && self.is_certainly_absent(w) && (queue.is_drained() || queue.is_closed_and_drained())
        } else {
            lane.ending == Some(LifeEnd::Finished) || queue.is_closed_and_drained()
        };
        (lane.life_count() > 0 && left).then_some(id)
    }

    /// Whether a pool's worker crashed, and nothing replaces it.
    pub(super) fn is_unreplaced(&self, w: WorkerId) -> bool {
        let Some(pool) = self.pool_seats[w.index()].and_then(|(pool, _)| self.registry.pools.get(pool.index())) else {
            return false;
        };
        !pool.restarts_workers && self.lanes[w.index()].activity.state == State::Crashed
    }

    /// Whether a worker has ended, and all its events are known: only who can spawn it could bring it back. A pool's workers
    /// can be started again by the pool.
    pub(super) fn is_certainly_ended(&self, w: WorkerId) -> bool {
        let lane = &self.lanes[w.index()];
        // All lives that were asked for have begun; let one of the set go on, and be the first to do so: it asked for no other.
        let asked = self.life(w).map_or(0, super::super::Life::spawn_requests);
        let begun = u64::from(lane.life_count());
        let known = if self.spawners(w).is_empty() { begun > 0 } else { begun == asked };
        known && self.is_certainly_absent(w) && self.pool_seats[w.index()].is_none()
    }

    /// Those who can spawn it.
    pub(super) fn spawners(&self, w: WorkerId) -> &[LaneRange] {
        self.life_of(w).and_then(|life| self.registry.wakers.get(life.index())).map_or(&[], |wakers| &wakers.givers)
    }
}
