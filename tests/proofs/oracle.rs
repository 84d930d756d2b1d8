//! Checks deadlock verdicts against the kernel's, on real threads.
//!
//! Random lock programs run over `FUTEX_LOCK_PI`: the kernel knows the owner of such a lock, and returns `EDEADLK` to
//! the thread that would close a ring. The threads record events as workers do, and the test reads their rings with
//! random lag. Every verdict of the model must be true. When all threads are at rest, the model must agree with the
//! kernel: the same threads, in a ring that matches the owners in the kernel's lock words.

#![allow(clippy::print_stderr, reason = "it says what it counted")]

mod world;

use std::ops::Range;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use contend::model::{Budget, Deadlock, Model};
use contend::platform::Clock;
use contend::trace::{Event, Message, Ring, RingReader, Stamp, WorkerId};
use fastrand::Rng;

use self::world::{Status, Thread, World};

/// Number of programs, overridden by `ORACLE_RUNS`; `ORACLE_SEED` runs a single one.
const RUNS: u64 = 400;
/// Reached only on failure.
const DEADLINE: Duration = Duration::from_secs(30);

/// The state with all threads at rest: each has finished or can never continue.
#[derive(Debug)]
struct Truth {
    status: Vec<Status>,
    owners: Vec<Option<usize>>,
    stuck: Vec<bool>,
}

impl Truth {
    /// Returns the kernel's verdict once all threads are at rest, `None` before.
    fn of(world: &World) -> Option<Self> {
        let before = world.statuses();
        let owners: Vec<Option<usize>> = (0..world.locks.len()).map(|l| world.owner(l)).collect();
        if before != world.statuses() {
            return None;
        }
        let status: Vec<Status> = before.into_iter().map(|(_, status)| status).collect();
        let mut stuck: Vec<bool> = status.iter().map(|s| matches!(s, Status::Refused(_))).collect();
        let blocked =
            |s: &Status, stuck: &[bool]| matches!(s, Status::Wants(l) if owners[*l].is_some_and(|o| stuck[o]));
        while let Some(next) = (0..stuck.len()).find(|w| !stuck[*w] && blocked(&status[*w], &stuck)) {
            stuck[next] = true;
        }
        let at_rest = status.iter().zip(&stuck).all(|(s, stuck)| *stuck || *s == Status::Finished);
        at_rest.then_some(Self { status, owners, stuck })
    }

    fn wants(&self, worker: usize) -> Option<usize> {
        match self.status[worker] {
            Status::Wants(lock) | Status::Refused(lock) => Some(lock),
            Status::Runs | Status::Finished => None,
        }
    }

    fn stuck(&self) -> Vec<WorkerId> {
        (0..self.stuck.len()).filter(|w| self.stuck[*w]).map(WorkerId::from).collect()
    }

    fn refused(&self) -> Vec<usize> {
        (0..self.status.len()).filter(|w| matches!(self.status[*w], Status::Refused(_))).collect()
    }

    /// Returns the ring behind a refusal, from owner to owner until one repeats. The kernel refuses the thread that
    /// would close a ring, and sometimes also a thread that merely meets the ring: the closing thread already waits
    /// while it is being refused.
    fn ring_of(&self, refused: usize) -> Vec<usize> {
        let mut way = vec![refused];
        loop {
            let next = self.wants(*way.last().expect("not empty")).and_then(|lock| self.owners[lock]);
            let next = next.unwrap_or_else(|| panic!("the kernel refused without a ring: {way:?} in {self:?}"));
            if let Some(start) = way.iter().position(|w| *w == next) {
                let mut ring = way.split_off(start);
                ring.sort_unstable();
                return ring;
            }
            way.push(next);
        }
    }

    /// Returns the difference between the model's verdict and the kernel's, if any.
    fn check(&self, model: &Model) -> Result<(), String> {
        if model.deadlocked_workers() != self.stuck() {
            return Err(format!(
                "kernel: {:?} can never continue, model: {:?}",
                self.stuck(),
                model.deadlocked_workers()
            ));
        }
        let mut rings = Vec::new();
        for deadlock in model.deadlocks() {
            self.check_links(deadlock)?;
            let mut ring: Vec<usize> = deadlock.cycle.iter().map(|link| link.worker.index()).collect();
            ring.sort_unstable();
            rings.push(ring);
        }
        rings.sort_unstable();
        let mut theirs: Vec<Vec<usize>> = self.refused().iter().map(|w| self.ring_of(*w)).collect();
        theirs.sort_unstable();
        theirs.dedup();
        if theirs == rings { Ok(()) } else { Err(format!("rings {rings:?}, the kernel's {theirs:?}")) }
    }

    fn check_links(&self, deadlock: &Deadlock) -> Result<(), String> {
        for (link, next) in deadlock.cycle.iter().zip(deadlock.cycle.iter().cycle().skip(1)) {
            let true_owner = self.owners[link.holds.index()] == Some(link.worker.index());
            let true_wait = self.wants(link.worker.index()) == Some(link.wants.index());
            if !(true_owner && true_wait && link.wants == next.holds && link.waits_for == [next.worker]) {
                return Err(format!("{link:?} is not so"));
            }
        }
        Ok(())
    }
}

/// Reads the rings and applies their events to a model.
struct Reader<'a> {
    rings: Vec<RingReader<'a>>,
    model: Model,
    origin: u64,
}

impl<'a> Reader<'a> {
    fn new(world: &'a World) -> Self {
        Self {
            rings: world.workers.iter().map(|w| RingReader::new(Ring::new(&w.ring))).collect(),
            model: Model::new(world.registry(), Budget { bytes: 1 << 16 }),
            origin: Clock::best().ticks(),
        }
    }

    /// Reads up to `limit` records of one ring. Returns whether there were any.
    fn take(&mut self, worker: usize, limit: usize) -> bool {
        let mut events = Vec::new();
        let (origin, id) = (self.origin, WorkerId::from(worker));
        self.rings[worker].drain(limit, |r| {
            events.push(Event { at: Stamp(r.ticks.saturating_sub(origin)), worker: id, kind: r.kind() });
        });
        let any = !events.is_empty();
        self.model.apply(&Message::Events(events));
        any
    }
}

/// The result of a run: whether it deadlocked, and whether the model reported that before all threads were at rest.
struct RunResult {
    deadlock: bool,
    refused: usize,
    early: bool,
}

/// Runs one program.
///
/// # Errors
/// If model and kernel disagree.
fn run_and_compare(world: &World, rng: &mut Rng) -> Result<RunResult, String> {
    let mut reader = Reader::new(world);
    let mut claims: Vec<Vec<WorkerId>> = Vec::new();
    let start = Instant::now();
    let truth = loop {
        reader.take(rng.usize(..world.workers.len()), rng.usize(1..=6));
        claims.push(reader.model.deadlocked_workers().to_vec());
        claims.dedup();
        if let Some(truth) = Truth::of(world) {
            break truth;
        }
        if start.elapsed() > DEADLINE {
            return Err(format!("never came to rest: {:?}", world.statuses()));
        }
        std::thread::yield_now();
    };
    let early = claims.iter().any(|claim| !claim.is_empty());
    while (0..world.workers.len()).any(|w| reader.take(w, usize::MAX)) {}
    if let Some(wrong) = claims.iter().flatten().find(|w| !truth.stuck().contains(w)) {
        return Err(format!("{wrong:?} was said to be stuck, {:?} are", truth.stuck()));
    }
    let health = reader.model.health();
    if health.lost + health.anomalies > 0 {
        return Err(format!("{health:?}"));
    }
    truth.check(&reader.model)?;
    Ok(RunResult { deadlock: !truth.stuck().is_empty(), refused: truth.refused().len(), early })
}

/// Counts over all runs.
#[derive(Debug, Default)]
struct Counts {
    deadlocks: u64,
    refused: usize,
    early: u64,
}

/// Runs the program of one seed.
fn run(seed: u64, tally: &mut Counts) {
    let mut rng = Rng::with_seed(seed);
    let world = Arc::new(World::new(&mut rng));
    let spawn = |w| {
        let world = Arc::clone(&world);
        let thread = std::thread::Builder::new().name(format!("worker-{w}"));
        thread.spawn(move || Thread::run(&world, w)).expect("a thread")
    };
    let threads: Vec<JoinHandle<()>> = (0..world.workers.len()).map(spawn).collect();
    // Check before joining: joining threads that the kernel blocks would wait forever.
    let shown = run_and_compare(&world, &mut rng).unwrap_or_else(|why| panic!("ORACLE_SEED={seed}: {why}"));
    world.end();
    for thread in threads {
        thread.join().expect("no thread panics");
    }
    tally.deadlocks += u64::from(shown.deadlock);
    tally.refused += shown.refused;
    tally.early += u64::from(shown.early);
}

/// Runs the programs of these seeds; model and kernel must agree on each.
fn check_agreement(seeds: Range<u64>) {
    let mut tally = Counts::default();
    seeds.clone().for_each(|seed| run(seed, &mut tally));
    let runs = seeds.end - seeds.start;
    let Counts { deadlocks, refused, early } = tally;
    eprintln!(
        "seeds {seeds:?}: {runs} runs, {deadlocks} with a deadlock, EDEADLK {refused} times, \
         {early} found while others still ran; 0 false, 0 missed"
    );
    let both_often = (runs / 10..runs - runs / 10).contains(&deadlocks);
    assert!(runs == 1 || both_often, "{deadlocks} deadlocks in {runs} runs: too one-sided to mean anything");
}

#[test]
fn verdict_agrees_with_the_kernel() {
    let asked = |name| std::env::var(name).ok().and_then(|s| s.parse::<u64>().ok());
    let runs = asked("ORACLE_RUNS").unwrap_or(RUNS);
    check_agreement(asked("ORACLE_SEED").map_or(0..runs, |seed| seed..seed + 1));
}

#[test]
#[ignore = "takes a minute or more: cargo test --test proofs oracle -- --ignored --nocapture"]
fn verdict_agrees_with_the_kernel_2_000_times() {
    check_agreement(10_000..12_000);
}
