//! Lanes that are no threads of this machine: workers of a cluster, and the services that serve them.
//!
//! Nothing but their own events says what they do. So between two tasks a worker waits for the next one, and a service
//! waits for requests.

use super::Translator;
use super::lane::Doing;
use super::lane::{Wait, WaitKind};
use crate::definition::ObjectKind;
use crate::id::Id;
use crate::kind::Kind;
use contend_trace::{EventKind, ExitKind, Message, Notice, Sample, Stamp, State};

impl Translator {
    /// Ends the state that [`Self::begin_rest`] gave a lane, before an event of it.
    pub(super) fn end_rest(&mut self, l: usize, at: Stamp, kind: Kind) {
        // Data are fetched in the background.
        if self.lanes[l].rests && kind != Kind::Fetch {
            self.lanes[l].rests = false;
            self.make_running(l, at);
        }
    }

    /// Gives a lane of another machine the state that it has between its records.
    pub(super) fn begin_rest(&mut self, l: usize, at: Stamp) {
        let lane = &self.lanes[l];
        if lane.info.tid != 0 || lane.has_ended || !lane.has_begun || !lane.tasks.is_empty() {
            return;
        }
        let (is_service, is_fetching, pool) = (lane.info.is_service, lane.fetches > 0, lane.info.pool);
        let is_waiting_for_task = lane.rests && matches!(lane.doing, Doing::Waiting(_));
        if lane.doing != Doing::Running && !(is_fetching && is_waiting_for_task) {
            return;
        }
        if is_service || is_fetching {
            self.make_running(l, at);
            self.emit(l, at, EventKind::Blocked { state: State::Io, on: None });
            self.lanes[l].doing = Doing::Idle(State::Io, None);
        } else if let Some(place) = self.pool_at(pool) {
            let on = Some(self.pools[place].queue);
            self.begin_wait(l, at, Wait { kind: WaitKind::Item, object: pool, on, is_timed: false, is_granted: false });
        } else {
            return;
        }
        self.lanes[l].rests = true;
    }

    /// Ends a lane. A worker of a cluster that did not end by itself is lost.
    pub(super) fn end_lane_of_event(&mut self, l: usize, at: Stamp, ok: bool) {
        let is_remote = self.lanes[l].info.tid == 0;
        if ok || !is_remote || self.lanes[l].has_ended {
            return self.end_lane(l, at);
        }
        self.make_running(l, at);
        self.emit(l, at, EventKind::LifeEnded(ExitKind::Killed));
        let text = format!("{} is lost", self.lanes[l].name);
        self.out.add_message(Message::Notice { at, notice: Notice::Note(text) });
        self.forget_lane(l);
    }

    /// Sets the number of something: it is the depth of a queue.
    pub(super) fn count(&mut self, l: usize, at: Stamp, object: Id, number: u64) {
        let Some(queue) = self.resource_of(object, ObjectKind::Queue) else { return };
        let Some(known) = self.objects.get_mut(&object) else { return };
        let before = std::mem::replace(&mut known.depth, number);
        let depth = u32::try_from(number).unwrap_or(u32::MAX - 1);
        if number > before {
            self.emit(l, at, EventKind::Put { queue, depth });
        } else if number < before {
            self.emit(l, at, EventKind::Took { queue, depth });
        }
    }

    /// Reports the error of a clock on another machine, if it is the largest so far.
    pub(super) fn note_clock_error(&mut self, nanos: u64) {
        if nanos > self.clock_error {
            self.clock_error = nanos;
            self.out.add_message(Message::Sample(Sample::ClockError { nanos }));
        }
    }

    /// Takes a task out of the queue that failed before it began, was cancelled, or whose run was not seen.
    pub(super) fn drop_task(&mut self, l: usize, at: Stamp, task: Id, ok: bool) {
        let Some(known) = self.tasks.get(&task).filter(|known| known.runs_on.is_none()) else { return };
        let place = known.pool;
        self.tasks.remove(&task);
        let pool = &mut self.pools[place];
        pool.queued = pool.queued.saturating_sub(1);
        let (id, queue, depth) = (pool.id, pool.queue, u32::try_from(pool.queued).unwrap_or(u32::MAX - 1));
        self.make_running(l, at);
        self.emit(l, at, EventKind::Took { queue, depth });
        if !ok {
            self.emit(l, at, EventKind::TaskAbandoned { pool: id });
        }
    }

    /// Notes that a worker began to fetch data: an idle one waits for them.
    pub(super) fn begin_fetch(&mut self, l: usize) {
        self.lanes[l].fetches = self.lanes[l].fetches.saturating_add(1);
    }

    pub(super) fn end_fetch(&mut self, l: usize, at: Stamp, from: Id, bytes: u64) {
        self.lanes[l].fetches = self.lanes[l].fetches.saturating_sub(1);
        if let Some(from) = self.lane_by_id.get(&from).and_then(|from| self.lanes[*from].worker) {
            self.emit(l, at, EventKind::DataMoved { from, bytes });
        }
    }
}
