//! Benchmark of event throughput, from the rings into the model.
//!
//! Two cases: prepared rings, in CPU time of the one thread that reads and folds; and live, from a child process that
//! writes into shared memory as fast as there is room. For comparison, a hand-written fold keeps the minimum a display
//! needs: time by state, and the number of acquisitions of a lock.
#![allow(clippy::print_stdout, reason = "figures are what a benchmark is for")]

mod measure;

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use contend::model::{Budget, Model};
use contend::platform::{Exit, Launch, take_inherited_fd, thread_cpu_nanos};
use contend::trace::{
    Event, EventKind, Grant, LockKind, Message, PoolId, PoolInfo, Record, Registry, ResourceId, ResourceInfo,
    ResourceKind, Ring, RingReader, RingWriter, RunMemory, RunMemorySize, Span, Stamp, State, WorkerId, WorkerInfo,
    WorkerKind, ring_words,
};

use self::measure::{Goal, head, interleave, median, ratio, sized, spread, wait_for_quiet};

const WORKERS: usize = 4;
const RECORDS: usize = 32_768;
const ROUNDS: usize = 15;
/// Events in one message, as in the messages of a run's reader.
const BATCH: usize = 4096;
const LIVE: Duration = Duration::from_millis(400);
/// Argument that makes this program the child process.
const PRODUCE: &str = "--produce";
const LOCK: ResourceId = ResourceId(0);
const QUEUE: ResourceId = ResourceId(1);
const POOL: PoolId = PoolId(0);
/// Words among the lock's own that child and parent communicate through.
const CONSUMED: usize = 0;
const STOP: usize = 1;

/// Returns a pool of workers with one queue and one lock.
fn registry() -> Arc<Registry> {
    let worker = |i| WorkerInfo {
        name: format!("w{i}"),
        group: "w".into(),
        kind: WorkerKind::Thread,
        pool: (i < WORKERS).then_some(POOL),
    };
    let resource = |name: &str, kind| ResourceInfo { name: name.into(), kind };
    Arc::new(Registry {
        workers: (0..=WORKERS).map(worker).collect(),
        resources: vec![
            resource("m", ResourceKind::Mutex { kind: LockKind::Std }),
            resource("q", ResourceKind::Queue { capacity: 100 }),
        ],
        pools: vec![PoolInfo {
            name: "pool".into(),
            worker_kind: WorkerKind::Thread,
            workers: (0..WORKERS).map(WorkerId::from).collect(),
            feeder: Some(WorkerId::from(WORKERS)),
            results: None,
            queue: QUEUE,
            size: WORKERS as u32,
            total_tasks: None,
            restarts_workers: true,
        }],
        ..Registry::default()
    })
}

/// The cycle of each worker: take a task, take the lock (every other time after a wait), end the task, find no work.
#[derive(Debug, Default)]
struct Script {
    turn: u64,
    grant: u64,
}

impl Script {
    /// Emits the events of one task that begins at `at`, with `step` between two events.
    fn task(&mut self, mut at: u64, step: u64, mut emit: impl FnMut(u64, EventKind)) {
        let mut next = |kind| {
            emit(at, kind);
            at += step;
        };
        self.turn += 1;
        self.grant += 1;
        let grant = Grant(self.grant);
        next(EventKind::Took { queue: QUEUE, depth: (self.turn % 7) as u32 });
        next(EventKind::TaskBegan { pool: POOL, waited: Span(step * (self.turn % 100)) });
        if self.turn.is_multiple_of(2) {
            next(EventKind::LockWait { lock: LOCK, held_count: 0, timed: false });
        }
        next(EventKind::Acquired { lock: LOCK, grant });
        next(EventKind::Released { lock: LOCK, grant });
        next(EventKind::TaskEnded { pool: POOL, ok: true });
        next(EventKind::Blocked { state: State::Empty, on: Some(QUEUE) });
    }
}

/// Largest number of events of one task.
const TASK: usize = 7;

/// Rings that are refilled with the next events of the script.
struct Prepared {
    words: Vec<Vec<AtomicU64>>,
    script: Script,
    clock: u64,
}

impl Prepared {
    fn new() -> Self {
        let words = || (0..ring_words(RECORDS)).map(|_| AtomicU64::new(0)).collect();
        let prepared = Self { words: (0..WORKERS).map(|_| words()).collect(), script: Script::default(), clock: 0 };
        for words in &prepared.words {
            RingWriter::new(Ring::new(words)).write(Record::new(0, EventKind::LifeBegan));
        }
        prepared
    }

    /// Fills all rings; the workers take turns, with 200 ns for an event.
    fn fill(&mut self) {
        let mut writers: Vec<RingWriter<'_>> = self.words.iter().map(|w| RingWriter::new(Ring::new(w))).collect();
        for _ in 0..(RECORDS - 1) / TASK {
            for writer in &mut writers {
                self.script.task(self.clock, 200, |at, kind| writer.write(Record::new(at, kind)));
                self.clock += 200 * TASK as u64;
            }
        }
    }

    fn readers(&self) -> Vec<RingReader<'_>> {
        self.words.iter().map(|w| RingReader::new(Ring::new(w))).collect()
    }
}

/// Drains the rings as a run's reader does. Returns the number of events.
fn drain(rings: &mut [RingReader<'_>], nanos: f64, mut deliver: impl FnMut(Vec<Event>)) -> u64 {
    let mut count = 0;
    let mut batch = Vec::new();
    for (w, ring) in rings.iter_mut().enumerate() {
        ring.drain(usize::MAX, |record| {
            count += 1;
            let at = Stamp((record.ticks as f64 * nanos) as u64);
            batch.push(Event { at, worker: WorkerId::from(w), kind: record.kind() });
            if batch.len() >= BATCH {
                deliver(std::mem::take(&mut batch));
            }
        });
    }
    if !batch.is_empty() {
        deliver(batch);
    }
    count
}

/// The hand-written fold: the minimum a display needs.
#[derive(Debug, Default)]
struct HandFold {
    workers: [(u64, usize); WORKERS],
    spent: [[u64; 12]; WORKERS],
    acquired: u64,
    waited: u64,
}

impl HandFold {
    fn event(&mut self, event: &Event) {
        let state = match event.kind {
            EventKind::LockWait { .. } => State::Lock,
            EventKind::Blocked { state, .. } => state,
            EventKind::LifeEnded(_) => State::Done,
            _ => State::Running,
        };
        self.acquired += u64::from(matches!(event.kind, EventKind::Acquired { .. }));
        self.waited += u64::from(state == State::Lock);
        let w = event.worker.index();
        let (since, before) = std::mem::replace(&mut self.workers[w], (event.at.0, state.index()));
        self.spent[w][before] += event.at.0 - since;
    }
}

/// What the benchmark does with the events.
#[derive(Debug, Clone, Copy)]
enum Way {
    ReadOnly,
    HandFold,
    Model,
}

const WAYS: [(Way, &str); 3] = [(Way::ReadOnly, "read only"), (Way::HandFold, "fold by hand"), (Way::Model, "model")];

/// Returns the CPU nanoseconds per event over a few fillings.
fn prepared(way: Way) -> f64 {
    let (mut rings, mut model, mut hand_fold) =
        (Prepared::new(), Model::new(registry(), Budget::default()), HandFold::default());
    let (mut events, mut nanos) = (0, 0);
    for filling in 0..5 {
        rings.fill();
        let mut readers = rings.readers();
        let start = thread_cpu_nanos();
        let count = drain(&mut readers, 1.0, |batch| match way {
            Way::ReadOnly => drop(black_box(batch)),
            Way::HandFold => batch.iter().for_each(|e| hand_fold.event(e)),
            Way::Model => model.apply(&Message::Events(batch)),
        });
        if filling > 0 {
            (events, nanos) = (events + count, nanos + thread_cpu_nanos() - start);
        }
    }
    black_box(&hand_fold);
    assert_eq!(model.health().anomalies, 0, "the events are what workers could do");
    nanos as f64 / events as f64
}

/// Writes to the first ring as fast as there is room, in the child process.
fn produce() {
    let memory = RunMemory::open(take_inherited_fd(0).expect("the run memory")).expect("the run memory");
    let ring = memory.ring(WorkerId(0));
    let (mut writer, mut script, clock) = (RingWriter::new(ring), Script::default(), memory.clock());
    let [consumed, stop, ..] = memory.resource(LOCK);
    writer.write(Record::new(clock.ticks(), EventKind::LifeBegan));
    while stop.load(Ordering::Relaxed) == 0 {
        if ring.totals().0 - consumed.load(Ordering::Relaxed) + TASK as u64 > RECORDS as u64 {
            std::thread::yield_now();
            continue;
        }
        script.task(0, 0, |_, kind| writer.write(Record::new(clock.ticks(), kind)));
    }
}

/// Reads the events of a child. Returns million events per second of wall time, and CPU nanoseconds per event. On two
/// cores the first depends on what other programs leave; the second is the reader's own.
fn live() -> (f64, f64) {
    let memory = RunMemory::create(RunMemorySize {
        workers: WORKERS + 1,
        active: WORKERS + 1,
        knobs: 0,
        resources: 2,
        extra: 0,
    })
    .expect("memory");
    let launch = Launch {
        program: Some(std::env::current_exe().expect("this program")), // whose `main` does what the argument asks
        args: vec![PRODUCE.into()],
        inherited_fds: vec![memory.fd()],
        process_tag: None,
        own_session: false,
        captures_output: false,
    };
    let (mut child, pipes) = launch.start().expect("a child");
    let mut model = Model::new(registry(), Budget::default());
    let mut rings = [RingReader::new(memory.ring(WorkerId(0)))];
    let words = memory.resource(LOCK);
    let mut events = 0;
    let mut take = |events: &mut u64| {
        *events += drain(&mut rings, 0.4, |batch| model.apply(&Message::Events(batch)));
        words[CONSUMED].store(*events, Ordering::Relaxed);
    };
    while events == 0 {
        take(&mut events);
    }
    let (first, start, cpu) = (events, Instant::now(), thread_cpu_nanos());
    while start.elapsed() < LIVE {
        take(&mut events);
        std::thread::yield_now();
    }
    let (wall, cpu, count) = (start.elapsed().as_secs_f64(), thread_cpu_nanos() - cpu, events - first);
    words[STOP].store(1, Ordering::Relaxed);
    drop(pipes);
    assert_eq!(child.wait(), Exit::Code(0));
    assert_eq!(model.health().lost, 0, "the child waits for room");
    (count as f64 / wall / 1e6, cpu as f64 / count as f64)
}

fn main() {
    if std::env::args().any(|a| a == PRODUCE) {
        return produce();
    }
    head("ingest: from rings into the model");
    let samples = interleave(sized(ROUNDS, 1), WAYS.len(), |way| prepared(WAYS[way].0));
    println!("prepared rings, one thread     CPU ns/event   million events/s   spread");
    for ((_, name), samples) in WAYS.iter().zip(&samples) {
        let nanos = median(samples);
        println!("  {name:28} {nanos:12.1} {:18.1} {:7.0} %", 1e3 / nanos, spread(samples) * 100.0);
    }
    let live: Vec<(f64, f64)> = (0..sized(ROUNDS, 1))
        .map(|_| {
            wait_for_quiet(Duration::from_secs(2));
            live()
        })
        .collect();
    let wall: Vec<f64> = live.iter().map(|l| l.0).collect();
    let cpu = median(&live.iter().map(|l| l.1).collect::<Vec<_>>());
    println!("\nlive from a child process, into the model");
    println!("  on the wall: {:.1} million events/s (spread {:.0} %)", median(&wall), spread(&wall) * 100.0);
    println!("  reading thread: {cpu:.1} CPU ns/event, looking in vain included\n");
    Goal::AtLeast(50.0).judge("prepared rings into the model, million events/s", 1e3 / median(&samples[2]));
    Goal::AtLeast(50.0).judge("live from a child, million events per second of CPU", 1e3 / cpu);
    println!("  model / fold by hand: {:.2} times the CPU", ratio(&samples[2], &samples[1]));
}
