//! Applies events about the tasks of pools and their results.

use super::note_unknown_kind;
use crate::lane::{OpenTask, SupplyDetail};
use crate::{Model, Pool, Queue, ResourceState, Results};
use contend_trace::{DropReason, EventKind, PoolId, ResourceId, Span, Stamp, State, WorkerId};

/// Tasks that are accepted inside others.
const MAX_NESTED_TASKS: usize = 1_000;

impl Model {
    #[inline]
    pub(super) fn apply_task_event(&mut self, w: WorkerId, at: Stamp, kind: EventKind) {
        match kind {
            // No task was due before the run began, whatever the worker's clock did since.
            EventKind::TaskBegan { pool, waited } => self.begin_task(w, at, pool, waited.min(at.span_since(Stamp(0)))),
            EventKind::TaskEnded { pool, ok } => self.end_task(w, at, pool, ok),
            EventKind::TaskRejected { pool } => {
                self.set_running(w, at);
                self.with_pool(pool, |pool| pool.reject(at));
            }
            EventKind::TaskRetried { pool } => self.record_retry(at, pool),
            EventKind::TaskStolen { pool, .. } => self.with_pool(pool, Pool::steal),
            EventKind::TaskDropped { pool, reason, nth } => self.record_dropped_task(w, at, (pool, nth), reason),
            EventKind::TaskAbandoned { pool } => self.with_pool(pool, |pool| pool.record_dropped(DropReason::Failed)),
            EventKind::AwaitsResult { on, nth, helps } => {
                self.lanes[w.index()].next_wait.result = Some((on, SupplyDetail::Result { nth, helps }));
            }
            EventKind::TaskNumbered { number, helped, .. } => {
                self.lanes[w.index()].next_task = Some((number, helped));
            }
            EventKind::CommandRan { ok, cpu } => {
                self.set_running(w, at);
                self.lanes[w.index()].commands.add(ok, cpu);
            }
            EventKind::ResultReady { on, unread, nth, ok: _ } => {
                self.with_results(on, |results| results.resolve(at, w, unread, nth));
            }
            EventKind::ResultRead { on, unread, nth, ok } => {
                self.set_running(w, at);
                self.clear_wakeup(w);
                self.with_results(on, |results| results.read(at, w, unread, nth, ok));
            }
            _ => note_unknown_kind(kind),
        }
    }

    fn begin_task(&mut self, w: WorkerId, at: Stamp, pool: PoolId, waited: Span) {
        self.set_running(w, at);
        let seat = self.seat_in(w, pool);
        let lane = &mut self.lanes[w.index()];
        let (number, is_helped) = lane.next_task.take().map_or((None, false), |(nth, helped)| (Some(nth), helped));
        // A submitter runs a task itself that the queue has no room for; if it is a worker, inside its own task. So
        // does a worker that helps, but its task comes from the queue.
        let is_bypass = !is_helped && (seat.is_none() || !lane.open_tasks.is_empty());
        if lane.open_tasks.len() < MAX_NESTED_TASKS {
            let taken = lane.past_tasks.take_number();
            lane.open_tasks.push(OpenTask { pool, began: at, queue_wait: waited, number, taken });
        } else {
            self.health.anomalies += 1;
        }
        self.with_pool(pool, |pool| {
            if is_bypass {
                pool.bypass(at);
            }
            if is_helped {
                pool.help();
            }
            pool.begin_task(seat, at, waited);
        });
    }

    fn end_task(&mut self, w: WorkerId, at: Stamp, pool: PoolId, ok: bool) {
        let took = self.leave_task(w, at, pool);
        self.lanes[w.index()].ended_tasks += 1;
        self.set_running(w, at);
        let seat = self.seat_in(w, pool);
        self.with_pool(pool, |pool| pool.end_task(seat, at, ok, took));
        self.resume_outer_task(w, at);
    }

    /// Ends the worker's newest task. Returns how long it took and how long it had waited, if its start is known.
    fn leave_task(&mut self, w: WorkerId, at: Stamp, pool: PoolId) -> Option<(Span, Span)> {
        let lane = &mut self.lanes[w.index()];
        // After a gap the start may be among the lost events.
        let is_known = lane.activity.state != State::Gap;
        let task = lane.end_newest_task(at).filter(|task| task.pool == pool);
        if task.is_none() && is_known && lane.lost_events.0 == 0 {
            self.health.anomalies += 1;
        }
        task.map(|task| (at.span_since(task.began), task.queue_wait))
    }

    /// Resumes the outer task, if the task that ended was nested in another.
    fn resume_outer_task(&mut self, w: WorkerId, at: Stamp) {
        let outer = self.lanes[w.index()].open_tasks.last().map(|task| task.pool);
        if let Some(pool) = outer {
            let seat = self.seat_in(w, pool);
            self.with_pool(pool, |pool| pool.resume_task(seat, at));
        }
    }

    /// Records that a task taken from the queue was put back.
    fn record_retry(&mut self, at: Stamp, pool: PoolId) {
        self.with_pool(pool, Pool::retry);
        self.with_queue_of(pool, |queue| queue.put_again(at));
    }

    fn record_dropped_task(&mut self, w: WorkerId, at: Stamp, (pool, nth): (PoolId, u32), reason: DropReason) {
        match reason {
            DropReason::Cancelled | DropReason::Failed => self.with_queue_of(pool, |queue| queue.drop_one(at, nth)),
            DropReason::Lost if !self.lanes[w.index()].open_tasks.is_empty() => {
                self.leave_task(w, at, pool);
                let seat = self.seat_in(w, pool);
                self.with_pool(pool, |pool| pool.drop_task(seat, at));
                self.resume_outer_task(w, at);
            }
            DropReason::Lost | DropReason::UnreadFailure => {}
        }
        self.with_pool(pool, |pool| pool.record_dropped(reason));
    }

    /// Returns the worker's seat in this pool, if it belongs to it.
    fn seat_in(&self, w: WorkerId, pool: PoolId) -> Option<usize> {
        self.lanes[w.index()].seat.filter(|(own, _)| *own == pool).map(|(_, seat)| seat)
    }

    fn with_pool(&mut self, pool: PoolId, f: impl FnOnce(&mut Pool)) {
        match self.pools.get_mut(pool.index()) {
            Some(pool) => f(pool),
            None => self.health.anomalies += 1,
        }
    }

    fn with_queue_of(&mut self, pool: PoolId, f: impl FnOnce(&mut Queue)) {
        if let Some(queue) = self.registry.pools.get(pool.index()).map(|info| info.queue) {
            self.with_queue(queue, f);
        }
    }

    fn with_results(&mut self, on: ResourceId, f: impl FnOnce(&mut Results)) {
        match self.resources.get_mut(on.index()) {
            Some(ResourceState::Results(results)) => f(results),
            _ => self.health.anomalies += 1,
        }
    }
}
