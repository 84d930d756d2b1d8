//! What a worker's stream says of queues, pipes and counters.

use crate::{Counter, Model, Pipe, Queue, ResourceState};
use contend_trace::{EventKind, ResourceId, Stamp, State, WorkerId, WorkerKind};

impl Model {
    /// Something went in or out.
    #[inline]
    pub(super) fn apply_transfer(&mut self, w: WorkerId, at: Stamp, kind: EventKind) {
        match kind {
            EventKind::Put { queue, depth } => self.record_put(w, at, queue, depth),
            EventKind::PutNth { queue, depth, nth } => {
                self.record_put(w, at, queue, depth.into());
                self.with_queue(queue, |queue| queue.number_put(nth));
                self.number_task(queue, nth);
            }
            EventKind::Took { queue, depth } => self.record_take(w, at, queue, depth),
            EventKind::TookNth { queue, depth, nth } => {
                self.record_take(w, at, queue, depth.into());
                self.with_queue(queue, |queue| queue.number_taken(nth));
                self.number_task(queue, nth);
            }
            EventKind::Closed { queue } => {
                // One that is dead, or died waiting, has it told in its place: that is no end of its wait.
                if self.lanes[w.index()].activity.state == State::Gap {
                    self.set_running(w, at);
                }
                match self.resources.get_mut(queue.index()) {
                    Some(ResourceState::Queue(queue)) => queue.close(),
                    Some(ResourceState::Pipe(pipe)) => pipe.close(w),
                    _ => self.health.anomalies += 1,
                }
            }
            EventKind::Sent { pipe, bytes, depth, whole } => {
                self.record_pipe_io(w, at, pipe, |pipe| pipe.send(at, w, (bytes, depth), whole));
            }
            EventKind::Received { pipe, bytes, depth, whole } => {
                self.record_pipe_io(w, at, pipe, |pipe| pipe.receive(at, w, (bytes, depth), whole));
            }
            EventKind::StillWaiting { pipe, bytes, .. }
                if matches!(self.resources.get(pipe.index()), Some(ResourceState::Queue(_))) =>
            {
                self.lanes[w.index()].found_nothing_after = Some((pipe, bytes));
            }
            EventKind::StillWaiting { pipe, read, bytes } => {
                self.with_pipe(pipe, |pipe| pipe.record_observation(w, read, bytes));
            }
            EventKind::CounterAdded { counter, delta, value } => self.record_add(w, at, counter, delta, value),
            EventKind::CounterAddedMany { counter, delta } => self.record_adds(w, at, counter, delta),
            // Nothing else moves anything.
            _ => {}
        }
    }

    /// The worker begins to wait: if for a pipe, it has seen nothing of it yet.
    pub(super) fn begin_pipe_wait(&mut self, w: WorkerId, on: Option<ResourceId>) {
        if let Some(ResourceState::Pipe(pipe)) = on.and_then(|on| self.resources.get_mut(on.index())) {
            pipe.begin_wait(w);
        }
    }

    fn record_add(&mut self, w: WorkerId, at: Stamp, counter: ResourceId, delta: i8, value: i32) {
        match self.changed_counter(w, at, counter) {
            Some((counter, true)) => counter.set_copy(at, w, value.into()),
            Some((counter, false)) => counter.add(at, delta, value),
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

    /// The counter that a worker changed, and whether that is a copy of its own.
    fn changed_counter(&mut self, w: WorkerId, at: Stamp, counter: ResourceId) -> Option<(&mut Counter, bool)> {
        self.set_running(w, at);
        self.clear_wakeup(w);
        let is_process = self.registry.worker(w).is_some_and(|worker| worker.kind == WorkerKind::Process);
        match self.resources.get_mut(counter.index()) {
            Some(ResourceState::Counter(counter)) => {
                let own = is_process && counter.is_private();
                Some((counter, own))
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

    /// Since when a worker waits for room in this queue or pipe, if it does.
    #[inline]
    fn room_wait_start(&self, w: WorkerId, on: ResourceId) -> Option<Stamp> {
        let doing = self.lanes[w.index()].activity;
        (doing.state == State::Full && doing.resource == Some(on)).then_some(doing.since)
    }

    #[inline]
    fn record_put(&mut self, w: WorkerId, at: Stamp, queue: ResourceId, depth: u32) {
        if let Some(since) = self.room_wait_start(w, queue) {
            self.with_queue(queue, |queue| queue.wait_for_room(since, at));
        }
        self.set_running(w, at);
        self.clear_wakeup(w);
        self.with_queue(queue, |queue| queue.put_one(at, w, depth));
        if let Some(Some(pool)) = self.pool_by_queue.get(queue.index()) {
            self.pools[pool.index()].submit(at);
        }
    }

    /// The item of a queue with this number is a task, if the queue is a pool's.
    #[inline]
    fn number_task(&mut self, queue: ResourceId, nth: u32) {
        if let Some(Some(pool)) = self.pool_by_queue.get(queue.index()) {
            self.pools[pool.index()].note_number(nth);
        }
    }

    #[inline]
    fn record_take(&mut self, w: WorkerId, at: Stamp, queue: ResourceId, depth: u32) {
        self.set_running(w, at);
        self.clear_wakeup(w);
        self.with_queue(queue, |queue| queue.take_one(at, w, depth));
    }

    #[inline]
    pub(super) fn with_queue(&mut self, queue: ResourceId, f: impl FnOnce(&mut Queue)) {
        match self.resources.get_mut(queue.index()) {
            Some(ResourceState::Queue(queue)) => f(queue),
            _ => self.health.anomalies += 1,
        }
    }
}
