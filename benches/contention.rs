//! Benchmark of how much recording changes lock contention: throughput, and the share of acquisitions that wait.
//!
//! Threads take a lock, work inside it, and work outside it for a random time with the same mean. The time outside is
//! random because equal times inside and outside make threads fall into step: a few nanoseconds then decide whether
//! every attempt finds the lock just taken or just free, and a wrapper that records nothing moves the share that waits
//! from 0.7 to 0.9.
//!
//! Four sides are compared: nothing recorded (twice, which shows the noise); recorded as the engine does, while a
//! reader drains the rings at its own pace; and the same with all events folded into the model.
#![allow(clippy::print_stdout, reason = "figures are what a benchmark is for")]

mod measure;

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use contend::engine::{AnyMutex, Recorder};
use contend::model::{Budget, Model};
use contend::platform::thread_cpu_nanos;
use contend::trace::{
    Event, EventKind, LockKind, Message, Registry, ResourceId, ResourceInfo, ResourceKind, RingReader, RingWriter,
    RunMemory, RunMemorySize, Stamp, WorkerId, WorkerInfo, WorkerKind,
};
use fastrand::Rng;

use self::measure::{Goal, Others, head, is_late, median, ratio, sized, wait_for_quiet};

/// Length of a sample.
fn sample_time() -> Duration {
    sized(Duration::from_millis(200), Duration::from_millis(20))
}

/// Rounds for each cell. The quieter half counts; other programs disturbed the rest.
const ROUNDS: usize = 10;
/// How long a round waits for other programs to become quiet.
const PATIENCE: Duration = Duration::from_millis(400);
const LOCK: ResourceId = ResourceId(0);
/// Shortest and longest pause of the reader between two drains: see `source::reader`.
const PACES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(40));

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    None,
    Again,
    Recorded,
    Folded,
}

const SIDES: [Side; 4] = [Side::None, Side::Again, Side::Recorded, Side::Folded];

#[derive(Debug, Clone, Copy)]
struct Cell {
    kind: LockKind,
    micros: u64,
    threads: usize,
}

/// Figures of one sample.
#[derive(Debug, Clone, Copy, Default)]
struct Shown {
    taken: u64,
    contended: u64,
    lost: u64,
    /// Seconds of CPU that other programs used.
    others: f64,
}

impl Shown {
    fn share(self) -> f64 {
        self.contended as f64 / self.taken.max(1) as f64
    }
}

/// Work that takes a given CPU time on this machine.
#[derive(Debug, Clone, Copy)]
struct Work {
    steps: u64,
}

impl Work {
    fn new(nanos: u64) -> Self {
        const STEPS: u64 = 200_000;
        let time = |_| {
            let start = thread_cpu_nanos();
            Self { steps: STEPS }.run();
            thread_cpu_nanos() - start
        };
        let best = (0..20).map(time).min().unwrap_or(STEPS);
        Self { steps: (nanos * STEPS / best.max(1)).max(1) }
    }

    /// Works for a random time between zero and twice this.
    fn outside(self, rng: &mut Rng) {
        Self { steps: rng.u64(0..=self.steps * 2) }.run();
    }

    fn run(self) {
        let mut x = black_box(1_u64);
        for _ in 0..self.steps {
            x = black_box(x.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (x >> 29));
        }
        black_box(x);
    }
}

/// Runs `worker` on each of `threads` threads, from the barrier until `watch` returns.
fn crew<T: Send>(
    threads: usize,
    worker: impl Fn(usize, &Barrier, &AtomicBool) -> T + Sync,
    watch: impl FnOnce(),
) -> Vec<T> {
    let (stop, start) = (AtomicBool::new(false), Barrier::new(threads + 1));
    std::thread::scope(|scope| {
        let (stop, start, worker) = (&stop, &start, &worker);
        let run = |w| move || worker(w, start, stop);
        let crew: Vec<_> = (0..threads).map(|w| scope.spawn(run(w))).collect();
        start.wait();
        watch();
        stop.store(true, Ordering::Relaxed);
        crew.into_iter().map(|t| t.join().expect("no thread panics")).collect()
    })
}

fn unwatched(cell: Cell, work: Work) -> Shown {
    let cells = [const { AtomicU64::new(0) }; 16];
    let lock = AnyMutex::new(cell.kind, &cells).expect("a lock");
    let worker = |w: usize, start: &Barrier, stop: &AtomicBool| {
        let (mut rng, mut shown) = (Rng::with_seed(w as u64), Shown::default());
        start.wait();
        while !stop.load(Ordering::Relaxed) {
            let held = lock.try_lock().unwrap_or_else(|| {
                shown.contended += 1;
                lock.lock()
            });
            work.run();
            drop(held);
            shown.taken += 1;
            work.outside(&mut rng);
        }
        shown
    };
    let all = crew(cell.threads, worker, || std::thread::sleep(sample_time()));
    let sum = |f: fn(&Shown) -> u64| all.iter().map(f).sum();
    Shown { taken: sum(|s| s.taken), contended: sum(|s| s.contended), ..Shown::default() }
}

fn watched(cell: Cell, work: Work, fold: bool) -> Shown {
    let memory = RunMemory::create(RunMemorySize {
        workers: cell.threads,
        active: cell.threads,
        knobs: 0,
        resources: 1,
        extra: 0,
    })
    .expect("memory");
    let cells = [const { AtomicU64::new(0) }; 16];
    let lock = AnyMutex::new(cell.kind, &cells).expect("a lock");
    let worker = |w: usize, start: &Barrier, stop: &AtomicBool| {
        let mut rng = Rng::with_seed(w as u64);
        let mut pen = Recorder::new(RingWriter::new(memory.ring(WorkerId::from(w))), memory.clock());
        start.wait();
        pen.begin_life(pen.now());
        while !stop.load(Ordering::Relaxed) {
            let held = lock.lock_recorded(LOCK, &mut pen);
            work.run();
            held.release(LOCK, &mut pen);
            work.outside(&mut rng);
        }
    };
    let mut reader = Reader::new(&memory, cell, fold);
    crew(cell.threads, worker, || reader.until(Instant::now() + sample_time()));
    while reader.drain() > 0.0 {}
    let lost = (0..cell.threads).map(|w| memory.ring(WorkerId::from(w)).totals().1).sum();
    Shown { lost, ..reader.shown }
}

/// A reader that drains the rings at the pace of the program's own reader.
struct Reader<'a> {
    rings: Vec<RingReader<'a>>,
    origin: u64,
    model: Option<Model>,
    batch: Vec<Event>,
    shown: Shown,
}

impl<'a> Reader<'a> {
    fn new(memory: &'a RunMemory, cell: Cell, fold: bool) -> Self {
        Self {
            rings: (0..cell.threads).map(|w| RingReader::new(memory.ring(WorkerId::from(w)))).collect(),
            origin: memory.origin(),
            model: fold.then(|| Model::new(cast(cell), Budget::default())),
            batch: Vec::with_capacity(1 << 17),
            shown: Shown::default(),
        }
    }

    fn until(&mut self, end: Instant) {
        let mut pace = PACES.0;
        while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            std::thread::sleep(pace.min(left));
            pace = match self.drain() {
                f if f > 0.25 => (pace / 2).max(PACES.0),
                f if f < 0.05 => (pace * 5 / 4).min(PACES.1),
                _ => pace,
            };
        }
    }

    fn drain(&mut self) -> f32 {
        let mut fullest = 0_f32;
        for (w, ring) in self.rings.iter_mut().enumerate() {
            let (shown, batch, origin) = (&mut self.shown, &mut self.batch, self.origin);
            let fill = ring.drain(usize::MAX, |record| {
                // Costs about as much as the real conversion of ticks.
                let at = Stamp((record.ticks.saturating_sub(origin) as f64 * 0.4) as u64);
                let kind = record.kind();
                shown.taken += u64::from(matches!(kind, EventKind::Acquired { .. }));
                shown.contended += u64::from(matches!(kind, EventKind::LockWait { .. }));
                batch.push(Event { at, worker: WorkerId::from(w), kind });
            });
            fullest = fullest.max(fill);
        }
        let message = Message::Events(std::mem::take(&mut self.batch));
        if let Some(model) = &mut self.model {
            model.apply(&message);
        }
        // Freeing the memory here would interrupt the workers; in a run the reader is another process.
        if let Message::Events(events) = message {
            self.batch = events;
            self.batch.clear();
        }
        fullest
    }
}

fn cast(cell: Cell) -> Arc<Registry> {
    let worker = |i| WorkerInfo { name: format!("w{i}"), group: "w".into(), kind: WorkerKind::Thread, pool: None };
    Arc::new(Registry {
        workers: (0..cell.threads).map(worker).collect(),
        resources: vec![ResourceInfo { name: "m".into(), kind: ResourceKind::Mutex { kind: cell.kind } }],
        pools: Vec::new(),
        ..Registry::default()
    })
}

fn sample(cell: Cell, side: Side, work: Work) -> Shown {
    let mut others = Others::new();
    let shown = match side {
        Side::None | Side::Again => unwatched(cell, work),
        Side::Recorded => watched(cell, work, false),
        Side::Folded => watched(cell, work, true),
    };
    Shown { others: others.since(), ..shown }
}

/// Takes one sample of each side, in an order that shifts with each round.
fn round(cell: Cell, number: usize) -> [Shown; 4] {
    let work = Work::new(cell.micros * 1_000);
    wait_for_quiet(PATIENCE);
    let mut row = [Shown::default(); 4];
    for i in 0..SIDES.len() {
        let side = (i + number) % SIDES.len();
        row[side] = sample(cell, SIDES[side], work);
    }
    row
}

/// Returns the cores that other programs used during a round.
fn others(round: &[Shown; 4]) -> f64 {
    round.iter().map(|s| s.others).sum::<f64>() / (SIDES.len() as f64 * sample_time().as_secs_f64())
}

/// Prints a cell. Returns the share that waited and the throughput kept, for each side.
fn report(cell: Cell, rounds: &[[Shown; 4]]) -> ([f64; 4], [f64; 4]) {
    let of = |side: usize, f: fn(&Shown) -> f64| rounds.iter().map(|r| f(&r[side])).collect::<Vec<f64>>();
    let rate = |side| of(side, |s| s.taken as f64);
    let share = [0, 1, 2, 3].map(|side| median(&of(side, |s| s.share())));
    let keep = [0, 1, 2, 3].map(|side| ratio(&rate(side), &rate(0)));
    print!("{:12} {:4} us {:5} ", cell.kind.word(), cell.micros, cell.threads);
    print!(
        "{:6.0} | {:6.2} {:8.2} {:7.2} ",
        median(&rate(0)) / sample_time().as_secs_f64() / 1e3,
        keep[1],
        keep[2],
        keep[3]
    );
    print!("| {:6.3} {:6.3} {:8.3} {:7.3} ", share[0], share[1], share[2], share[3]);
    let lost: u64 = rounds.iter().flatten().map(|s| s.lost).sum();
    println!("| {lost:5} {:6.2}", median(&rounds.iter().map(others).collect::<Vec<_>>()));
    (share, keep)
}

fn main() {
    head("contention: throughput kept, and the share of acquisitions that had to wait, with and without recording");
    let cells: Vec<Cell> = [LockKind::Std, LockKind::ParkingLot]
        .into_iter()
        .flat_map(|kind| [1, 10].map(|micros| (kind, micros)))
        .flat_map(|(kind, micros)| [2, 4, 8].map(|threads| Cell { kind, micros, threads }))
        .collect();
    let mut rounds: Vec<Vec<[Shown; 4]>> = vec![Vec::new(); cells.len()];
    for number in (0..sized(ROUNDS, 2)).take_while(|number| *number < 2 || !is_late()) {
        for (cell, rounds) in cells.iter().zip(&mut rounds) {
            rounds.push(round(*cell, number));
        }
    }
    println!(
        "                               |   kept of the throughput | share that had to wait           |   lost and"
    );
    println!(
        "lock         section threads k/s |  again recorded  folded |   none  again recorded  folded | others' cores"
    );
    let (mut off, mut kept): ([f64; 4], Vec<f64>) = ([0.0; 4], Vec::new());
    for (cell, mut rounds) in cells.into_iter().zip(rounds) {
        rounds.sort_by(|a, b| others(a).total_cmp(&others(b)));
        rounds.truncate(rounds.len() / 2);
        let (share, keep) = report(cell, &rounds);
        off.iter_mut().zip(share).for_each(|(off, s)| *off = off.max((s - share[0]).abs()));
        kept.push(keep[2]);
    }
    println!("\n  noise: unrecorded and unrecorded differ by up to {:.3} in the share that waited", off[1]);
    Goal::AtMost(0.03).judge("share that waited, recorded against not, worst cell", off[2]);
    Goal::AtMost(0.03).judge("the same with events folded, worst cell", off[3]);
    Goal::AtLeast(0.97).judge("throughput kept, median cell", median(&kept));
    Goal::AtLeast(0.95).judge("throughput kept, worst cell", kept.iter().copied().fold(f64::INFINITY, f64::min));
}
