//! Runs one program to its end in one order of moves and deliveries, and compares every verdict with the truth.

use std::collections::BTreeSet;

use contend::model::{Budget, Deadlock, Model};
use contend::trace::WorkerId;
use fastrand::Rng;

use super::program::Program;
use super::wire::{Loss, Wire, registry};
use super::world::{Wait, World};

/// The workers that are deadlocked in truth.
pub type Oracle = fn(&World) -> Vec<WorkerId>;

/// Counts over all runs.
#[derive(Debug, Default)]
pub struct Counts {
    pub programs: u64,
    pub deadlocked: u64,
    pub stalled: u64,
    /// Verdicts that would have been missed, at least in part, without the wait slots; of these, stalls.
    pub hidden: u64,
    pub hidden_stalls: u64,
    /// Waits read from wait slots.
    pub recovered: u64,
    /// Stalls of workers that wait for an event or a wait group, at a queue without room, or for one of several.
    pub other_waits: u64,
    /// Programs in which workers were cancelled; of these, programs with a deadlock that no verdict names, because
    /// events of a worker that can cancel were lost, among which a cancellation may have been.
    pub cancelled: u64,
    pub unprovable: u64,
}

impl Counts {
    pub fn add(&mut self, other: &Self) {
        self.programs += other.programs;
        self.deadlocked += other.deadlocked;
        self.stalled += other.stalled;
        self.hidden += other.hidden;
        self.hidden_stalls += other.hidden_stalls;
        self.recovered += other.recovered;
        self.other_waits += other.other_waits;
        self.cancelled += other.cancelled;
        self.unprovable += other.unprovable;
    }
}

/// A wrong verdict, and the moves before it.
#[derive(Debug)]
pub struct WrongVerdict {
    pub why: String,
    pub moves: Vec<(usize, usize)>,
}

/// Runs a program: `seed` determines the order of moves and deliveries, and the losses. With an odd seed, workers
/// delay their moves and records, and snapshots are frequent.
pub fn run(program: &Program, seed: u64, loss: Loss, oracle: Oracle) -> Result<Counts, WrongVerdict> {
    let mut rng = Rng::with_seed(seed);
    let wire = Wire::new(program.workers.len(), loss, rng.fork());
    let late = seed % 2 == 1;
    let mut world = World::new(program, wire, late);
    play(program, &mut world, &mut rng, loss, oracle).map_err(|why| WrongVerdict { why, moves: world.moves })
}

fn play(program: &Program, world: &mut World, rng: &mut Rng, loss: Loss, oracle: Oracle) -> Result<Counts, String> {
    let mut model = Model::new(registry(program), Budget { bytes: 1 << 16 });
    let (lag, looks) = (rng.f64(), if rng.bool() { 0.1 } else { 0.0 });
    let looks = if world.late { 0.4 } else { looks };
    let mut said = BTreeSet::new();
    loop {
        if rng.f64() < looks {
            world.read_slots(&mut model);
        }
        let deliver = rng.f64() > lag;
        if world.may_delay(rng) {
            check_deadlocks(&model, world, oracle, &mut said)?;
        } else if let Some(w) = rng.choice(world.movable()) {
            world.step(w, rng);
        } else if !world.wire.deliver(&mut model) {
            break;
        }
        if deliver {
            world.wire.deliver(&mut model);
        }
        check_deadlocks(&model, world, oracle, &mut said)?;
    }
    check_deadlocks(&model, world, oracle, &mut said)?;
    let truth = oracle(world);
    let (deadlocked, stall) = (deadlocked_set(&model), model.stall());
    if loss == Loss::Nothing {
        check_events_alone(&model, world, &truth, &said)?;
        check_reverse_order(program, world, &model)?;
    }
    world.take_final_snapshots(&mut model);
    check_deadlocks(&model, world, oracle, &mut said)?;
    check_stuck_workers_stayed(world, &said)?;
    check_final_verdicts(&model, world, &truth, program, loss)?;
    for deadlock in model.deadlocks() {
        check_ring(world, deadlock)?;
    }
    check_rings_are_disjoint(model.deadlocks())?;
    let stalled = model.stall().is_some();
    Ok(Counts {
        programs: 1,
        deadlocked: u64::from(!truth.is_empty()),
        stalled: u64::from(stalled),
        hidden: u64::from(deadlocked != truth || stall != model.stall()),
        hidden_stalls: u64::from(stall != model.stall()),
        recovered: model.health().recovered,
        other_waits: u64::from(
            model.stall().is_some_and(|stall| stall.workers.iter().any(|w| world.waits_elsewhere(*w))),
        ),
        cancelled: u64::from(world.workers.iter().any(|worker| worker.cancelled)),
        unprovable: u64::from(deadlocked_set(&model) != truth),
    })
}

/// Checks the final verdicts after the last snapshots, for any loss: the deadlock, and all remaining workers.
/// Slots must confirm earlier verdicts; they do not show cancellations.
fn check_final_verdicts(
    model: &Model,
    world: &World,
    truth: &[WorkerId],
    program: &Program,
    loss: Loss,
) -> Result<(), String> {
    let (found, stall, health) = (deadlocked_set(model), model.stall(), model.health());
    if found != truth && !world.may_have_lost_cancels() {
        return Err(format!("missed: found {found:?}, truth {truth:?}"));
    }
    let mut all: Vec<WorkerId> = stall.iter().flat_map(|stall| &stall.workers).chain(&found).copied().collect();
    all.sort_unstable();
    let left: Vec<WorkerId> = world.left().into_iter().map(|(w, _)| WorkerId::from(w)).collect();
    let may_lose_cancels = loss != Loss::Nothing && program.has_cancels();
    let is_complete = !program.keeps() && !program.has_selects() && !may_lose_cancels;
    if let Some(wrong) = all.iter().find(|w| !left.contains(w)) {
        return Err(format!("false: {wrong:?} is said to be stuck, {left:?} are left"));
    }
    if all != left && is_complete {
        return Err(format!("missed: {all:?} are said to be stuck, {left:?} are left"));
    }
    let to_bear_out =
        !program.has_cancels() && (!found.is_empty() && !program.has_selects() || stall.is_some() && is_complete);
    let nothing = found.is_empty() && stall.is_none();
    if health.disagreements > 0
        || to_bear_out && health.confirmed_verdicts == 0
        || nothing && health.confirmed_verdicts > 0
    {
        return Err(format!("the slots do not say what the events do: {health:?}"));
    }
    Ok(())
}

fn deadlocked_set(model: &Model) -> Vec<WorkerId> {
    model.deadlocked_workers().to_vec()
}

/// Checks that every worker of a deadlock verdict is stuck, and remembers the workers reported as stuck and their
/// steps.
fn check_deadlocks(
    model: &Model,
    world: &World,
    oracle: Oracle,
    said: &mut BTreeSet<(usize, usize)>,
) -> Result<(), String> {
    let (set, stall) = (deadlocked_set(model), model.stall());
    if !set.is_empty() {
        let truth = oracle(world);
        if set.iter().any(|w| !truth.contains(w)) {
            return Err(format!("false: {set:?} are said to be deadlocked, {truth:?} are"));
        }
    }
    let all = set.into_iter().chain(stall.into_iter().flat_map(|stall| stall.workers));
    said.extend(all.map(|w| (w.index(), world.workers[w.index()].pc)));
    Ok(())
}

/// Checks that no worker reported as stuck has moved since.
fn check_stuck_workers_stayed(world: &World, said: &BTreeSet<(usize, usize)>) -> Result<(), String> {
    let left = world.left();
    match said.iter().find(|claim| !left.contains(claim)) {
        Some(claim) => Err(format!("false: {claim:?} was said to be stuck, {left:?} are left")),
        None => Ok(()),
    }
}

/// Checks that events alone, without losses, give the deadlock and all remaining waiters, also at orphaned locks.
fn check_events_alone(
    model: &Model,
    world: &World,
    truth: &[WorkerId],
    said: &BTreeSet<(usize, usize)>,
) -> Result<(), String> {
    let left: BTreeSet<(usize, usize)> = world.left().into_iter().collect();
    let health = model.health();
    match (deadlocked_set(model) == truth, *said == left) {
        (false, _) => Err(format!("missed: found {:?}, truth {truth:?}", deadlocked_set(model))),
        (_, false) => Err(format!("{left:?} are left, {said:?} were said to be stuck")),
        _ if health.anomalies + health.recovered > 0 => Err(format!("nothing was lost: {health:?}")),
        _ => Ok(()),
    }
}

/// Checks that the order of arrival does not matter.
fn check_reverse_order(program: &Program, world: &World, model: &Model) -> Result<(), String> {
    let mut other = Model::new(registry(program), Budget { bytes: 1 << 16 });
    world.wire.reversed_messages().for_each(|message| other.apply(&message));
    let same = other.deadlocks() == model.deadlocks() && other.wait_for_graph() == model.wait_for_graph();
    if same { Ok(()) } else { Err("it depends on the order of arrival".to_owned()) }
}

/// Checks that each worker of the ring holds what the verdict says, or queues for it, and waits for a holder that the
/// verdict names. In a simple ring that is the next worker.
fn check_ring(world: &World, verdict: &Deadlock) -> Result<(), String> {
    let mut all: Vec<WorkerId> = verdict.cycle.iter().map(|link| link.worker).collect();
    let wants = |w: WorkerId, on| match world.workers[w.index()].waits {
        Some(Wait::Lock(asked)) => !asked.timed && asked.lock == on,
        Some(Wait::End(other)) => world.life(other).is_some_and(|life| life.index() == on),
        _ => false,
    };
    let has = |w: WorkerId, on: usize| {
        let held = world.workers[w.index()].held.iter().flatten().any(|(lock, _)| *lock == on);
        held || world.life(w.index()).is_some_and(|life| life.index() == on)
    };
    let mut good = !verdict.cycle.is_empty();
    let mut waited_for = Vec::new();
    for (link, next) in verdict.cycle.iter().zip(verdict.cycle.iter().cycle().skip(1)) {
        let gives = |w: &WorkerId| has(*w, link.wants.index()) || wants(*w, link.wants.index());
        good &=
            wants(link.worker, link.wants.index()) && !link.waits_for.is_empty() && link.waits_for.iter().all(gives);
        good &= has(link.worker, link.holds.index()) != link.is_ahead_in_queue;
        good &= !link.is_ahead_in_queue || wants(link.worker, link.holds.index());
        good &= !verdict.is_simple_cycle() || link.wants == next.holds;
        waited_for.extend(&link.waits_for);
    }
    good &= all.iter().all(|w| waited_for.contains(w));
    all.extend(&verdict.victims);
    all.sort_unstable();
    if good && all == verdict.workers { Ok(()) } else { Err(format!("that is no ring: {verdict:?}")) }
}

/// Checks that no worker is in two rings.
fn check_rings_are_disjoint(deadlocks: &[Deadlock]) -> Result<(), String> {
    let mut all: Vec<WorkerId> = deadlocks.iter().flat_map(|d| &d.cycle).map(|link| link.worker).collect();
    let members = all.len();
    all.sort_unstable();
    all.dedup();
    if all.len() == members { Ok(()) } else { Err(format!("rings that share a worker: {deadlocks:?}")) }
}
