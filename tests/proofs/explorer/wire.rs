//! Delivers events to the model: in order within each worker, and deaths beside them, each with any delay.

use std::collections::VecDeque;
use std::sync::Arc;

use contend::model::{Budget, Model};
use contend::trace::{
    Cancellers, Event, LaneRange, LockCopy, LockKind, Message, Notice, PoolId, PoolInfo, Registry, ResourceId,
    ResourceInfo, ResourceKind, Stamp, Wakers, WorkerId, WorkerInfo, WorkerKind,
};
use fastrand::Rng;

use crate::explorer::program::{Alternative, Kind, MutexCopy, Program, ROOM, Step};
use crate::explorer::world::{EventSink, Record, life, queue_of, results_of};

#[derive(Clone)]
pub struct Wire {
    clock: u64,
    outboxes: Vec<VecDeque<Event>>,
    notices: VecDeque<(Stamp, Notice)>,
    pub model: Model,
    /// All messages delivered, if they are to be kept.
    pub log: Option<Vec<Message>>,
}

impl EventSink for Wire {
    fn receive(&mut self, worker: usize, record: Record) {
        self.clock += 1;
        let (at, worker_id) = (Stamp(self.clock), WorkerId::from(worker));
        match record {
            Record::Event(kind) => self.outboxes[worker].push_back(Event { at, worker: worker_id, kind }),
            Record::Died(death) => self.notices.push_back((at, Notice::Died { worker: worker_id, cause: death })),
        }
    }
}

impl Wire {
    pub fn new(program: &Program) -> Self {
        let model = Model::new(registry(program), Budget { bytes: 1 << 14 });
        let workers = program.seats().len();
        Self { clock: 0, outboxes: vec![VecDeque::new(); workers], notices: VecDeque::new(), model, log: None }
    }

    /// Delivers the next few events of one worker, or the next death. Returns `false` when nothing is left.
    pub fn deliver(&mut self, rng: &mut Rng) -> bool {
        let full: Vec<usize> = (0..self.outboxes.len()).filter(|w| !self.outboxes[*w].is_empty()).collect();
        let choices = full.len() + usize::from(!self.notices.is_empty());
        if choices == 0 {
            return false;
        }
        if let Some(&w) = full.get(rng.usize(..choices)) {
            let count = rng.usize(1..=self.outboxes[w].len());
            let events = self.outboxes[w].drain(..count).collect();
            self.apply(Message::Events(events));
        } else if let Some((at, notice)) = self.notices.pop_front() {
            self.apply(Message::Notice { at, notice });
        }
        self.tell_through();
        true
    }

    /// Tells the model that everything before this moment has been delivered.
    fn tell_through(&mut self) {
        let waiting = self.outboxes.iter().filter_map(|outbox| outbox.front()).map(|event| event.at);
        let first = waiting.chain(self.notices.front().map(|(at, _)| *at)).min();
        self.apply(Message::Watermark(first.unwrap_or(Stamp(self.clock + 1))));
    }

    fn apply(&mut self, message: Message) {
        self.model.apply(&message);
        if let Some(log) = &mut self.log {
            log.push(message);
        }
    }
}

/// Returns the registry of a program.
pub fn registry(program: &Program) -> Arc<Registry> {
    let seats = program.seats();
    let kind = match (program.processes, program.tasks) {
        (true, _) => WorkerKind::Process,
        (false, true) => WorkerKind::Async,
        (false, false) => WorkerKind::Thread,
    };
    let worker = |(i, seat): (usize, &Option<(usize, usize)>)| WorkerInfo {
        name: format!("w{i}"),
        group: format!("w{i}"),
        kind: if program.is_forked(i) { WorkerKind::Process } else { kind },
        pool: seat.map(|(pool, _)| PoolId::from(pool)),
    };
    let lives = (0..program.workers.len()).filter(|w| program.has_life(*w));
    let lives = lives.map(|w| ResourceKind::Life { worker: WorkerId::from(w) });
    let pools = program.pools.iter().flat_map(|_| [ResourceKind::Queue { capacity: ROOM }, ResourceKind::Results]);
    let kinds = (0..program.kinds.len()).map(|on| kind_of(program, on)).chain(lives).chain(pools);
    Arc::new(Registry {
        workers: seats.iter().enumerate().map(worker).collect(),
        resources: kinds.enumerate().map(|(i, kind)| ResourceInfo { name: format!("r{i}"), kind }).collect(),
        pools: (0..program.pools.len()).map(|pool| pool_info(program, pool, kind)).collect(),
        wakers: wakers(program),
        lock_copies: program.copies.iter().map(lock_copy).collect(),
        cancellers: cancellers(program),
        ..Registry::default()
    })
}

fn lock_copy(of: &MutexCopy) -> LockCopy {
    LockCopy { copy: of.copy.into(), original: of.original.into(), worker: of.worker.into() }
}

fn kind_of(program: &Program, on: usize) -> ResourceKind {
    let mutex = program.kinds.iter().position(|kind| *kind == Kind::Mutex).unwrap_or(0);
    match program.kinds[on] {
        Kind::Mutex => ResourceKind::Mutex {
            kind: match (program.processes, program.robust) {
                (false, _) if program.tasks => LockKind::Async,
                (false, _) => LockKind::Std,
                (true, false) => LockKind::NotRobust,
                (true, true) => LockKind::Robust,
            },
        },
        Kind::Rwlock(policy) => ResourceKind::Rwlock { policy },
        Kind::Semaphore(permits) => ResourceKind::Semaphore { permits, scoped: program.is_scoped(on) },
        Kind::Queue(capacity) => ResourceKind::Queue { capacity },
        Kind::Condition => ResourceKind::Condition { mutex: ResourceId::from(mutex) },
        Kind::Event => ResourceKind::Event,
        Kind::Barrier(parties) => ResourceKind::Barrier { parties },
        Kind::WaitGroup => ResourceKind::WaitGroup,
        Kind::Latch(initial) => ResourceKind::Latch { initial },
    }
}

/// Returns the workers of a pool.
fn workers_of(program: &Program, pool: usize) -> Vec<WorkerId> {
    let seats = program.seats();
    let own = |w: &usize| seats[*w].is_some_and(|(of, _)| of == pool);
    (0..seats.len()).filter(own).map(WorkerId::from).collect()
}

fn pool_info(program: &Program, pool: usize, of: WorkerKind) -> PoolInfo {
    let workers = workers_of(program, pool);
    PoolInfo {
        name: format!("p{pool}"),
        worker_kind: of,
        size: workers.len() as u32,
        workers,
        feeder: None,
        queue: queue_of(program, pool),
        results: Some(results_of(program, pool)),
        total_tasks: None,
        restarts_workers: program.pools[pool].restarts,
    }
}

fn one(worker: usize) -> LaneRange {
    LaneRange { first: WorkerId::from(worker), count: 1 }
}

fn lanes_of(program: &Program, pool: usize) -> LaneRange {
    let workers = workers_of(program, pool);
    LaneRange { first: workers[0], count: workers.len() as u32 }
}

fn wakers(program: &Program) -> Vec<Wakers> {
    let lives = (0..program.workers.len()).filter(|w| program.has_life(*w)).count();
    let mut wakers = vec![Wakers::default(); program.kinds.len() + lives + 2 * program.pools.len()];
    let sources: Vec<LaneRange> = (0..program.workers.len()).filter(|w| program.is_source(*w)).map(one).collect();
    for pool in 0..program.pools.len() {
        let (queue, own) = (queue_of(program, pool).index(), lanes_of(program, pool));
        wakers[queue].givers.extend(sources.iter().copied());
        wakers[queue].givers.extend((0..program.pools.len()).map(|other| lanes_of(program, other)));
        wakers[queue].takers.push(own);
        wakers[queue + 1].givers.push(own);
    }
    for (w, steps) in program.all_steps().into_iter().enumerate() {
        for step in steps {
            enter(program, &mut wakers, one(w), step);
        }
    }
    wakers
}

fn cancellers(program: &Program) -> Vec<Cancellers> {
    let mut cancellers = Vec::new();
    for (w, steps) in program.all_steps().into_iter().enumerate() {
        let of = steps.iter().filter_map(|step| match step {
            Step::Cancel(other) | Step::Kill(other) => Some(*other),
            _ => None,
        });
        cancellers.extend(of.map(|other| Cancellers { of: one(other), by: one(w) }));
    }
    cancellers
}

fn enter(program: &Program, wakers: &mut [Wakers], lanes: LaneRange, step: &Step) {
    match step.plain() {
        Step::Put(on)
        | Step::Post(on)
        | Step::Notify(on)
        | Step::NotifyAll(on)
        | Step::Set(on)
        | Step::Meet(on)
        | Step::Done(on) => {
            wakers[on].givers.push(lanes);
        }
        Step::Take(on) | Step::Acquire(on, _) => wakers[on].takers.push(lanes),
        Step::Close(on) => {
            wakers[on].givers.push(lanes);
            wakers[on].takers.push(lanes);
        }
        Step::Select { first, second, .. } => {
            for alternative in [first, second] {
                match alternative {
                    Alternative::Take(on) => wakers[on].takers.push(lanes),
                    Alternative::Put(on) => wakers[on].givers.push(lanes),
                    Alternative::Await(_) | Alternative::Join(_) => {}
                }
            }
        }
        Step::Spawn(other) => {
            if let Some(life) = life(program, other) {
                wakers[life.index()].givers.push(lanes);
            }
        }
        Step::Shutdown(pool) | Step::DropTasks(pool) | Step::ShutdownNow(pool) | Step::Discard(pool) => {
            let queue = queue_of(program, pool).index();
            wakers[queue].givers.push(lanes);
            wakers[queue].takers.push(lanes);
            wakers[queue + 1].givers.push(lanes);
        }
        _ => {}
    }
}
