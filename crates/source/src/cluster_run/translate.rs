//! Turns the lines of the driver into the messages of a run. All workers and queues are known from the plan: a line
//! that names another one is counted and ignored.

use super::clock::ClusterClock;
use super::lines::{DriverLine, FeederState, LaneState, safe_text};
use contend_trace::{
    DeathCause, DropReason, Event, EventKind, ExitKind, Message, Notice, PoolId, PoolInfo, Registry, ResourceId, Span,
    Stamp, State, WorkerId,
};

/// The pool of a scenario on a cluster: the only one.
const POOL: PoolId = PoolId(0);

/// A worker of the pool.
#[derive(Debug, Clone, Copy, Default)]
struct Lane {
    pid: u32,
    tid: u32,
    is_alive: bool,
    /// What the worker waits in, unless it runs.
    blocked: Option<LaneState>,
}

/// Turns lines into messages.
#[derive(Debug)]
pub struct Translator {
    clock: ClusterClock,
    workers: Vec<WorkerId>,
    feeder: Option<WorkerId>,
    feeder_is_blocked: bool,
    queue: ResourceId,
    lanes: Vec<Lane>,
    /// Time of the last event of each worker of the run: events of one worker are in order.
    last: Vec<Stamp>,
    /// The end of the run. Nothing after it is delivered.
    limit: Stamp,
    events: Vec<Event>,
    messages: Vec<Message>,
    /// Lines that could not be understood.
    pub unknown_lines: u64,
}

impl Translator {
    pub fn new(registry: &Registry, clock: ClusterClock) -> Self {
        let pool: Option<&PoolInfo> = registry.pools.first();
        let workers = pool.map(|pool| pool.workers.clone()).unwrap_or_default();
        Self {
            clock,
            lanes: vec![Lane::default(); workers.len()],
            workers,
            feeder: pool.and_then(|pool| pool.feeder),
            feeder_is_blocked: false,
            queue: pool.map(|pool| pool.queue).unwrap_or_default(),
            last: vec![Stamp(0); registry.workers.len()],
            limit: Stamp(u64::MAX),
            events: Vec::new(),
            messages: Vec::new(),
            unknown_lines: 0,
        }
    }

    /// Delivers nothing that happened after this.
    pub const fn end_at(&mut self, limit: Stamp) {
        self.limit = limit;
    }

    /// Returns the threads that run tasks: worker, process, thread.
    pub fn threads(&self) -> impl Iterator<Item = (WorkerId, u32, u32)> + '_ {
        let alive = self.lanes.iter().zip(&self.workers).filter(|(lane, _)| lane.is_alive && lane.tid != 0);
        alive.map(|(lane, worker)| (*worker, lane.pid, lane.tid))
    }

    /// Returns the processes of the workers that are there.
    pub fn processes(&self) -> impl Iterator<Item = u32> + '_ {
        self.lanes.iter().filter(|lane| lane.is_alive && lane.pid != 0).map(|lane| lane.pid)
    }

    /// Returns the messages so far.
    pub fn take_messages(&mut self) -> Vec<Message> {
        self.flush_events();
        std::mem::take(&mut self.messages)
    }

    /// Adds a message behind the events so far.
    pub fn add_message(&mut self, message: Message) {
        self.flush_events();
        self.messages.push(message);
    }

    fn flush_events(&mut self) {
        if !self.events.is_empty() {
            self.messages.push(Message::Events(std::mem::take(&mut self.events)));
        }
    }

    /// Takes a line that is about the pool. Others mean nothing here.
    pub fn apply(&mut self, line: DriverLine) {
        match line {
            DriverLine::Put { t, depth, nth } => self.feed(t, put_event(self.queue, depth, nth)),
            DriverLine::Reject { t } => self.feed(t, EventKind::TaskRejected { pool: POOL }),
            DriverLine::Feeder { t, state } => self.set_feeder(t, state),
            DriverLine::Dropped { t, error, .. } => {
                self.feed(t, EventKind::TaskDropped { pool: POOL, reason: DropReason::Failed, nth: 0 });
                self.note_failure(t, self.feeder, &error);
            }
            DriverLine::Resized { t, workers } => {
                let workers = workers.min(u32::try_from(self.workers.len()).unwrap_or(u32::MAX));
                self.add_notice(t, Notice::Resized { pool: POOL, workers });
            }
            DriverLine::Mark { t } => {
                let at = self.clock.stamp(t).min(self.limit);
                self.add_message(Message::Watermark(at));
            }
            DriverLine::Ready { .. } | DriverLine::Done { .. } | DriverLine::Failed { .. } => {}
            DriverLine::Here { t, w, .. }
            | DriverLine::Gone { t, w, .. }
            | DriverLine::Begin { t, w, .. }
            | DriverLine::State { t, w, .. }
            | DriverLine::End { t, w, .. }
            | DriverLine::Moved { t, w, .. }
            | DriverLine::Retried { t, w }
            | DriverLine::Abandoned { t, w, .. } => match usize::try_from(w) {
                Ok(w) if w < self.lanes.len() => self.apply_to_lane(t, w, line),
                _ => self.unknown_lines += 1,
            },
        }
    }

    fn apply_to_lane(&mut self, t: u64, w: usize, line: DriverLine) {
        match line {
            DriverLine::Here { pid, .. } => self.begin_life(t, w, pid),
            DriverLine::Gone { code, .. } => self.end_life(t, w, code),
            DriverLine::Begin { depth, nth, waited, tid, .. } => {
                self.lanes[w].tid = tid;
                // A wait for a task ends with the task; one for data of another task goes on beside it.
                if self.lanes[w].blocked.take().is_some_and(|state| state != LaneState::Empty) {
                    self.emit(t, w, EventKind::Resumed);
                }
                self.emit(t, w, took_event(self.queue, depth, nth));
                self.emit(t, w, EventKind::TaskBegan { pool: POOL, waited: Span(waited) });
            }
            DriverLine::State { state, .. } => self.set_state(t, w, state),
            DriverLine::End { ok, error, .. } => {
                self.emit(t, w, EventKind::TaskEnded { pool: POOL, ok });
                self.set_state(t, w, LaneState::Empty);
                if !error.is_empty() {
                    self.note_failure(t, Some(self.workers[w]), &error);
                }
            }
            DriverLine::Moved { from, bytes, .. } => match self.workers.get(from as usize) {
                Some(from) => self.emit(t, w, EventKind::DataMoved { from: *from, bytes }),
                None => self.unknown_lines += 1,
            },
            DriverLine::Retried { .. } => self.emit(t, w, EventKind::TaskRetried { pool: POOL }),
            DriverLine::Abandoned { error, .. } => {
                self.emit(t, w, EventKind::TaskAbandoned { pool: POOL });
                self.note_failure(t, Some(self.workers[w]), &error);
            }
            _ => {}
        }
    }

    fn begin_life(&mut self, t: u64, w: usize, pid: u32) {
        self.lanes[w] = Lane { pid, tid: 0, is_alive: true, blocked: None };
        self.emit(t, w, EventKind::LifeBegan);
        self.set_state(t, w, LaneState::Empty);
        self.add_notice(t, Notice::Started { worker: self.workers[w], pid, tid: pid });
    }

    fn end_life(&mut self, t: u64, w: usize, code: Option<i32>) {
        self.lanes[w].is_alive = false;
        let exit = match code {
            None => ExitKind::Retired,
            Some(code) => {
                let cause = if code < 0 { DeathCause::Signal(code.saturating_neg()) } else { DeathCause::Exit(code) };
                self.add_notice(t, Notice::Died { worker: self.workers[w], cause });
                ExitKind::Killed
            }
        };
        self.emit(t, w, EventKind::LifeEnded(exit));
    }

    /// Ends the lives of all workers, after the last task.
    pub fn end_lives(&mut self, t: u64) {
        for w in 0..self.lanes.len() {
            if std::mem::take(&mut self.lanes[w].is_alive) {
                self.emit(t, w, EventKind::LifeEnded(ExitKind::Finished));
            }
        }
    }

    fn set_state(&mut self, t: u64, w: usize, state: LaneState) {
        let blocked = (state != LaneState::Run).then_some(state);
        if std::mem::replace(&mut self.lanes[w].blocked, blocked).is_some() {
            self.emit(t, w, EventKind::Resumed);
        }
        let (state, on) = match state {
            LaneState::Run => return,
            LaneState::Sleep => (State::Sleep, None),
            LaneState::Io => (State::Io, None),
            LaneState::Handover => (State::Handover, None),
            LaneState::Empty => (State::Empty, Some(self.queue)),
        };
        self.emit(t, w, EventKind::Blocked { state, on });
    }

    fn set_feeder(&mut self, t: u64, state: FeederState) {
        let (state, on) = match state {
            FeederState::Begin => return self.feed(t, EventKind::LifeBegan),
            FeederState::End => return self.feed(t, EventKind::LifeEnded(ExitKind::Finished)),
            FeederState::Close => return self.feed(t, EventKind::Closed { queue: self.queue }),
            FeederState::Run => {
                if std::mem::take(&mut self.feeder_is_blocked) {
                    self.feed(t, EventKind::Resumed);
                }
                return;
            }
            FeederState::Sleep => (State::Sleep, None),
            FeederState::Full => (State::Full, Some(self.queue)),
        };
        self.feeder_is_blocked = true;
        self.feed(t, EventKind::Blocked { state, on });
    }

    fn feed(&mut self, t: u64, kind: EventKind) {
        if let Some(feeder) = self.feeder {
            self.record(t, feeder, kind);
        }
    }

    fn emit(&mut self, t: u64, w: usize, kind: EventKind) {
        self.record(t, self.workers[w], kind);
    }

    fn record(&mut self, t: u64, worker: WorkerId, kind: EventKind) {
        let Some(last) = self.last.get_mut(worker.index()) else { return };
        let at = self.clock.stamp(t).max(*last);
        if at <= self.limit {
            *last = at;
            self.events.push(Event { at, worker, kind });
        }
    }

    fn add_notice(&mut self, t: u64, notice: Notice) {
        let at = self.clock.stamp(t);
        if at <= self.limit {
            self.add_message(Message::Notice { at, notice });
        }
    }

    fn note_failure(&mut self, t: u64, worker: Option<WorkerId>, error: &str) {
        if let Some(worker) = worker {
            self.add_notice(t, Notice::TaskFailed { worker, message: safe_text(error) });
        }
    }
}

/// Returns the event of a task that was put into the queue.
fn put_event(queue: ResourceId, depth: u32, nth: u64) -> EventKind {
    match u16::try_from(depth) {
        Ok(depth) => EventKind::PutNth { queue, depth, nth: nth as u32 },
        Err(_) => EventKind::Put { queue, depth },
    }
}

/// Returns the event of a task that was taken from the queue.
fn took_event(queue: ResourceId, depth: u32, nth: u64) -> EventKind {
    match u16::try_from(depth) {
        Ok(depth) => EventKind::TookNth { queue, depth, nth: nth as u32 },
        Err(_) => EventKind::Took { queue, depth },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contend_trace::{ResourceInfo, ResourceKind, WorkerInfo, WorkerKind};

    /// Returns a pool of two workers with a feeder, whose clock began at 1,000.
    fn translator() -> Translator {
        let info = |name: &str, kind, pool| WorkerInfo { name: name.into(), group: name.into(), kind, pool };
        let registry = Registry {
            workers: vec![
                info("worker-1", WorkerKind::Dask, Some(POOL)),
                info("worker-2", WorkerKind::Dask, Some(POOL)),
                info("batch", WorkerKind::Thread, None),
            ],
            resources: vec![ResourceInfo { name: "queue".into(), kind: ResourceKind::Queue { capacity: 9 } }],
            pools: vec![PoolInfo {
                name: "worker".into(),
                worker_kind: WorkerKind::Dask,
                workers: vec![WorkerId(0), WorkerId(1)],
                feeder: Some(WorkerId(2)),
                queue: ResourceId(0),
                results: None,
                size: 2,
                total_tasks: None,
                restarts_workers: true,
            }],
            ..Registry::default()
        };
        let clock = ClusterClock::default();
        clock.start_at(1_000);
        Translator::new(&registry, clock)
    }

    fn events(translator: &mut Translator) -> Vec<(u64, u32, EventKind)> {
        let messages = translator.take_messages().into_iter();
        let events =
            messages.filter_map(|message| if let Message::Events(events) = message { Some(events) } else { None });
        events.flatten().map(|event| (event.at.0, event.worker.0, event.kind)).collect()
    }

    #[test]
    fn task_is_taken_begun_and_ended_on_its_lane() {
        let mut translator = translator();
        let queue = ResourceId(0);
        for line in [
            DriverLine::Here { t: 1_010, w: 1, pid: 7 },
            DriverLine::Put { t: 1_020, depth: 1, nth: 1 },
            DriverLine::Begin { t: 1_030, w: 1, depth: 0, nth: 1, waited: 10, tid: 8 },
            DriverLine::State { t: 1_040, w: 1, state: LaneState::Io },
            DriverLine::State { t: 1_050, w: 1, state: LaneState::Run },
            DriverLine::End { t: 1_060, w: 1, ok: true, error: String::new() },
        ] {
            translator.apply(line);
        }
        let empty = EventKind::Blocked { state: State::Empty, on: Some(queue) };
        assert_eq!(translator.threads().collect::<Vec<_>>(), [(WorkerId(1), 7, 8)]);
        let expected = [
            (10, 1, EventKind::LifeBegan),
            (10, 1, empty),
            (20, 2, EventKind::PutNth { queue, depth: 1, nth: 1 }),
            (30, 1, EventKind::TookNth { queue, depth: 0, nth: 1 }),
            (30, 1, EventKind::TaskBegan { pool: POOL, waited: Span(10) }),
            (40, 1, EventKind::Blocked { state: State::Io, on: None }),
            (50, 1, EventKind::Resumed),
            (60, 1, EventKind::TaskEnded { pool: POOL, ok: true }),
            (60, 1, empty),
        ];
        assert_eq!(events(&mut translator), expected);
    }

    #[test]
    fn task_that_begins_while_data_of_another_one_come_ends_the_wait_for_them() {
        let mut translator = translator();
        let queue = ResourceId(0);
        for line in [
            DriverLine::Here { t: 1_010, w: 1, pid: 7 },
            DriverLine::State { t: 1_020, w: 1, state: LaneState::Handover },
            DriverLine::Begin { t: 1_030, w: 1, depth: 0, nth: 1, waited: 10, tid: 8 },
            DriverLine::Moved { t: 1_040, w: 1, from: 0, bytes: 5 },
            DriverLine::Moved { t: 1_040, w: 1, from: 2, bytes: 5 },
        ] {
            translator.apply(line);
        }
        let last = events(&mut translator).split_off(3);
        let expected = [
            (20, 1, EventKind::Blocked { state: State::Handover, on: None }),
            (30, 1, EventKind::Resumed),
            (30, 1, EventKind::TookNth { queue, depth: 0, nth: 1 }),
            (30, 1, EventKind::TaskBegan { pool: POOL, waited: Span(10) }),
            (40, 1, EventKind::DataMoved { from: WorkerId(0), bytes: 5 }),
        ];
        assert_eq!(last, expected);
        assert_eq!(translator.unknown_lines, 1, "there is no third worker");
    }

    #[test]
    fn lost_worker_ends_by_its_signal_and_its_task_is_retried() {
        let mut translator = translator();
        translator.apply(DriverLine::Here { t: 1_010, w: 0, pid: 7 });
        translator.apply(DriverLine::Gone { t: 1_020, w: 0, code: Some(-9) });
        translator.apply(DriverLine::Retried { t: 1_015, w: 0 });
        let messages = translator.take_messages();
        let died = Notice::Died { worker: WorkerId(0), cause: DeathCause::Signal(9) };
        assert!(messages.contains(&Message::Notice { at: Stamp(20), notice: died }), "{messages:?}");
        let last: Vec<Event> = messages
            .into_iter()
            .filter_map(|message| if let Message::Events(events) = message { Some(events) } else { None })
            .flatten()
            .collect();
        let kinds: Vec<(u64, EventKind)> = last.iter().map(|event| (event.at.0, event.kind)).collect();
        let ends = [
            (20, EventKind::LifeEnded(ExitKind::Killed)),
            (20, EventKind::TaskRetried { pool: POOL }), // events of one lane never go back
        ];
        assert_eq!(kinds[kinds.len() - 2..], ends);
    }

    #[test]
    fn lines_about_unknown_workers_and_after_the_end_are_ignored() {
        let mut translator = translator();
        translator.apply(DriverLine::Here { t: 1_010, w: 99, pid: 7 });
        translator.apply(DriverLine::Begin { t: 1_010, w: u32::MAX, depth: 0, nth: u64::MAX, waited: 0, tid: 0 });
        assert_eq!((translator.unknown_lines, events(&mut translator)), (2, Vec::new()));
        translator.end_at(Stamp(50));
        translator.apply(DriverLine::Put { t: u64::MAX, depth: u32::MAX, nth: u64::MAX });
        assert_eq!(events(&mut translator), []);
    }
}
