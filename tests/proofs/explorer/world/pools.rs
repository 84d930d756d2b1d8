//! Pools: tasks, results, and crashing workers.

use std::collections::{BTreeMap, VecDeque};

use contend::trace::{AwaitedResult, DropReason, EventKind, ExitKind, PoolId, ResourceId, Span, State};

use super::{OuterTask, Phase, Scene, World};
use crate::explorer::program::{Program, ROOM, Step};

/// Limit of tasks in a run, as if each submitter checked the number of earlier tasks.
const TASKS: u64 = 5;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PoolState {
    /// Result numbers promised by the queued tasks.
    tasks: VecDeque<u64>,
    put: u32,
    taken: u32,
    shut: bool,
    pub(super) open: u64,
    promised: u64,
    /// Finished results by number, with the success of their task.
    there: BTreeMap<u64, bool>,
    /// Workers that can still take tasks.
    seats: usize,
}

impl PoolState {
    pub fn new(seats: usize) -> Self {
        Self {
            tasks: VecDeque::new(),
            put: 0,
            taken: 0,
            shut: false,
            open: 0,
            promised: 0,
            there: BTreeMap::new(),
            seats,
        }
    }
}

/// Returns the resource of a pool's queue and of its results: they follow all lives.
pub fn queue_of(program: &Program, pool: usize) -> ResourceId {
    let lives = (0..program.workers.len()).filter(|w| program.has_life(*w)).count();
    ResourceId::from(program.kinds.len() + lives + 2 * pool)
}

pub fn results_of(program: &Program, pool: usize) -> ResourceId {
    ResourceId::from(queue_of(program, pool).index() + 1)
}

impl World {
    /// Returns whether a pool's worker has no task.
    pub(super) fn is_idle(&self, program: &Program, w: usize) -> bool {
        w >= program.workers.len() && self.workers[w].task.is_none()
    }

    pub(super) fn task_is_there(&self, program: &Program, w: usize) -> bool {
        let pool = program.seats()[w].map_or(0, |(pool, _)| pool);
        !self.pools[pool].tasks.is_empty() || self.pools[pool].shut
    }

    pub(super) fn is_full(&self, pool: usize) -> bool {
        self.pools[pool].tasks.len() >= ROOM as usize && !self.pools[pool].shut
    }

    pub(super) fn result_is_there(&self, w: usize) -> bool {
        let next = self.workers[w].promises.front();
        next.is_none_or(|(pool, nth)| self.pools[*pool].there.contains_key(nth))
    }
}

impl Scene<'_> {
    fn pool_of(&self, w: usize) -> usize {
        self.program.seats()[w].map_or(0, |(pool, _)| pool)
    }

    /// Lets an idle pool worker look for a task.
    pub(super) fn seek_task(&mut self, w: usize, waited: bool) {
        let (pool, queue) = (self.pool_of(w), queue_of(self.program, self.pool_of(w)));
        let state = &mut self.world.pools[pool];
        let Some(promise) = state.tasks.pop_front() else {
            if state.shut {
                state.seats -= 1;
                return self.end(w, ExitKind::Finished);
            }
            debug_assert!(!waited);
            return self.blocks(w, State::Empty, queue.index());
        };
        state.taken += 1;
        let (depth, nth) = (state.tasks.len() as u16, state.taken);
        self.begin_task(w, promise, (depth, nth), false);
    }

    fn begin_task(&mut self, w: usize, promise: u64, (depth, nth): (u16, u32), helped: bool) {
        let (pool, queue) = (PoolId::from(self.pool_of(w)), queue_of(self.program, self.pool_of(w)));
        let worker = &mut self.world.workers[w];
        (worker.phase, worker.pc, worker.task) = (Phase::Runs, 0, Some(promise));
        self.record(w, EventKind::TookNth { queue, depth, nth });
        self.record(w, EventKind::TaskNumbered { pool, number: promise, helped });
        self.record(w, EventKind::TaskBegan { pool, waited: Span(0) });
    }

    pub(super) fn end_task(&mut self, w: usize) {
        let pool = self.pool_of(w);
        let worker = &self.world.workers[w];
        let outer_holds = worker.outer.last().map_or(0, |outer| outer.held_count);
        let held: Vec<usize> = worker.held[outer_holds.min(worker.held.len())..].iter().map(|(on, _)| *on).collect();
        held.into_iter().rev().for_each(|on| self.give_back(w, on));
        let promise = self.leave_task(w);
        self.record(w, EventKind::TaskEnded { pool: PoolId::from(pool), ok: true });
        self.task_over(w, pool, promise.unwrap_or(0), true);
    }

    /// Returns to the task around the current one, if there is one. Returns the promise of the current one.
    fn leave_task(&mut self, w: usize) -> Option<u64> {
        let worker = &mut self.world.workers[w];
        worker.phase = Phase::Runs;
        worker.promises.clear();
        let promise = worker.task.take();
        if let Some(OuterTask { task, pc, promises, .. }) = worker.outer.pop() {
            (worker.task, worker.pc, worker.promises) = (task, pc, promises);
        }
        promise
    }

    /// Waits for a result; takes the newest task of the own pool meanwhile, as long as the pool is open.
    pub(super) fn help(&mut self, w: usize, waited: bool) {
        let helped = std::mem::take(&mut self.world.workers[w].helps);
        if !helped && waited || self.world.workers[w].promises.is_empty() {
            return self.result(w, waited);
        }
        if waited {
            self.record(w, EventKind::Resumed);
        }
        if self.world.result_is_there(w) {
            return self.result(w, false);
        }
        let state = &mut self.world.pools[self.program.seats()[w].map_or(0, |(pool, _)| pool)];
        if let Some(promise) = state.tasks.pop_back() {
            state.taken += 1;
            let numbers = (state.tasks.len() as u16, state.taken);
            let worker = &mut self.world.workers[w];
            let (task, promises) = (worker.task.take(), std::mem::take(&mut worker.promises));
            worker.outer.push(OuterTask { task, pc: worker.pc, promises, held_count: worker.held.len() });
            return self.begin_task(w, promise, numbers, true);
        }
        if state.shut {
            return self.result(w, false);
        }
        let Some((pool, nth)) = self.world.workers[w].promises.front().copied() else { return };
        let on = results_of(self.program, pool);
        self.world.workers[w].helps = true;
        let awaits = EventKind::AwaitsResult { on, nth, helps: true };
        self.waits(w, [awaits, EventKind::Blocked { state: State::Signal, on: Some(on) }]);
    }

    fn task_over(&mut self, w: usize, pool: usize, promise: u64, ok: bool) {
        self.world.pools[pool].there.insert(promise, ok);
        let held = self.world.pools[pool].there.len() as u16;
        self.record(
            w,
            EventKind::ResultReady { on: results_of(self.program, pool), unread: held, nth: promise as u32, ok },
        );
        self.count_finished(w, pool);
    }

    fn count_finished(&mut self, w: usize, pool: usize) {
        self.world.pools[pool].open -= 1;
        self.world.alive -= 1;
        self.close_pools_without_submitters(w);
    }

    /// Ends pools without open tasks and without possible submitters; the last worker reports the end.
    pub(super) fn close_pools_without_submitters(&mut self, w: usize) {
        if self.world.alive == 0 {
            (0..self.program.pools.len()).for_each(|pool| self.shut(w, pool));
        }
    }

    fn shut(&mut self, w: usize, pool: usize) {
        if !std::mem::replace(&mut self.world.pools[pool].shut, true) {
            self.record(w, EventKind::Closed { queue: queue_of(self.program, pool) });
        }
    }

    pub(super) fn submit(&mut self, w: usize, pool: usize, waited: bool) {
        let queue = queue_of(self.program, pool);
        // The limit makes every program end.
        if !waited && self.world.pools.iter().map(|pool| pool.promised).sum::<u64>() >= TASKS {
            return self.next(w);
        }
        let state = &mut self.world.pools[pool];
        if state.shut {
            if waited {
                self.record(w, EventKind::Resumed);
            }
            return self.fail(w);
        }
        if state.tasks.len() >= ROOM as usize {
            return self.blocks(w, State::Full, queue.index());
        }
        state.promised += 1;
        state.put += 1;
        state.open += 1;
        let promise = state.promised;
        state.tasks.push_back(promise);
        let event = EventKind::PutNth { queue, depth: state.tasks.len() as u16, nth: state.put };
        self.world.alive += 1;
        self.world.workers[w].promises.push_back((pool, promise));
        self.record(w, event);
        self.next(w);
    }

    /// Fails a step: the task ends, or the worker if it has no task.
    pub(super) fn fail(&mut self, w: usize) {
        if w < self.program.workers.len() {
            return self.end(w, ExitKind::Panicked);
        }
        self.end_task(w);
    }

    pub(super) fn result(&mut self, w: usize, waited: bool) {
        let Some((pool, nth)) = self.world.workers[w].promises.front().copied() else { return self.fail(w) };
        let on = results_of(self.program, pool);
        let Some(ok) = self.world.pools[pool].there.remove(&nth) else {
            debug_assert!(!waited);
            // A worker that gives up by itself does not say which result it waits for.
            let limited = self.world.is_limited(self.program, w);
            let awaits = (!limited).then_some(EventKind::AwaitsResult { on, nth, helps: false });
            let blocked = EventKind::Blocked { state: State::Signal, on: Some(on) };
            return self.waits(w, awaits.into_iter().chain([blocked]));
        };
        self.world.workers[w].promises.pop_front();
        let held = self.world.pools[pool].there.len() as u16;
        self.record(w, EventKind::ResultRead { on, unread: held, nth: nth as u32, ok });
        if ok { self.next(w) } else { self.fail(w) }
    }

    /// Records that the first task was removed from a pool's queue.
    fn record_drop(&mut self, w: usize, pool: usize, reason: DropReason) {
        self.world.pools[pool].taken += 1;
        let nth = self.world.pools[pool].taken;
        self.record(w, EventKind::TaskDropped { pool: PoolId::from(pool), reason, nth });
    }

    /// Drops all tasks in a pool's queue, with or without results that say so.
    pub(super) fn drop_tasks(&mut self, w: usize, pool: usize, with_results: bool) {
        while let Some(promise) = self.world.pools[pool].tasks.pop_front() {
            self.record_drop(w, pool, DropReason::Cancelled);
            if with_results {
                self.task_over(w, pool, promise, false);
            } else {
                self.count_finished(w, pool);
            }
        }
    }

    pub(super) fn shut_down(&mut self, w: usize, (pool, step): (usize, Step), waited: bool) {
        if waited {
            self.record(w, EventKind::Resumed);
            return self.next(w);
        }
        self.shut(w, pool);
        match step {
            Step::ShutdownNow(_) => self.drop_tasks(w, pool, true),
            Step::Discard(_) => self.drop_tasks(w, pool, false),
            _ => {}
        }
        if self.world.pools[pool].open == 0 {
            return self.next(w);
        }
        let on = results_of(self.program, pool);
        let awaits = EventKind::AwaitsResult { on, nth: AwaitedResult::ALL_DONE, helps: false };
        self.waits(w, [awaits, EventKind::Blocked { state: State::Signal, on: Some(on) }]);
    }

    /// Kills a pool's process at its task. A replacement repeats the task once, or the pool shrinks by one; with its
    /// last process the pool ends.
    pub(super) fn crash(&mut self, w: usize) {
        let (pool, number) = (self.pool_of(w), PoolId::from(self.pool_of(w)));
        // The tasks that it ran while it waited end first.
        while self.world.workers[w].task.is_some() {
            let promise = self.leave_task(w).unwrap_or(0);
            self.record(w, EventKind::TaskAbandoned { pool: number });
            self.task_over(w, pool, promise, false);
        }
        let restarts = self.program.pools[pool].restarts;
        if !restarts {
            self.world.pools[pool].seats -= 1;
        }
        if self.world.pools[pool].seats == 0 {
            self.shut(w, pool);
            while let Some(promise) = self.world.pools[pool].tasks.pop_front() {
                self.record_drop(w, pool, DropReason::Failed);
                self.task_over(w, pool, promise, false);
            }
        }
        self.record(w, EventKind::LifeEnded(ExitKind::Killed));
        self.over(w);
        if restarts {
            self.begin(w);
        }
    }
}
