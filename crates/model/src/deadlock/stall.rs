//! Stalls: workers that wait for something no remaining worker can provide, such as an item, room or a signal.
//!
//! The scenario says which workers could provide it, its suppliers. If all of them have ended or wait forever
//! themselves, that is a proof, provided that nothing they supplied is still on its way. The proof is by contradiction.
//! Suppose a worker of the set continues, as the first of the set, by taking item (room, signal) number n. No supplier
//! has done anything since its last known event, so everything supplied until then is known, and n is not above its
//! number. But all numbers up to that are known to have been taken by other workers, each number once. The proof needs
//! no clock and no order of arrival between workers.
//!
//! A batch that was dealt out leaves items in a queue that not every worker may take. A worker that finds none for
//! itself records how many had been put by then. If no more are known to be put, the next one would come from the set
//! itself, as above. Permits of semaphores are such items, whether they are held for a block or used as signals. Each
//! holder can release what it holds and no more; a worker that releases permits without holding them can supply any
//! number.
//!
//! The bytes of pipes have no numbers. A worker that has its turn at a pipe and waits there records how many bytes had
//! ever been written and read when it tried in vain. Suppose it is the first of the set to continue: everything done
//! before it tried is known, since no worker of the set had continued; so if the known bytes come to exactly these
//! numbers, nothing was done afterwards. A worker that waits for its turn records what it saw of its own side. Suppose
//! it is the first: it did not continue before the other worker tried, or its own bytes would be in the other's numbers
//! and not in its own; nor afterwards, since the other worker has kept its turn.
//!
//! After a loss of events, the supplied items are unknown. Then the wait slots decide
//! (`slot_analysis/stall_analysis.rs`).
//!
//! A worker that waits for a lock held by a dead worker waits forever, unless the system releases such locks
//! (`orphaned_holds.rs`).
//!
//! A worker that has an end of a pipe and waits elsewhere keeps it open. Once all have closed theirs or ended, the
//! other side continues.

use std::collections::BTreeSet;

use super::graph_reduction::permanently_blocked;
use super::requirement_table::RequirementTable;
use crate::lock::LockRequest;
use crate::{LifeEnd, Model, Pipe, ResourceState, Results};
use contend_trace::{AwaitedResult, LaneRange, ResourceId, Stamp, State, WorkerId};

/// Workers that wait forever without being deadlocked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stall {
    /// When the last of them began to wait, or the last holder of a lock they wait for died.
    pub at: Stamp,
    pub workers: Vec<WorkerId>,
}

impl Model {
    /// Workers that no remaining worker can wake. Those of a deadlock are not among them.
    pub fn stall(&self) -> Option<Stall> {
        let lost = !self.is_complete();
        let deadlock = self.deadlocked_workers();
        if lost && self.registry.is_open {
            return None; // undeclared workers may have supplied the lost items
        }
        if lost {
            return self.build_stall(self.stalled_workers_in_slots(deadlock));
        }
        // A ring of workers that others may cancel is no deadlock before these are known to be stuck or gone.
        if self.registry.cancellers.is_empty()
            && !self.has_orphaned_holds()
            && !self.lanes.entries().map(|(w, _)| WorkerId::from(w)).any(|w| {
                self.awaited_supply(w).is_some()
                    || self.missing_permits(w) > 0
                    || !self.lanes[w.index()].awaited_alternatives().is_empty()
            })
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

    /// The number of permits that a worker lacks which waits for a semaphore without a time limit.
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

    /// The supply that a worker waits for without a time limit, if none is on its way: the resource, and whether the
    /// worker waits for room in it.
    pub(super) fn awaited_supply(&self, w: WorkerId) -> Option<(ResourceId, bool)> {
        let lane = &self.lanes[w.index()];
        let is_limitless = !lane.is_supply_wait_timed() && lane.awaited_alternatives().is_empty();
        let on = lane.activity.resource.filter(|_| lane.is_alive() && is_limitless)?;
        let wakers = self.registry.wakers_of(on)?;
        let is_missing = match (lane.activity.state, self.resources.get(on.index())?) {
            (State::Empty | State::Full, ResourceState::Queue(queue)) if queue.capacity() == 0 => {
                self.is_unserved(queue, on, lane.activity.state == State::Full)
            }
            (State::Empty, ResourceState::Queue(queue)) => {
                queue.is_drained() || lane.nothing_after().is_some_and(|put| queue.is_unchanged_since(put))
            }
            (State::Full, ResourceState::Queue(queue)) => queue.is_full(),
            (state @ (State::Empty | State::Full), ResourceState::Pipe(pipe)) => {
                let others = if state == State::Full { &wakers.takers } else { &wakers.givers };
                self.is_futile_pipe_wait(w, on, pipe) && self.is_kept_open(pipe, others)
            }
            (State::Signal, ResourceState::Signals(signals)) => signals.is_all_received(),
            (State::Signal, ResourceState::Results(results)) => {
                self.is_result_missing(w, on, results) && self.has_no_task_to_help(w)
            }
            _ => false, // locks: see `RequirementTable::lock_requirement`
        };
        is_missing.then_some((on, lane.activity.state == State::Full))
    }

    /// Whether a result that a worker waits for is missing, or tasks that it waits for are not finished. The worker
    /// that did the task records the result before anything else it does, so this is certain if that worker did nothing
    /// since.
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

    /// The queue of a worker that takes tasks while it waits for a result.
    pub(super) fn helped_queue(&self, w: WorkerId) -> Option<ResourceId> {
        let (pool, _) = self.lanes[w.index()].seat.filter(|_| self.lanes[w.index()].is_helping())?;
        self.registry.pools.get(pool.index()).map(|info| info.queue)
    }

    /// Whether a worker that waits for a result takes no tasks meanwhile, or none is left for it.
    fn has_no_task_to_help(&self, w: WorkerId) -> bool {
        let queue = self.helped_queue(w).and_then(|on| self.resources.get(on.index()));
        match queue {
            Some(ResourceState::Queue(queue)) => queue.is_drained(),
            _ => !self.lanes[w.index()].is_helping(),
        }
    }

    /// Whether a worker's wait at a pipe lasts until a worker on the other side does something that is not recorded
    /// yet.
    fn is_futile_pipe_wait(&self, w: WorkerId, id: ResourceId, pipe: &Pipe) -> bool {
        let state = self.lanes[w.index()].activity.state;
        let waits_too = |other: WorkerId| {
            let lane = &self.lanes[other.index()];
            lane.is_alive() && (lane.activity.state, lane.activity.resource) == (state, Some(id))
        };
        pipe.is_unchanged_for(w, state == State::Empty) && pipe.up_to_date_waiters().any(waits_too)
    }

    /// Whether a worker still has one of these ends of a pipe open. Once all are closed, the wait ends.
    pub(super) fn is_kept_open(&self, pipe: &Pipe, by: &[LaneRange]) -> bool {
        by.iter().flat_map(|lanes| lanes.known(self.lanes.len()).iter()).any(|w| self.is_keeping_open(pipe, w))
    }

    pub(super) fn is_keeping_open(&self, pipe: &Pipe, w: WorkerId) -> bool {
        pipe.is_open_to(w) && w.index() < self.lanes.len() && !self.is_gone(w)
    }

    /// Whether a worker has ended or is reported dead, and belongs to no pool.
    fn is_gone(&self, w: WorkerId) -> bool {
        let lane = &self.lanes[w.index()];
        self.has_left(w) || lane.life_count() > 0 && !lane.is_alive() && lane.seat.is_none()
    }

    /// Whether a pool does not use this worker at its present size: it never began or has ended, and will not be
    /// started.
    pub(super) fn is_absent(&self, w: WorkerId) -> bool {
        if self.registry.is_open {
            return false; // how a program uses its pool is unknown
        }
        let Some((pool, seat)) = self.lanes[w.index()].seat else { return false };
        let lane = &self.lanes[w.index()];
        !lane.is_in_life() && seat >= self.pools[pool.index()].worker_count() as usize
    }

    /// The queue of a former worker's pool, if the worker ended because no more tasks were to come, or none is left: it
    /// does nothing before another task comes, as if it waited for one. If it was killed while it waited for a task,
    /// the runner keeps waiting in its place.
    pub(super) fn former_pool_queue(&self, w: WorkerId) -> Option<ResourceId> {
        let (pool, _) = self.lanes[w.index()].seat.filter(|_| !self.registry.is_open)?;
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

    /// Whether a pool's worker crashed and is not replaced.
    pub(super) fn is_unreplaced(&self, w: WorkerId) -> bool {
        let Some(pool) = self.lanes[w.index()].seat.and_then(|(pool, _)| self.registry.pools.get(pool.index())) else {
            return false;
        };
        !pool.restarts_workers && self.lanes[w.index()].activity.state == State::Crashed
    }

    /// Whether a worker has ended and all its events are known, so that only a spawner can bring it back. False for
    /// workers of pools, which the pool can restart.
    pub(super) fn is_certainly_ended(&self, w: WorkerId) -> bool {
        if self.registry.is_open {
            return self.has_left(w); // any other may begin again
        }
        let lane = &self.lanes[w.index()];
        // All requested lives have begun. The first worker of the set to continue has requested no other.
        let asked = self.life(w).map_or(0, super::super::Life::spawn_requests);
        let begun = u64::from(lane.life_count());
        let known = if self.spawners(w).is_empty() { begun > 0 } else { begun == asked };
        known && self.is_certainly_absent(w) && self.lanes[w.index()].seat.is_none()
    }

    /// The workers that can spawn it.
    pub(super) fn spawners(&self, w: WorkerId) -> &[LaneRange] {
        self.life_of(w).and_then(|life| self.registry.wakers_of(life)).map_or(&[], |wakers| &wakers.givers)
    }
}
