//! Runs random programs on real threads, processes and tasks, and compares how they end with every way in which the
//! world lets them end.
//!
//! Verdict and engine are checked at once: no worker that a verdict names may move again, every worker that is left
//! must be named, and the workers that are left must be a set that some order of moves leads to.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use contend::model::{Budget, Model};
use contend::scenario::{Source, check};
use contend::source::{EventSource, LiveRun};
use contend::trace::{EventKind, Message, Notice, Registry, RunEnd, State, WorkerId, WorkerInfo};
use fastrand::Rng;

use crate::explorer::clients::ROUNDS;
use crate::explorer::finals::finals;
use crate::explorer::kdl::scenario;
use crate::explorer::named_workers;
use crate::explorer::program::{Kind, Program, Size, Step};

/// Reached only on failure.
const DEADLINE: Duration = Duration::from_mins(1);
/// How long an end must last.
const SETTLED: Duration = Duration::from_millis(60);

/// Counts over all runs.
#[derive(Debug, Default)]
pub struct Counts {
    pub runs: u64,
    pub stuck: u64,
    /// Runs whose end was compared with all possible ends, and runs that could end in several ways.
    pub compared: u64,
    pub open: u64,
    /// Runs whose stalls may be unprovable.
    pub excused: u64,
    /// Programs without an equal scenario, and scenarios that the checker refuses.
    pub other: u64,
    pub refused: u64,
    /// Runs with clients, those of them that were compared, and those whose clients submitted more tasks than the
    /// world's.
    pub with_clients: u64,
    pub clients_compared: u64,
    pub busy: u64,
}

struct RealRun {
    live: LiveRun,
    model: Model,
    failures: Vec<String>,
    /// Lines on the standard error of the run, and notes of the run.
    lines: Vec<String>,
    ended: Option<RunEnd>,
    /// Tasks that clients submitted.
    by_clients: usize,
    /// Whether deaths can make a stall unprovable (`unprovable.rs`).
    is_excused: bool,
}

impl RealRun {
    /// Receives messages for a while. Returns whether there were any events.
    fn receive(&mut self, time: Duration) -> bool {
        let Ok(message) = self.live.messages().recv_timeout(time) else { return false };
        let before = self.model.health().events;
        self.model.apply(&message);
        self.note(&message);
        self.model.health().events > before
    }

    fn note(&mut self, message: &Message) {
        match message {
            Message::Batch(messages) => messages.iter().for_each(|message| self.note(message)),
            Message::Notice { notice: Notice::TaskFailed { message, .. }, .. } => self.failures.push(message.clone()),
            Message::Notice { notice: Notice::Stderr(line) | Notice::Note(line), .. } => self.lines.push(line.clone()),
            Message::Events(events) => {
                let feeders: Vec<WorkerId> =
                    self.model.registry().pools.iter().filter_map(|pool| pool.feeder).collect();
                let puts = events.iter().filter(|event| matches!(event.kind, EventKind::PutNth { .. }));
                self.by_clients += puts.filter(|event| feeders.contains(&event.worker)).count();
            }
            Message::Ended { reason, .. } => self.ended = Some(reason.clone()),
            _ => {}
        }
    }

    /// Returns a bit for each worker in a life.
    fn left(&self) -> u32 {
        let in_life = |w: &usize| {
            let lane = self.model.lane(WorkerId::from(*w));
            lane.life_count() > 0 && lane.ending().is_none()
        };
        (0..self.model.registry().workers.len()).filter(in_life).fold(0, |bits, w| bits | 1 << w)
    }

    /// Whether all of these workers wait for something without a time limit.
    fn is_waiting(&self, left: u32) -> bool {
        let waits = |w: usize| {
            let state = self.model.lane(WorkerId::from(w)).activity().state;
            matches!(state, State::Lock | State::Empty | State::Full | State::Signal)
        };
        (0..self.model.registry().workers.len()).all(|w| left >> w & 1 == 0 || waits(w))
    }

    /// Waits until every worker that is left is named by a verdict, or the run has ended. Returns the workers left.
    /// Where a stall may be unprovable, it is enough that all of them wait: then only false verdicts are found.
    fn end(&mut self) -> Result<u32, String> {
        let start = Instant::now();
        let (mut claimed, mut since) = (0, None::<(u32, Instant)>);
        loop {
            let moved = self.receive(Duration::from_millis(10));
            let (said, left) = (named_workers(&self.model), self.left());
            claimed |= said;
            if claimed & !left != 0 {
                return Err(format!("false: {claimed:b} were said to be stuck, {left:b} are left"));
            }
            if self.ended.as_ref().is_some_and(|reason| *reason != RunEnd::Completed) {
                return Err("it ended before its workers did".to_owned());
            }
            let is_stuck = said == left || self.is_excused && self.is_waiting(left);
            let is_over = self.ended.is_some() || left != 0 && is_stuck;
            since = since.filter(|(before, _)| is_over && !moved && *before == left);
            let (_, since) = *since.get_or_insert((left, Instant::now()));
            if is_over && since.elapsed() > SETTLED {
                return if self.ended.is_some() && left != 0 { Err(format!("ended with {left:b}")) } else { Ok(left) };
            }
            if start.elapsed() > DEADLINE {
                return Err(format!("missed: {said:b} are said to be stuck, {left:b} are left"));
            }
        }
    }
}

/// Returns the number that the world gives each worker of a run.
fn numbers(program: &Program, registry: &Registry) -> Vec<Option<usize>> {
    let seats = program.seats();
    let is_feeder = |at: usize| registry.pools.iter().any(|pool| pool.feeder == Some(WorkerId::from(at)));
    let number = |(at, worker): (usize, &WorkerInfo)| match worker.pool {
        Some(pool) => {
            let info = registry.pools.get(pool.index())?;
            let seat = info.workers.iter().position(|other| *other == WorkerId::from(at))?;
            let pool = info.name.strip_prefix('p')?.parse().ok()?;
            seats.iter().position(|other| *other == Some((pool, seat)))
        }
        None if is_feeder(at) => program.clients.filter(|clients| clients.count == 1).map(|clients| clients.first),
        None => worker.group.strip_prefix('w')?.parse().ok(),
    };
    registry.workers.iter().enumerate().map(number).collect()
}

/// Runs a program and checks how it ends.
fn run(seed: u64, counts: &mut Counts) -> Result<(), String> {
    let mut rng = Rng::with_seed(seed);
    // The other seeds keep their programs. Clients multiply the states, so the other workers are few.
    let with_clients = matches!(seed % 8, 2 | 6);
    let size = if with_clients { 2 } else { 4 };
    let mut program = Program::new(&mut rng, Size { workers: 3.min(size), steps: size, kinds: 2 });
    program.add_selects(&mut rng);
    // A worker of a scenario ends at a closed queue, the world's does not.
    program.workers.iter_mut().for_each(|steps| steps.retain(|step| !matches!(step, Step::Close(_))));
    program.pools.iter_mut().for_each(|pool| pool.task.retain(|step| !matches!(step, Step::Close(_))));
    let mut program = program.with_limits(&mut rng);
    if rng.bool() {
        program.add_kills(&mut rng);
    }
    if rng.f64() < 0.3 {
        program.add_forks(&mut rng);
    }
    program.tasks = !program.processes && program.copies.is_empty() && rng.bool();
    if with_clients {
        program.add_clients(&mut Rng::with_seed(seed));
        program.pools.iter_mut().for_each(|pool| pool.task.retain(|step| !matches!(step, Step::Close(_))));
    }
    let kills = program.processes && program.has(|step| matches!(step, Step::Kill(_)));
    let is_excused = kills && program.kinds.contains(&Kind::Queue(0));
    let Some(text) = scenario(&program, &mut rng) else {
        counts.other += 1;
        return Ok(());
    };
    let source = Source { name: "random".into(), path: None, text };
    let Ok(checked) = check(&source) else {
        counts.refused += 1;
        return Ok(());
    };
    let settings = checked.scenario.settings(&[], None, None).map_err(|why| why.to_string())?;
    let live = LiveRun::start_with_image(&checked.scenario, &settings, Some(env!("CARGO_BIN_EXE_contend").into()))
        .map_err(|why| format!("{why}"))?;
    let model = Model::new(Arc::clone(&live.header().registry), Budget { bytes: 1 << 20 });
    let mut run =
        RealRun { live, model, failures: Vec::new(), lines: Vec::new(), ended: None, by_clients: 0, is_excused };
    counts.excused += u64::from(is_excused);
    let end = run.end().and_then(|left| compare(&program, &mut run, left, counts));
    let health = run.model.health();
    end.and_then(|()| {
        let sound = health.anomalies + health.disagreements == 0;
        if sound { Ok(()) } else { Err(format!("events out of place: {health:?}")) }
    })
    .map_err(|why| {
        let RealRun { failures, lines, ended, .. } = &run;
        format!("{why}\nfailures {failures:?}\nended {ended:?}, standard error and notes {lines:?}\n{}", source.text)
    })
}

/// Compares the workers that are left with every set that can be left.
fn compare(program: &Program, run: &mut RealRun, left: u32, counts: &mut Counts) -> Result<(), String> {
    counts.runs += 1;
    counts.stuck += u64::from(left != 0);
    let numbers = numbers(program, run.model.registry());
    let number = |left: u32| {
        let here = numbers.iter().enumerate().filter(|(w, _)| left >> w & 1 == 1);
        here.filter_map(|(_, number)| *number).fold(0_u32, |bits, w| bits | 1 << w)
    };
    // A worker that fails ends, which the world's does only at a closed pool and without a result; and the world does
    // not let processes die where the run may.
    let kills = program.processes && program.has(|step| matches!(step, Step::Kill(_)));
    let busy = run.by_clients > ROUNDS;
    counts.with_clients += u64::from(program.clients.is_some());
    counts.busy += u64::from(busy);
    if !run.failures.is_empty() || kills || busy {
        return Ok(());
    }
    // Several clients share a lane, which ends with the first of them.
    let on_one_lane = program.clients.filter(|clients| clients.count > 1);
    let shared = (0..program.workers.len()).filter(|w| on_one_lane.is_some_and(|clients| clients.contains(*w)));
    let own = !shared.fold(0_u32, |bits, w| bits | 1 << w);
    let Some(ends) = finals(program) else { return Ok(()) };
    let ends: BTreeSet<u32> = ends.into_iter().map(|end| end & own).collect();
    counts.compared += 1;
    counts.clients_compared += u64::from(program.clients.is_some());
    counts.open += u64::from(ends.len() > 1);
    if ends.contains(&number(left)) {
        return Ok(());
    }
    let shown: BTreeSet<String> = ends.iter().map(|end| format!("{end:b}")).collect();
    Err(format!("impossible: {:b} are left, possible are {shown:?}", number(left)))
}

/// Runs the programs of these seeds.
pub fn check_real_runs(seeds: Range<u64>) -> Counts {
    let mut counts = Counts::default();
    for seed in seeds {
        run(seed, &mut counts).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
    }
    counts
}
