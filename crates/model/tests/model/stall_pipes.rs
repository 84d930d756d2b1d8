//! Stall detection for pipes against a simulator that knows the truth.
//!
//! The simulator runs random programs over two pipes and two locks. It frees room by the page and wakes workers as the
//! engine does; the events are delivered worker by worker with random lag. A worker reported as stuck must never move
//! again, and when nothing moves any more, every waiting worker must be reported.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use contend_model::{Budget, Model};
use contend_trace::{
    Event, EventKind, ExitKind, Grant, LaneRange, LockKind, Message, Registry, ResourceId, ResourceInfo, ResourceKind,
    Stamp, State, Wakers, WorkerId, WorkerInfo, WorkerKind,
};
use fastrand::Rng;

use crate::whole::inputs;

/// The first lock: the resources are two pipes, then two locks.
const LOCKS: usize = 2;
/// Bytes of a page, and pages of a pipe.
const PAGE: u32 = 2;
const PAGES: usize = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Send(usize, u32),
    Receive(usize, u32),
    /// Receives from the first pipe or from the second.
    Select([u32; 2]),
    Close(usize),
    Lock(usize),
    Unlock(usize),
}

#[derive(Debug, Default)]
struct Worker {
    program: Vec<Step>,
    pc: usize,
    /// Whether it has reported that it waits.
    is_waiting: bool,
    /// Bytes left of the present message; `None` before the worker has the pipe's end.
    left: Option<u32>,
    /// Bytes written and read, as it last reported them.
    reported: Option<(Option<u64>, Option<u64>)>,
    /// Bytes it has moved but not counted yet.
    uncounted: u32,
    closed: BTreeSet<usize>,
    select: Select,
    done: bool,
    held: Vec<(usize, u64)>,
    outbox: VecDeque<Event>,
}

/// A worker's wait for the first of both pipes.
#[derive(Debug, Default)]
struct Select {
    /// The pipe whose message it receives.
    chosen: Option<usize>,
    over: [bool; 2],
    /// The pipes that it waits for, with the bytes read from each, as it last reported them.
    reported: Vec<(usize, u64)>,
}

#[derive(Debug, Default)]
struct Pipe {
    /// Bytes written to each page, and bytes read from it.
    pages: VecDeque<(u32, u32)>,
    /// Bytes that writers and readers have counted.
    written: u64,
    read: u64,
    writer: Option<usize>,
    reader: Option<usize>,
}

impl Pipe {
    fn bytes(&self) -> u32 {
        self.pages.iter().map(|(written, read)| written - read).sum()
    }

    fn room(&self) -> u32 {
        let last = self.pages.back().map_or(0, |(written, _)| PAGE - written);
        last + (PAGES - self.pages.len()) as u32 * PAGE
    }

    fn write(&mut self, bytes: u32) {
        for _ in 0..bytes {
            match self.pages.back_mut() {
                Some((written, _)) if *written < PAGE => *written += 1,
                _ => self.pages.push_back((1, 0)),
            }
        }
    }

    fn take(&mut self, bytes: u32) {
        for _ in 0..bytes {
            let first = self.pages.front_mut().unwrap();
            first.1 += 1;
            if first.0 == first.1 {
                self.pages.pop_front();
            }
        }
    }
}

#[derive(Debug)]
struct World {
    rng: Rng,
    clock: u64,
    workers: Vec<Worker>,
    pipes: [Pipe; 2],
    /// By lock: its holder, and how often it was taken.
    locks: [(Option<usize>, u64); 2],
}

fn program(rng: &mut Rng) -> Vec<Step> {
    let mut steps = Vec::new();
    for _ in 0..rng.usize(1..=6) {
        let (pipe, bytes) = (rng.usize(..2), rng.u32(1..=5));
        let some = if rng.bool() { Step::Send(pipe, bytes) } else { Step::Receive(pipe, bytes) };
        match rng.u32(..8) {
            0 => steps.push(Step::Close(pipe)),
            2 => steps.push(Step::Select([rng.u32(1..=5), rng.u32(1..=5)])),
            1 => {
                let lock = LOCKS + rng.usize(..2);
                steps.extend([Step::Lock(lock), some, Step::Unlock(lock)]);
            }
            _ => steps.push(some),
        }
    }
    steps
}

impl World {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let workers: Vec<Worker> =
            (0..rng.usize(2..=4)).map(|_| Worker { program: program(&mut rng), ..Worker::default() }).collect();
        let mut world = Self { rng, clock: 0, workers, pipes: Default::default(), locks: [(None, 0); 2] };
        (0..world.workers.len()).for_each(|w| world.emit(w, EventKind::LifeBegan));
        world
    }

    fn emit(&mut self, w: usize, kind: EventKind) {
        self.clock += 1;
        let event = Event { at: Stamp(self.clock), worker: WorkerId::from(w), kind };
        self.workers[w].outbox.push_back(event);
    }

    fn next(&self, w: usize) -> Option<Step> {
        self.workers[w].program.get(self.workers[w].pc).copied()
    }

    /// Whether a worker still has the end of a pipe that such steps use.
    fn is_open(&self, pipe: usize, uses: impl Fn(&Step) -> bool) -> bool {
        let has = |worker: &Worker| !worker.done && !worker.closed.contains(&pipe) && worker.program.iter().any(&uses);
        self.workers.iter().any(has)
    }

    fn is_read(&self, pipe: usize) -> bool {
        self.is_open(pipe, |step| match step {
            Step::Receive(p, _) => *p == pipe,
            Step::Select(_) => true,
            _ => false,
        })
    }

    fn is_written(&self, pipe: usize) -> bool {
        self.is_open(pipe, |step| matches!(step, Step::Send(p, _) if *p == pipe))
    }

    fn movable(&self) -> Vec<usize> {
        (0..self.workers.len()).filter(|w| !self.workers[*w].done && self.can_move(*w)).collect()
    }

    /// Whether a step of this worker would change anything.
    fn can_move(&self, w: usize) -> bool {
        let worker = &self.workers[w];
        if worker.uncounted > 0 || !worker.is_waiting {
            return true;
        }
        match self.next(w) {
            Some(Step::Send(p, _) | Step::Receive(p, _)) if worker.closed.contains(&p) => true,
            Some(Step::Send(p, _)) => {
                let pipe = &self.pipes[p];
                match pipe.writer {
                    Some(writer) if writer != w => worker.reported != Some((Some(pipe.written), None)),
                    Some(_) => {
                        let now = Some((Some(pipe.written), Some(pipe.read)));
                        pipe.room() > 0 || worker.reported != now || !self.is_read(p)
                    }
                    None => true,
                }
            }
            Some(Step::Select(_)) if worker.select.chosen.is_none() => {
                let is_ready = |p: &usize| {
                    let pipe = &self.pipes[*p];
                    pipe.reader.is_none() && (pipe.bytes() > 0 || !self.is_written(*p))
                };
                self.open_alternatives(w).iter().any(|(p, _)| worker.closed.contains(p) || is_ready(p))
                    || self.open_alternatives(w) != worker.select.reported
            }
            Some(Step::Receive(..) | Step::Select(_)) => {
                let p = self.received_pipe(w);
                let pipe = &self.pipes[p];
                match pipe.reader {
                    Some(reader) if reader != w => worker.reported != Some((None, Some(pipe.read))),
                    Some(_) => pipe.bytes() > 0 || worker.reported.is_none() || !self.is_written(p),
                    None => true,
                }
            }
            Some(Step::Lock(l)) => self.locks[l - LOCKS].0.is_none(),
            _ => true,
        }
    }

    /// The pipe that a worker receives from.
    fn received_pipe(&self, w: usize) -> usize {
        match self.next(w) {
            Some(Step::Receive(p, _)) => p,
            _ => self.workers[w].select.chosen.unwrap_or_default(),
        }
    }

    /// The pipes that a worker selects from, with the bytes read from each.
    fn open_alternatives(&self, w: usize) -> Vec<(usize, u64)> {
        let open = (0..2).filter(|p| !self.workers[w].select.over[*p]);
        open.map(|p| (p, self.pipes[p].read)).collect()
    }

    fn step(&mut self, w: usize) {
        match self.next(w) {
            None => {
                self.workers[w].done = true;
                self.emit(w, EventKind::LifeEnded(ExitKind::Finished));
            }
            Some(Step::Send(p, _) | Step::Receive(p, _)) if self.workers[w].closed.contains(&p) => {
                self.workers[w].pc += 1;
            }
            Some(Step::Send(p, bytes)) => self.send(w, p, bytes),
            Some(Step::Receive(p, bytes)) => self.receive(w, p, bytes),
            Some(Step::Select(bytes)) => match self.workers[w].select.chosen {
                Some(p) => self.receive(w, p, bytes[p]),
                None => self.select(w, bytes),
            },
            Some(Step::Close(p)) => {
                self.workers[w].pc += 1;
                self.workers[w].closed.insert(p);
                self.emit(w, EventKind::Closed { queue: ResourceId::from(p) });
            }
            Some(Step::Lock(l)) => self.lock(w, l),
            Some(Step::Unlock(l)) => {
                self.workers[w].pc += 1;
                self.locks[l - LOCKS].0 = None;
                let at = self.workers[w].held.iter().rposition(|(held, _)| *held == l).unwrap();
                let (_, grant) = self.workers[w].held.remove(at);
                self.emit(w, EventKind::Released { lock: ResourceId::from(l), grant: Grant(grant) });
            }
        }
    }

    fn wait(&mut self, w: usize, (state, p): (State, usize), written: Option<u64>, read: Option<u64>) {
        let pipe = ResourceId::from(p);
        if !std::mem::replace(&mut self.workers[w].is_waiting, true) {
            self.emit(w, EventKind::Blocked { state, on: Some(pipe) });
        }
        if self.workers[w].reported.replace((written, read)) != Some((written, read)) {
            for (read, bytes) in [(false, written), (true, read)] {
                if let Some(bytes) = bytes {
                    self.emit(w, EventKind::StillWaiting { pipe, read, bytes });
                }
            }
        }
    }

    /// Ends the present message, complete or given up.
    fn end_message(&mut self, w: usize, given_up: bool) {
        let worker = &mut self.workers[w];
        (worker.left, worker.reported, worker.select) = (None, None, Select::default());
        worker.pc += 1;
        if std::mem::take(&mut worker.is_waiting) && given_up {
            self.emit(w, EventKind::Resumed);
        }
    }

    fn send(&mut self, w: usize, p: usize, bytes: u32) {
        let pipe = &mut self.pipes[p];
        if pipe.writer.is_some_and(|writer| writer != w) {
            let written = pipe.written;
            return self.wait(w, (State::Full, p), Some(written), None);
        }
        pipe.writer = Some(w);
        let left = *self.workers[w].left.get_or_insert(bytes);
        let uncounted = std::mem::take(&mut self.workers[w].uncounted);
        if uncounted > 0 {
            pipe.written += u64::from(uncounted);
            let (depth, whole) = (pipe.bytes(), uncounted == left);
            self.emit(w, EventKind::Sent { pipe: ResourceId::from(p), bytes: uncounted, depth, whole });
            self.moved(w, left - uncounted);
            if whole {
                self.pipes[p].writer = None;
                self.end_message(w, false);
            }
        } else if !self.is_read(p) {
            self.pipes[p].writer = None;
            self.end_message(w, true);
        } else {
            // Written now, but counted and reported in a later step: others may act in between.
            let pipe = &mut self.pipes[p];
            let piece = left.min(pipe.room());
            pipe.write(piece);
            let (written, read) = (pipe.written, pipe.read);
            self.workers[w].uncounted = piece;
            if piece == 0 {
                self.wait(w, (State::Full, p), Some(written), Some(read));
            }
        }
    }

    fn receive(&mut self, w: usize, p: usize, bytes: u32) {
        let pipe = &mut self.pipes[p];
        if pipe.reader.is_some_and(|reader| reader != w) {
            let read = pipe.read;
            return self.wait(w, (State::Empty, p), None, Some(read));
        }
        pipe.reader = Some(w);
        let left = *self.workers[w].left.get_or_insert(bytes);
        let uncounted = std::mem::take(&mut self.workers[w].uncounted);
        if uncounted > 0 {
            pipe.read += u64::from(uncounted);
            let (depth, whole) = (pipe.bytes(), uncounted == left);
            self.emit(w, EventKind::Received { pipe: ResourceId::from(p), bytes: uncounted, depth, whole });
            self.moved(w, left - uncounted);
            if whole {
                self.pipes[p].reader = None;
                self.end_message(w, false);
            }
        } else if pipe.bytes() > 0 {
            let piece = left.min(pipe.bytes());
            pipe.take(piece);
            self.workers[w].uncounted = piece;
        } else if self.is_written(p) {
            let all = Some(self.pipes[p].read);
            self.wait(w, (State::Empty, p), all, all);
        } else {
            self.pipes[p].reader = None;
            self.end_message(w, true);
        }
    }

    /// Begins to receive from a pipe that has bytes, or waits for one.
    fn select(&mut self, w: usize, bytes: [u32; 2]) {
        if !self.workers[w].closed.is_empty() {
            return self.end_message(w, true);
        }
        for p in if self.rng.bool() { [0, 1] } else { [1, 0] } {
            let pipe = &self.pipes[p];
            if pipe.reader.is_some() || self.workers[w].select.over[p] {
                continue;
            }
            if pipe.bytes() > 0 {
                self.workers[w].select.chosen = Some(p);
                self.end_select_wait(w);
                return self.receive(w, p, bytes[p]);
            }
            self.workers[w].select.over[p] = !self.is_written(p);
        }
        let open = self.open_alternatives(w);
        let Some((first, _)) = open.first().copied() else { return self.end_message(w, true) };
        if self.workers[w].select.reported != open {
            self.end_select_wait(w);
            for (p, read) in &open {
                self.emit(w, EventKind::Alternative { on: ResourceId::from(*p), room: false, nth: *read });
            }
            self.emit(w, EventKind::Blocked { state: State::Empty, on: Some(ResourceId::from(first)) });
            self.workers[w].select.reported = open;
            self.workers[w].is_waiting = true;
        }
    }

    fn end_select_wait(&mut self, w: usize) {
        if std::mem::take(&mut self.workers[w].is_waiting) {
            self.emit(w, EventKind::Resumed);
        }
    }

    fn moved(&mut self, w: usize, left: u32) {
        let worker = &mut self.workers[w];
        (worker.left, worker.is_waiting, worker.reported) = (Some(left), false, None);
    }

    fn lock(&mut self, w: usize, l: usize) {
        let id = ResourceId::from(l);
        if self.locks[l - LOCKS].0.is_none() {
            self.workers[w].is_waiting = false;
            self.workers[w].pc += 1;
            let lock = &mut self.locks[l - LOCKS];
            *lock = (Some(w), lock.1 + 1);
            let grant = lock.1;
            self.workers[w].held.push((l, grant));
            return self.emit(w, EventKind::Acquired { lock: id, grant: Grant(grant) });
        }
        self.workers[w].is_waiting = true;
        let held = self.workers[w].held.clone();
        for (lock, grant) in &held {
            self.emit(w, EventKind::Held { lock: ResourceId::from(*lock), grant: Grant(*grant) });
        }
        self.emit(w, EventKind::LockWait { lock: id, held_count: held.len() as u8, timed: false });
    }

    fn deliver(&mut self, model: &mut Model) -> bool {
        let full: Vec<usize> = (0..self.workers.len()).filter(|w| !self.workers[*w].outbox.is_empty()).collect();
        let Some(w) = self.rng.choice(full) else { return false };
        let count = self.rng.usize(1..=self.workers[w].outbox.len());
        let events = self.workers[w].outbox.drain(..count).collect();
        model.apply(&Message::Events(events));
        true
    }

    fn registry(&self) -> Arc<Registry> {
        let pipe = ResourceKind::Pipe { capacity: PAGE * PAGES as u32 };
        let lock = ResourceKind::Mutex { kind: LockKind::Std };
        let kinds = [pipe.clone(), pipe, lock.clone(), lock].into_iter().enumerate();
        let resources: Vec<_> = kinds.map(|(i, kind)| ResourceInfo { name: format!("r{i}"), kind }).collect();
        let mut wakers = vec![Wakers::default(); resources.len()];
        for (w, worker) in self.workers.iter().enumerate() {
            let lanes = LaneRange { first: WorkerId::from(w), count: 1 };
            for step in &worker.program {
                match *step {
                    Step::Send(p, _) => wakers[p].givers.push(lanes),
                    Step::Receive(p, _) => wakers[p].takers.push(lanes),
                    Step::Select(_) => (0..2).for_each(|p| wakers[p].takers.push(lanes)),
                    Step::Close(_) | Step::Lock(_) | Step::Unlock(_) => {}
                }
            }
        }
        let worker = |i| WorkerInfo { name: format!("w{i}"), group: "w".into(), kind: WorkerKind::Process, pool: None };
        let workers = (0..self.workers.len()).map(worker).collect();
        Arc::new(Registry { workers, resources, wakers, ..Registry::default() })
    }
}

/// The workers reported as stuck, each with its step.
fn reported_stuck(model: &Model, world: &World) -> BTreeSet<(usize, usize)> {
    let deadlock = model.deadlocked_workers().to_vec();
    let stall = model.stall().map_or_else(Vec::new, |stall| stall.workers);
    deadlock.into_iter().chain(stall).map(|w| (w.index(), world.workers[w.index()].pc)).collect()
}

#[test]
fn exactly_the_workers_that_never_move_again_are_reported_as_stuck() {
    let (mut stuck, mut full, mut selecting) = (0, 0, 0_u64);
    let programs = inputs(5_000, 20_000);
    for seed in 0..programs {
        let mut world = World::new(seed);
        let mut model = Model::new(world.registry(), Budget { bytes: 1 << 16 });
        let lag = world.rng.f64();
        let mut reported: BTreeSet<(usize, usize)> = BTreeSet::new();
        loop {
            let deliver = world.rng.f64() > lag;
            let movable = world.movable();
            if let Some(w) = world.rng.choice(movable) {
                world.step(w);
            } else if !world.deliver(&mut model) {
                break;
            }
            if deliver {
                world.deliver(&mut model);
            }
            reported.extend(reported_stuck(&model, &world));
        }
        let waiting = |(w, worker): (usize, &Worker)| (!worker.done).then_some((w, worker.pc));
        let truth: BTreeSet<(usize, usize)> = world.workers.iter().enumerate().filter_map(waiting).collect();
        assert_eq!(reported, truth, "seed {seed}: {world:#?}");
        assert_eq!(model.health().anomalies, 0, "seed {seed}");
        let waits_for_room = |w: &WorkerId| model.lane(*w).activity().state == State::Full;
        stuck += usize::from(!truth.is_empty());
        let selects = |(w, _): &(usize, usize)| {
            matches!(world.next(*w), Some(Step::Select(_))) && world.workers[*w].select.chosen.is_none()
        };
        selecting += u64::from(truth.iter().any(selects));
        full += u64::from(model.stall().is_some_and(|stall| stall.workers.iter().any(waits_for_room)));
    }
    eprintln!("{stuck} runs got stuck; in {full} of them a worker waited for room, in {selecting} for two pipes");
    assert!(selecting > programs / 20, "too few runs to prove anything: {selecting} of {stuck}");
    assert!(full > programs / 20, "too few runs to prove anything: {full} of {stuck}");
}
