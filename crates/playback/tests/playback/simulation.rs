//! A simulated run: workers that take turns at a few locks, delivered as a source delivers them.

use std::collections::VecDeque;

use contend_trace::{
    Event, EventKind, Grant, KnobId, LockKind, Message, Notice, Registry, ResourceId, ResourceInfo, ResourceKind,
    Sample, Stamp, State, WorkerId, WorkerInfo, WorkerKind,
};
use fastrand::Rng;

/// Time between two deliveries, ns.
const DELIVERY: u64 = 2_000_000;

pub fn registry(workers: usize, locks: usize) -> Registry {
    let worker = |i| WorkerInfo { name: format!("w{i}"), group: "w".into(), kind: WorkerKind::Thread, pool: None };
    let lock = |i| ResourceInfo { name: format!("l{i}"), kind: ResourceKind::Mutex { kind: LockKind::Std } };
    Registry {
        workers: (0..workers).map(worker).collect(),
        resources: (0..locks).map(lock).collect(),
        ..Registry::default()
    }
}

#[derive(Debug, Clone, Copy)]
enum Doing {
    Unborn,
    Idle,
    Asleep,
    Holds(usize, Grant),
    Waits,
}

#[derive(Debug, Default)]
struct SimLock {
    holder: Option<usize>,
    grants: u64,
    waiters: VecDeque<usize>,
}

/// An endless sequence of deliveries.
#[derive(Debug)]
pub struct Simulation {
    rng: Rng,
    now: u64,
    /// Mean time between two events of the run, ns.
    step: u64,
    doing: Vec<Doing>,
    locks: Vec<SimLock>,
    /// By worker: events that are not delivered yet.
    streams: Vec<Vec<Event>>,
    deliveries: u64,
}

impl Simulation {
    pub fn new(seed: u64, workers: usize, locks: usize, step: u64) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            now: 0,
            step,
            doing: vec![Doing::Unborn; workers],
            locks: (0..locks).map(|_| SimLock::default()).collect(),
            streams: vec![Vec::new(); workers],
            deliveries: 0,
        }
    }

    fn record(&mut self, worker: usize, kind: EventKind) {
        self.streams[worker].push(Event { at: Stamp(self.now), worker: WorkerId::from(worker), kind });
    }

    fn acquire(&mut self, worker: usize, lock: usize) {
        self.locks[lock].grants += 1;
        let grant = Grant(self.locks[lock].grants);
        self.locks[lock].holder = Some(worker);
        self.doing[worker] = Doing::Holds(lock, grant);
        self.record(worker, EventKind::Acquired { lock: ResourceId::from(lock), grant });
    }

    /// Lets one worker do something.
    fn act(&mut self) {
        self.now += self.rng.u64(1..=2 * self.step);
        let worker = self.rng.usize(..self.doing.len());
        match self.doing[worker] {
            Doing::Unborn => {
                self.doing[worker] = Doing::Idle;
                self.record(worker, EventKind::LifeBegan);
            }
            Doing::Idle if self.rng.u8(..4) == 0 => {
                self.doing[worker] = Doing::Asleep;
                self.record(worker, EventKind::Blocked { state: State::Sleep, on: None });
            }
            Doing::Idle => {
                let lock = self.rng.usize(..self.locks.len());
                if self.locks[lock].holder.is_none() {
                    return self.acquire(worker, lock);
                }
                self.doing[worker] = Doing::Waits;
                self.locks[lock].waiters.push_back(worker);
                let lock = ResourceId::from(lock);
                self.record(worker, EventKind::LockWait { lock, held_count: 0, timed: false });
            }
            Doing::Asleep => {
                self.doing[worker] = Doing::Idle;
                self.record(worker, EventKind::Resumed);
            }
            Doing::Holds(lock, grant) => {
                self.doing[worker] = Doing::Idle;
                self.record(worker, EventKind::Released { lock: ResourceId::from(lock), grant });
                self.locks[lock].holder = None;
                if let Some(next) = self.locks[lock].waiters.pop_front() {
                    self.acquire(next, lock);
                }
            }
            Doing::Waits => {}
        }
    }

    /// Returns the next delivery: the events of all workers, of some of them also events after the watermark.
    pub fn deliver(&mut self) -> Message {
        self.deliveries += 1;
        let until = self.deliveries * DELIVERY;
        while self.now < until + DELIVERY / 8 {
            self.act();
        }
        let mut events = Vec::new();
        for stream in &mut self.streams {
            let late = until + self.rng.u64(..DELIVERY / 8);
            let count = stream.partition_point(|event| event.at.0 < late);
            events.extend(stream.drain(..count));
        }
        let at = Stamp(until);
        let mut messages = vec![Message::Events(events)];
        if self.deliveries % 100 == 50 {
            let load = vec![Some(0.5), Some(self.rng.f32())];
            messages.push(Message::Sample(Sample::Cores { at, load }));
        }
        if self.deliveries % 150 == 30 {
            let worker = WorkerId(0);
            let from = Stamp(until.saturating_sub(100 * DELIVERY));
            messages.push(Message::Sample(Sample::Sched { worker, from, to: at, running: 400_000, ready: 300_000 }));
        }
        if self.deliveries % 400 == 399 {
            let notice = Notice::KnobSet { knob: KnobId(0), name: "k".into(), value_text: "2".into() };
            messages.push(Message::Notice { at, notice });
        }
        messages.push(Message::Watermark(at));
        Message::Batch(messages)
    }
}
