//! Applies events about queues, pipes and counters.

use super::note_unknown_kind;
use crate::{Counter, Model, Pipe, Queue, ResourceState};
use contend_trace::{EventKind, ResourceId, Span, Stamp, State, WorkerId, WorkerKind};

impl Model {
    #[inline]
    pub(super) fn apply_transfer_event(&mut self, w: WorkerId, at: Stamp, kind: EventKind) {
        match kind {
            EventKind::Put { queue, depth } => self.record_put(w, at, queue, depth),
            EventKind::PutNth { queue, depth, nth } => {
                self.record_put(w, at, queue, depth.into());
                self.with_queue(queue, |queue| queue.number_put(nth));
                self.note_task_number(queue, nth);
            }
            EventKind::Took { queue, depth } => self.record_take(w, at, queue, depth),
            EventKind::TookNth { queue, depth, nth } => {
                self.record_take(w, at, queue, depth.into());
                self.with_queue(queue, |queue| queue.number_taken(nth));
                self.lanes[w.index()].past_tasks.note_taken(nth);
                self.note_task_number(queue, nth);
            }
            EventKind::ItemPriority { queue, priority, micros, taken } => {
                let stay = taken.then_some(Span(micros.saturating_mul(1_000)));
                self.with_queue(queue, |queue| queue.record_priority(at, priority, stay));
            }
            EventKind::Closed { queue } => self.record_close(w, at, queue),
            EventKind::Sent { pipe, bytes, depth, whole } => {
                self.record_pipe_io(w, at, pipe, |pipe| pipe.send(at, w, (bytes, depth), whole));
            }
            EventKind::Received { pipe, bytes, depth, whole } => {
                self.record_pipe_io(w, at, pipe, |pipe| pipe.receive(at, w, (bytes, depth), whole));
            }
            EventKind::StillWaiting { pipe, bytes, .. }
                if matches!(self.resources.get(pipe.index()), Some(ResourceState::Queue(_))) =>
            {
                self.lanes[w.index()].record_nothing_found(pipe, bytes);
            }
            EventKind::StillWaiting { pipe, read, bytes } => {
                self.with_pipe(pipe, |pipe| pipe.record_observation(w, read, bytes));
            }
            EventKind::CounterAdded { counter, delta, value } => self.record_add(w, at, counter, delta, value),
            EventKind::CounterAddedMany { counter, delta } => self.record_adds(w, at, counter, delta),
            EventKind::CounterSwapped { counter, delta, value } => {
                self.record_add(w, at, counter, delta, value);
                self.with_counter(w, at, counter, Counter::record_swap);
            }
            EventKind::CounterSwapFailed { counter, .. } => {
                self.with_counter(w, at, counter, Counter::record_failed_swap);
            }
            _ => note_unknown_kind(kind),
        }
    }

    fn record_close(&mut self, w: WorkerId, at: Stamp, on: ResourceId) {
        // Others report the close in the name of a worker that died waiting: that does not end the wait. After a gap
        // the event shows that the worker goes on.
        if self.lanes[w.index()].activity.state == State::Gap {
            self.set_running(w, at);
        }
        match self.resources.get_mut(on.index()) {
            Some(ResourceState::Queue(queue)) => queue.close(),
            Some(ResourceState::Pipe(pipe)) => pipe.close(w),
            _ => self.health.anomalies += 1,
        }
    }

    /// Records that the worker begins to wait. If the wait is for a pipe, the worker has observed nothing of it yet.
    pub(super) fn begin_pipe_wait(&mut self, w: WorkerId, on: Option<ResourceId>) {
        if let Some(ResourceState::Pipe(pipe)) = on.and_then(|on| self.resources.get_mut(on.index())) {
            pipe.begin_wait(w);
        }
    }

    fn record_add(&mut self, w: WorkerId, at: Stamp, counter: ResourceId, delta: i8, value: i32) {
        match self.changed_counter(w, at, counter) {
            Some((counter, true)) => counter.set_copy(at, w, value.into()),
            Some((counter, false)) => counter.add((at, w), delta, value),
            None => self.health.anomalies += 1,
        }
    }

    fn record_adds(&mut self, w: WorkerId, at: Stamp, counter: ResourceId, delta: i64) {
        match self.changed_counter(w, at, counter) {
            Some((counter, true)) => counter.add_to_copy(at, w, delta),
            Some((counter, false)) => counter.add_many(at, delta),
            None => self.health.anomalies += 1,
        }
    }

    fn with_counter(&mut self, w: WorkerId, at: Stamp, counter: ResourceId, f: impl FnOnce(&mut Counter)) {
        match self.changed_counter(w, at, counter) {
            Some((counter, _)) => f(counter),
            None => self.health.anomalies += 1,
        }
    }

    /// Returns the counter that a worker changed, and whether the worker has a private copy of it.
    fn changed_counter(&mut self, w: WorkerId, at: Stamp, counter: ResourceId) -> Option<(&mut Counter, bool)> {
        self.set_running(w, at);
        self.clear_wakeup(w);
        let is_process = self.registry.worker(w).is_some_and(|worker| worker.kind == WorkerKind::Process);
        match self.resources.get_mut(counter.index()) {
            Some(ResourceState::Counter(counter)) => {
                let is_copy = is_process && counter.is_private();
                Some((counter, is_copy))
            }
            _ => None,
        }
    }

    fn record_pipe_io(&mut self, w: WorkerId, at: Stamp, pipe: ResourceId, f: impl FnOnce(&mut Pipe)) {
        if let Some(since) = self.room_wait_start(w, pipe) {
            self.with_pipe(pipe, |pipe| pipe.wait_for_room(since, at));
        }
        self.set_running(w, at);
        self.clear_wakeup(w);
        self.with_pipe(pipe, f);
    }

    fn with_pipe(&mut self, pipe: ResourceId, f: impl FnOnce(&mut Pipe)) {
        match self.resources.get_mut(pipe.index()) {
            Some(ResourceState::Pipe(pipe)) => f(pipe),
            _ => self.health.anomalies += 1,
        }
    }

    /// Returns since when a worker waits for room in this queue or pipe, if it does.
    #[inline]
    fn room_wait_start(&self, w: WorkerId, on: ResourceId) -> Option<Stamp> {
        let activity = self.lanes[w.index()].activity;
        (activity.state == State::Full && activity.resource == Some(on)).then_some(activity.since)
    }

    #[inline]
    fn record_put(&mut self, w: WorkerId, at: Stamp, queue: ResourceId, depth: u32) {
        if let Some(since) = self.room_wait_start(w, queue) {
            self.with_queue(queue, |queue| queue.wait_for_room(since, at));
        }
        let waited = self.lanes[w.index()].has_waited_at(State::Full, queue);
        self.set_running(w, at);
        self.clear_wakeup(w);
        let is_open = self.registry.is_open;
        self.with_queue(queue, |queue| {
            if is_open {
                queue.users_mut().note_giver(w);
            }
            queue.put_one(at, w, depth);
            queue.count_put_after_wait(waited);
        });
        if let Some(Some(pool)) = self.pool_by_queue.get(queue.index()) {
            self.pools[pool.index()].submit(at);
        }
    }

    /// Tells the pool the number of the task, if the queue is a pool's.
    #[inline]
    fn note_task_number(&mut self, queue: ResourceId, nth: u32) {
        if let Some(Some(pool)) = self.pool_by_queue.get(queue.index()) {
            self.pools[pool.index()].note_number(nth);
        }
    }

    #[inline]
    fn record_take(&mut self, w: WorkerId, at: Stamp, queue: ResourceId, depth: u32) {
        let waited = self.lanes[w.index()].has_waited_at(State::Empty, queue);
        self.set_running(w, at);
        self.clear_wakeup(w);
        let is_open = self.registry.is_open;
        self.with_queue(queue, |queue| {
            if is_open {
                queue.users_mut().note_taker(w);
            }
            queue.take_one(at, w, depth);
            queue.count_take_after_wait(waited);
        });
    }

    #[inline]
    pub(super) fn with_queue(&mut self, queue: ResourceId, f: impl FnOnce(&mut Queue)) {
        match self.resources.get_mut(queue.index()) {
            Some(ResourceState::Queue(queue)) => f(queue),
            _ => self.health.anomalies += 1,
        }
    }
}
