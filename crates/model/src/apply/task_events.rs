//! What a worker's stream says of the tasks of pools.

use crate::lane::OpenTask;
use crate::{Model, Pool, ResourceState, Results};
use contend_trace::{DropReason, PoolId, ResourceId, Span, Stamp, State, WorkerId};

impl Model {
    pub(super) fn begin_task(&mut self, w: WorkerId, at: Stamp, pool: PoolId, waited: Span) {
        self.set_running(w, at);
        let seat = self.seat_in(w, pool);
        let lane = &mut self.lanes[w.index()];
        // Whoever brings a task that no queue has room for does it itself: in the midst of another, if it is at one.
        let bypassed = seat.is_none() || !lane.open_tasks.is_empty();
        if lane.open_tasks.len() < MAX_NESTED_TASKS {
            lane.open_tasks.push(OpenTask { pool, began: at, queue_wait: waited });
        } else {
            self.health.anomalies += 1;
        }
        self.with_pool(pool, |pool| {
            if bypassed {
                pool.bypass(at);
            }
            pool.begin_task(seat, at, waited);
        });
    }

    pub(super) fn end_task(&mut self, w: WorkerId, at: Stamp, pool: PoolId, ok: bool) {
        let took = self.leave_task(w, at, pool);
        self.lanes[w.index()].ended_tasks += 1;
        self.set_running(w, at);
        let seat = self.seat_in(w, pool);
        self.with_pool(pool, |pool| pool.end_task(seat, at, ok, took));
        self.resume_outer_task(w, at);
    }

    /// How long the worker was at its newest task, and how long that had waited, if its begin is known.
    fn leave_task(&mut self, w: WorkerId, at: Stamp, pool: PoolId) -> Option<(Span, Span)> {
        let lane = &mut self.lanes[w.index()];
        // After a gap its begin may be among the lost.
        let known = lane.activity.state != State::Gap;
        let task = lane.open_tasks.pop().filter(|task| task.pool == pool);
        if task.is_none() && known && lane.lost_events.0 == 0 {
            self.health.anomalies += 1;
        }
        task.map(|task| (at.span_since(task.began), task.queue_wait))
    }

    /// The task that the worker was at before the one that is over is not over yet.
    fn resume_outer_task(&mut self, w: WorkerId, at: Stamp) {
        let before = self.lanes[w.index()].open_tasks.last().map(|task| task.pool);
        if let Some(pool) = before {
            let seat = self.seat_in(w, pool);
            self.with_pool(pool, |pool| pool.resume_task(seat, at));
        }
    }

    /// A task that was taken from the queue is in it again.
    pub(super) fn record_retry(&mut self, at: Stamp, pool: PoolId) {
        self.with_pool(pool, Pool::retry);
        self.with_queue_of(pool, |queue| queue.put_again(at));
    }

    pub(super) fn record_task_fate(&mut self, w: WorkerId, at: Stamp, pool: PoolId, fate: DropReason) {
        match fate {
            DropReason::Cancelled | DropReason::Failed => self.with_queue_of(pool, |queue| queue.drop_one(at)),
            DropReason::Lost if !self.lanes[w.index()].open_tasks.is_empty() => {
                self.leave_task(w, at, pool);
                let seat = self.seat_in(w, pool);
                self.with_pool(pool, |pool| pool.drop_task(seat, at));
                self.resume_outer_task(w, at);
            }
            DropReason::Lost | DropReason::UnreadFailure => {}
        }
        self.with_pool(pool, |pool| pool.record_fate(fate));
    }

    /// The worker's seat, if it belongs to this pool.
    fn seat_in(&self, w: WorkerId, pool: PoolId) -> Option<usize> {
        self.pool_seats[w.index()].filter(|(own, _)| *own == pool).map(|(_, seat)| seat)
    }

    pub(super) fn with_pool(&mut self, pool: PoolId, f: impl FnOnce(&mut Pool)) {
        match self.pools.get_mut(pool.index()) {
            Some(pool) => f(pool),
            None => self.health.anomalies += 1,
        }
    }

    fn with_queue_of(&mut self, pool: PoolId, f: impl FnOnce(&mut crate::Queue)) {
        if let Some(queue) = self.registry.pools.get(pool.index()).map(|info| info.queue) {
            self.with_queue(queue, f);
        }
    }

    pub(super) fn with_results(&mut self, on: ResourceId, f: impl FnOnce(&mut Results)) {
        match self.resources.get_mut(on.index()) {
            Some(ResourceState::Results(results)) => f(results),
            _ => self.health.anomalies += 1,
        }
    }
}

/// Tasks in the midst of others that are believed.
const MAX_NESTED_TASKS: usize = 1_000;
