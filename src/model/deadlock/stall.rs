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
//!
//! Pipes number no bytes. Who has its turn at one and waits there says how many bytes had ever been written and read when
//! it tried in vain. Let it be the first of the set to go on: all that was done before it tried is known, since nobody of
//! the set had gone on; so if what is known comes to just these numbers, nothing was done after it. Who waits for its turn
//! says what it saw of its own side. Let it be the first: it did not go on before the other tried, or what it did itself
//! would be in the other's numbers and not in its own; nor after, since the other has kept its turn.
//!
//! Once events were lost, what was given is not known. Then the slots tell (`audit/stalled.rs`).
//!
//! Who has an end of a pipe and waits elsewhere keeps it open. When all have closed theirs or ended the other side goes on.

use std::collections::BTreeMap;

use super::reduce::{Needs, never_live};
use crate::model::{Ending, Model, Pipe, Res, Results};
use crate::trace::{Awaited, Lanes, ResourceId, Stamp, State, WorkerId};

/// Workers and those who could wake them, all together, beyond which nothing is concluded.
const MOST: usize = 1 << 20;

/// Workers that wait for ever, although no ring of locks holds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stall {
    /// When the last of them began to wait.
    pub at: Stamp,
    pub set: Vec<WorkerId>,
}

impl Model {
    /// Workers for which nobody is left who could let them go on. Those of a deadlock are not among them.
    pub fn stall(&self) -> Option<Stall> {
        let lost = self.lanes.iter().any(|lane| lane.lost() > 0);
        let deadlock = self.deadlock.as_ref().map_or(&[][..], |deadlock| &deadlock.set);
        if lost {
            return self.stall_of(self.stalled_by_slots(deadlock));
        }
        if !(0..self.lanes.len()).any(|w| self.awaited(WorkerId::from(w)).is_some()) {
            return None;
        }
        let stuck = |w: &WorkerId| self.lanes[w.index()].is_alive() && !deadlock.contains(w);
        let dead = never_live(&self.needs_of_all()?).into_iter().filter(|w| *w < self.lanes.len());
        self.stall_of(dead.map(WorkerId::from).filter(stuck).collect())
    }

    fn stall_of(&self, set: Vec<WorkerId>) -> Option<Stall> {
        let at = set.iter().map(|w| self.lanes[w.index()].doing.since).max()?;
        Some(Stall { at, set })
    }

    /// What each worker needs to go on; behind the workers, what each thing that is waited for needs.
    fn needs_of_all(&self) -> Option<Vec<Needs>> {
        let workers = self.lanes.len();
        let mut things: BTreeMap<(ResourceId, bool), usize> = BTreeMap::new();
        let mut givers: Vec<Needs> = Vec::new();
        let mut total = workers;
        let mut needs = Vec::with_capacity(workers);
        for w in (0..workers).map(WorkerId::from) {
            needs.push(match self.awaited(w) {
                Some(on) => Needs::All(vec![*things.entry(on).or_insert_with(|| {
                    let any = self.who_gives(on);
                    total += any.len();
                    givers.push(Needs::Any(any));
                    workers + givers.len() - 1
                })]),
                None if self.is_over(w) => {
                    let spawners = self.spawners(w);
                    total += spawners.len();
                    Needs::Any(spawners)
                }
                None if self.is_absent(w) => Needs::Any(Vec::new()),
                None => self.needs(w),
            });
            if total > MOST {
                return None;
            }
        }
        needs.extend(givers);
        Some(needs)
    }

    /// What a worker waits for without a limit that somebody must give it, if nothing given is on its way: the resource,
    /// and whether it is room in it.
    fn awaited(&self, w: WorkerId) -> Option<(ResourceId, bool)> {
        let lane = &self.lanes[w.index()];
        let on = lane.doing.on.filter(|_| lane.is_alive())?;
        let wakers = self.cast.wakers.get(on.index())?;
        let in_vain = match (lane.doing.state, self.resources.get(on.index())?) {
            (State::Empty, Res::Queue(queue)) => {
                queue.is_used_up() || lane.found_none.is_some_and(|(of, put)| of == on && queue.is_unchanged_since(put))
            }
            (State::Full, Res::Queue(queue)) => queue.is_filled(),
            (state @ (State::Empty | State::Full), Res::Pipe(pipe)) => {
                let others = if state == State::Full { &wakers.takers } else { &wakers.givers };
                self.is_in_vain(w, on, pipe) && self.is_kept_open(pipe, others)
            }
            (State::Signal, Res::Signals(signals)) => !wakers.timed && signals.is_used_up(),
            (State::Signal, Res::Results(results)) => self.is_missing(w, on, results),
            _ => false,
        };
        in_vain.then_some((on, lane.doing.state == State::Full))
    }

    /// Whether a result that a worker waits for is not there, or tasks that it waits for are not over. That a result is there
    /// is told by whoever did the task, before anything else that it does; so this is certain of whoever did nothing since.
    fn is_missing(&self, w: WorkerId, on: ResourceId, results: &Results) -> bool {
        match self.lanes[w.index()].awaits {
            Some((of, Awaited::ALL_OVER)) if of == on => {
                let pool = self.cast.pools.iter().position(|info| info.results == Some(on));
                pool.is_some_and(|pool| self.pools[pool].open() > 0)
            }
            Some((of, nth)) if of == on => results.is_missing(nth),
            _ => false,
        }
    }

    /// Whether a worker has to wait on at a pipe until somebody on its other side does something that is not known yet.
    fn is_in_vain(&self, w: WorkerId, id: ResourceId, pipe: &Pipe) -> bool {
        let state = self.lanes[w.index()].doing.state;
        let waits_too = |other: WorkerId| {
            let lane = &self.lanes[other.index()];
            lane.is_alive() && (lane.doing.state, lane.doing.on) == (state, Some(id))
        };
        pipe.is_unchanged_for(w, state == State::Empty) && pipe.tried_last().any(waits_too)
    }

    /// Whether somebody has one of these ends of a pipe who may be waiting elsewhere. If all have gone, so is the wait.
    fn is_kept_open(&self, pipe: &Pipe, by: &[Lanes]) -> bool {
        by.iter().flat_map(|lanes| lanes.iter()).any(|w| self.keeps_open(pipe, w))
    }

    fn keeps_open(&self, pipe: &Pipe, w: WorkerId) -> bool {
        pipe.is_open_to(w) && w.index() < self.lanes.len() && !self.is_gone(w)
    }

    /// Whether a worker has ended, for good or not, or is said to have.
    fn is_gone(&self, w: WorkerId) -> bool {
        let lane = &self.lanes[w.index()];
        lane.lives() > 0 && !lane.is_alive() && self.seats[w.index()].is_none()
    }

    fn who_gives(&self, (on, room): (ResourceId, bool)) -> Vec<usize> {
        let Some(wakers) = self.cast.wakers.get(on.index()) else { return Vec::new() };
        let lanes = if room { &wakers.takers } else { &wakers.givers };
        let lanes = lanes.iter().flat_map(|lanes: &Lanes| lanes.iter());
        let can = |w: &WorkerId| match self.resources.get(on.index()) {
            // Who has closed its end, or ended, has told all that it did before.
            Some(Res::Pipe(pipe)) => w.index() < self.lanes.len() && pipe.is_open_to(*w) && !self.is_over(*w),
            _ => w.index() < self.lanes.len(),
        };
        let mut lanes: Vec<usize> = lanes.filter(can).map(WorkerId::index).collect();
        // Where one that brings tasks was killed, the runner ends the pools for it, and nobody tells.
        let killed = |w: &usize| matches!(self.lanes[*w].ended, Some(Ending::Killed | Ending::Died(_)));
        if self.fed_by[on.index()].is_some() && lanes.iter().any(|w| killed(w) && self.seats[*w].is_none()) {
            lanes.push(usize::MAX);
        }
        lanes
    }

    /// Whether a pool has no use for this worker: it never began, or has ended, and will not be started as the pool is now.
    fn is_absent(&self, w: WorkerId) -> bool {
        let Some((pool, seat)) = self.seats[w.index()] else { return false };
        let lane = &self.lanes[w.index()];
        !lane.in_life() && seat >= self.pools[pool.index()].size() as usize
    }

    /// Whether a worker has ended, and all its events are known: only who can spawn it could bring it back. A pool's workers
    /// can be started again by the pool.
    fn is_over(&self, w: WorkerId) -> bool {
        let lane = &self.lanes[w.index()];
        let told = lane.dead_since().is_none_or(|at| self.through.is_some_and(|through| at < through));
        // All lives that were asked for have begun; let one of the set go on, and be the first to do so: it asked for no other.
        let asked = self.life(w).map_or(0, super::super::Life::asked);
        let begun = u64::from(lane.lives());
        let known = if self.spawners(w).is_empty() { begun > 0 } else { begun == asked };
        known && !lane.is_alive() && told && self.seats[w.index()].is_none()
    }

    /// Those who can spawn it.
    fn spawners(&self, w: WorkerId) -> Vec<usize> {
        self.life_of(w).map_or_else(Vec::new, |life| self.who_gives((life, false)))
    }
}
