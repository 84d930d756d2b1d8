//! What a worker's stream says of queues, pipes and counters.

use crate::{Counter, Model, Pipe, Queue, Res};
use contend_trace::{EventKind, ResourceId, Stamp, State, WorkerId, WorkerKind};

impl Model {
    /// Something went in or out.
    #[inline]
    pub(super) fn moved(&mut self, w: WorkerId, at: Stamp, kind: EventKind) {
        match kind {
            EventKind::Put { queue, depth } => self.put(w, at, queue, depth),
            EventKind::PutNth { queue, depth, nth } => {
                self.put(w, at, queue, depth.into());
                self.with_queue(queue, |queue| queue.number_put(nth));
                self.number_task(queue, nth);
            }
            EventKind::Took { queue, depth } => self.took(w, at, queue, depth),
            EventKind::TookNth { queue, depth, nth } => {
                self.took(w, at, queue, depth.into());
                self.with_queue(queue, |queue| queue.number_taken(nth));
                self.number_task(queue, nth);
            }
            EventKind::Closed { queue } => {
                // One that is dead, or died waiting, has it told in its place: that is no end of its wait.
                if self.lanes[w.index()].doing.state == State::Gap {
                    self.run(w, at);
                }
                match self.resources.get_mut(queue.index()) {
                    Some(Res::Queue(queue)) => queue.close(),
                    Some(Res::Pipe(pipe)) => pipe.close(w),
                    _ => self.health.anomalies += 1,
                }
            }
            EventKind::Sent { pipe, bytes, depth, whole } => {
                self.piped(w, at, pipe, |pipe| pipe.send(at, w, (bytes, depth), whole));
            }
            EventKind::Received { pipe, bytes, depth, whole } => {
                self.piped(w, at, pipe, |pipe| pipe.receive(at, w, (bytes, depth), whole));
            }
            EventKind::Refused { pipe, bytes, .. }
                if matches!(self.resources.get(pipe.index()), Some(Res::Queue(_))) =>
            {
                self.lanes[w.index()].found_none = Some((pipe, bytes));
            }
            EventKind::Refused { pipe, read, bytes } => self.with_pipe(pipe, |pipe| pipe.look(w, read, bytes)),
            EventKind::Added { counter, delta, value } => self.added(w, at, counter, delta, value),
            EventKind::AddedMany { counter, delta } => self.added_many(w, at, counter, delta),
            // Nothing else moves anything.
            _ => {}
        }
    }

    /// The worker begins to wait: if for a pipe, it has seen nothing of it yet.
    pub(super) fn comes(&mut self, w: WorkerId, on: Option<ResourceId>) {
        if let Some(Res::Pipe(pipe)) = on.and_then(|on| self.resources.get_mut(on.index())) {
            pipe.come(w);
        }
    }

    fn added(&mut self, w: WorkerId, at: Stamp, counter: ResourceId, delta: i8, value: i32) {
        match self.changed(w, at, counter) {
            Some((counter, true)) => counter.set_copy(at, w, value.into()),
            Some((counter, false)) => counter.add(at, delta, value),
            None => self.health.anomalies += 1,
        }
    }

    fn added_many(&mut self, w: WorkerId, at: Stamp, counter: ResourceId, delta: i64) {
        match self.changed(w, at, counter) {
            Some((counter, true)) => counter.add_to_copy(at, w, delta),
            Some((counter, false)) => counter.add_many(at, delta),
            None => self.health.anomalies += 1,
        }
    }

    /// The counter that a worker changed, and whether that is a copy of its own.
    fn changed(&mut self, w: WorkerId, at: Stamp, counter: ResourceId) -> Option<(&mut Counter, bool)> {
        self.run(w, at);
        self.did(w);
        let is_process = self.cast.worker(w).is_some_and(|worker| worker.kind == WorkerKind::Process);
        match self.resources.get_mut(counter.index()) {
            Some(Res::Counter(counter)) => {
                let own = is_process && counter.is_private();
                Some((counter, own))
            }
            _ => None,
        }
    }

    fn piped(&mut self, w: WorkerId, at: Stamp, pipe: ResourceId, f: impl FnOnce(&mut Pipe)) {
        if let Some(since) = self.waits_for_room(w, pipe) {
            self.with_pipe(pipe, |pipe| pipe.wait_for_room(since, at));
        }
        self.run(w, at);
        self.did(w);
        self.with_pipe(pipe, f);
    }

    fn with_pipe(&mut self, pipe: ResourceId, f: impl FnOnce(&mut Pipe)) {
        match self.resources.get_mut(pipe.index()) {
            Some(Res::Pipe(pipe)) => f(pipe),
            _ => self.health.anomalies += 1,
        }
    }

    /// Since when a worker waits for room in this queue or pipe, if it does.
    #[inline]
    fn waits_for_room(&self, w: WorkerId, on: ResourceId) -> Option<Stamp> {
        let doing = self.lanes[w.index()].doing;
        (doing.state == State::Full && doing.on == Some(on)).then_some(doing.since)
    }

    #[inline]
    fn put(&mut self, w: WorkerId, at: Stamp, queue: ResourceId, depth: u32) {
        if let Some(since) = self.waits_for_room(w, queue) {
            self.with_queue(queue, |queue| queue.wait_for_room(since, at));
        }
        self.run(w, at);
        self.did(w);
        self.with_queue(queue, |queue| queue.put_one(at, w, depth));
        if let Some(Some(pool)) = self.fed_by.get(queue.index()) {
            self.pools[pool.index()].submit(at);
        }
    }

    /// The item of a queue with this number is a task, if the queue is a pool's.
    #[inline]
    fn number_task(&mut self, queue: ResourceId, nth: u32) {
        if let Some(Some(pool)) = self.fed_by.get(queue.index()) {
            self.pools[pool.index()].number(nth);
        }
    }

    #[inline]
    fn took(&mut self, w: WorkerId, at: Stamp, queue: ResourceId, depth: u32) {
        self.run(w, at);
        self.did(w);
        self.with_queue(queue, |queue| queue.take_one(at, w, depth));
    }

    #[inline]
    pub(super) fn with_queue(&mut self, queue: ResourceId, f: impl FnOnce(&mut Queue)) {
        match self.resources.get_mut(queue.index()) {
            Some(Res::Queue(queue)) => f(queue),
            _ => self.health.anomalies += 1,
        }
    }
}
