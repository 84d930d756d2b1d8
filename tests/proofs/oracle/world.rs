//! Threads that lock and unlock kernel-owned locks as a random program says, and record events.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Barrier};

use contend::engine::Recorder;
use contend::platform::{Clock, thread_id};
use contend::trace::{
    EventKind, ExitKind, Grant, LockKind, Registry, ResourceId, ResourceInfo, ResourceKind, Ring, RingWriter,
    WorkerInfo, WorkerKind, ring_words,
};
use fastrand::Rng;
use parking_lot::{Condvar, Mutex};
use rustix::io::Errno;
use rustix::thread::futex::{Flags, lock_pi, trylock_pi, unlock_pi};

/// Larger than the events of any program: no event may be lost.
const RECORDS: usize = 4096;
/// The owner's thread id in a futex word (`FUTEX_TID_MASK`).
const OWNER: u32 = 0x3fff_ffff;

#[derive(Debug, Clone, Copy)]
pub enum Step {
    Lock(usize),
    Unlock,
    /// Yields the CPU this many times, so that other threads run in between.
    Yield(u32),
}

/// A lock that the kernel owns in full: every operation is a system call.
#[derive(Debug, Default)]
pub struct PiMutex {
    word: AtomicU32,
    /// Changed only by the holder.
    grants: AtomicU64,
}

/// The kernel's refusal of a wait that would never end.
#[derive(Debug)]
pub struct WouldDeadlock;

impl PiMutex {
    fn try_lock(&self) -> bool {
        trylock_pi(&self.word, Flags::PRIVATE).unwrap_or(false) // an error means that it is held, perhaps by the caller
    }

    fn lock(&self) -> Result<(), WouldDeadlock> {
        loop {
            match lock_pi(&self.word, Flags::PRIVATE, None) {
                Ok(()) => return Ok(()),
                Err(Errno::DEADLK) => return Err(WouldDeadlock),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(other) => panic!("FUTEX_LOCK_PI: {other}"),
            }
        }
    }

    fn unlock(&self) {
        // The kernel returns EAGAIN when a waiter arrives at the same moment.
        while let Err(why) = unlock_pi(&self.word, Flags::PRIVATE) {
            assert_eq!(why, Errno::AGAIN, "only the holder unlocks");
        }
    }

    /// Returns the holder's thread id from the kernel's lock word, 0 for none.
    fn owner(&self) -> u32 {
        self.word.load(Ordering::Acquire) & OWNER
    }
}

/// The state that a thread announces. From `Wants` on, it waits in the kernel or is about to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Runs,
    Wants(usize),
    /// The kernel refused this lock because the wait would never end.
    Refused(usize),
    Finished,
}

#[derive(Debug)]
pub struct Worker {
    program: Vec<Step>,
    tid: AtomicU32,
    /// Status and a change counter: two equal readings mean that nothing happened in between.
    status: Mutex<(u32, Status)>,
    pub ring: Vec<AtomicU64>,
}

#[derive(Debug)]
pub struct World {
    pub workers: Vec<Worker>,
    pub locks: Vec<PiMutex>,
    start: Barrier,
    /// Set after the comparison: every thread that can continue releases its locks and ends.
    over: (Mutex<bool>, Condvar),
}

impl World {
    pub fn new(rng: &mut Rng) -> Self {
        let (workers, locks) = (rng.usize(2..=5), rng.usize(2..=4));
        let ordered = rng.f64() < 0.25; // a fixed order: these programs never deadlock
        let worker = |_| Worker {
            program: program(rng, locks, ordered),
            tid: AtomicU32::new(0),
            status: Mutex::new((0, Status::Runs)),
            ring: (0..ring_words(RECORDS)).map(|_| AtomicU64::new(0)).collect(),
        };
        Self {
            workers: (0..workers).map(worker).collect(),
            locks: (0..locks).map(|_| PiMutex::default()).collect(),
            start: Barrier::new(workers),
            over: (Mutex::new(false), Condvar::new()),
        }
    }

    pub fn registry(&self) -> Arc<Registry> {
        let worker = |i| WorkerInfo { name: format!("w{i}"), group: "w".into(), kind: WorkerKind::Thread, pool: None };
        let lock = |i| ResourceInfo { name: format!("l{i}"), kind: ResourceKind::Mutex { kind: LockKind::Std } };
        Arc::new(Registry {
            packed: Vec::new(),
            workers: (0..self.workers.len()).map(worker).collect(),
            resources: (0..self.locks.len()).map(lock).collect(),
            ..Registry::default()
        })
    }

    fn is_over(&self) -> bool {
        *self.over.0.lock()
    }

    pub fn end(&self) {
        *self.over.0.lock() = true;
        self.over.1.notify_all();
    }

    pub fn statuses(&self) -> Vec<(u32, Status)> {
        self.workers.iter().map(|w| *w.status.lock()).collect()
    }

    /// Returns the worker that owns a lock according to the kernel.
    pub fn owner(&self, lock: usize) -> Option<usize> {
        let tid = self.locks[lock].owner();
        self.workers.iter().position(|w| tid != 0 && w.tid.load(Ordering::Acquire) == tid)
    }
}

/// Generates nested locks, several times over, in a fixed order or in none.
fn program(rng: &mut Rng, locks: usize, ordered: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    for _ in 0..rng.usize(1..=6) {
        let mut nest: Vec<usize> = (0..locks).collect();
        rng.shuffle(&mut nest);
        nest.truncate(rng.usize(1..=3));
        if ordered {
            nest.sort_unstable();
        } else if rng.f64() < 0.01 {
            nest.push(nest[0]); // a self-deadlock
        }
        for lock in &nest {
            steps.extend([Step::Lock(*lock), Step::Yield(rng.u32(..4))]);
        }
        for _ in &nest {
            steps.extend([Step::Unlock, Step::Yield(rng.u32(..3))]);
        }
    }
    steps
}

/// One thread of the program, from the start barrier to its end or the end of the run.
pub struct Thread<'a> {
    world: &'a World,
    me: &'a Worker,
    pen: Recorder<'a>,
    held: Vec<usize>,
}

impl<'a> Thread<'a> {
    pub fn run(world: &'a World, worker: usize) {
        let me = &world.workers[worker];
        me.tid.store(thread_id(), Ordering::Release);
        let pen = Recorder::new(RingWriter::new(Ring::new(&me.ring)), Clock::best());
        let mut thread = Self { world, me, pen, held: Vec::new() };
        world.start.wait();
        thread.pen.begin_life(thread.pen.now());
        let finished = me.program.iter().all(|step| thread.step(*step));
        while let Some(lock) = thread.held.pop() {
            world.locks[lock].unlock();
        }
        if finished {
            thread.pen.write(thread.pen.now(), EventKind::LifeEnded(ExitKind::Finished));
            thread.announce(Status::Finished);
        }
    }

    /// Runs a step. Returns `false` when the run is over.
    fn step(&mut self, step: Step) -> bool {
        match step {
            Step::Lock(lock) => return self.lock(lock),
            Step::Unlock => {
                let lock = self.held.pop().expect("locks and unlocks are paired");
                let at = self.pen.now();
                self.world.locks[lock].unlock();
                self.pen.record_released(at, ResourceId::from(lock));
            }
            Step::Yield(times) => (0..times).for_each(|_| std::thread::yield_now()),
        }
        true
    }

    fn lock(&mut self, lock: usize) -> bool {
        let mutex = &self.world.locks[lock];
        if !mutex.try_lock() {
            self.pen.wait_for_lock(ResourceId::from(lock), false);
            self.announce(Status::Wants(lock));
            if mutex.lock().is_err() {
                self.announce(Status::Refused(lock));
                self.world.over.1.wait_while(&mut self.world.over.0.lock(), |over| !*over);
                return false;
            }
            self.announce(Status::Runs);
        }
        let grant = mutex.grants.fetch_add(1, Ordering::Relaxed) + 1; // Relaxed: only the holder counts
        self.held.push(lock);
        self.pen.record_acquired(ResourceId::from(lock), Grant(grant));
        !self.world.is_over()
    }

    fn announce(&self, status: Status) {
        let mut now = self.me.status.lock();
        *now = (now.0 + 1, status);
    }
}
