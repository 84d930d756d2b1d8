//! Checks verdicts against a simulator that knows which worker holds what, with and without lost events.
//!
//! Random programs of mutexes, rwlocks, semaphores, conditions, queues and joins, with timed and untimed waits, run in
//! the simulator, half of them with events, wait groups, queues without room, alternatives and mutexes of tasks as
//! well, a quarter also with cancellations. Their events are delivered worker by worker with random lag, and every
//! verdict is checked after every delivery. A program with a wrong verdict is shrunk and printed as a scenario.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may fail, and says what it counted")]

mod kdl;
mod more_waits;
mod program;
mod shrink;
mod trial;
mod truth;
mod wire;
mod world;

use std::ops::Range;
use std::process::Command;

use contend::trace::WorkerId;
use fastrand::Rng;

use crate::seeds::asked_seeds;
use crate::whole::inputs;

use self::program::{Kind, Program};
use self::trial::{Counts, Oracle, WrongVerdict, run};
use self::wire::Loss;
use self::world::{LockRequest, Wait, World};

/// Number of programs of each kind in every test run.
fn few() -> u64 {
    inputs(1_000, 4_000)
}

/// Number of programs in the ignored tests, with and without loss.
const MANY: u64 = 1_000_000;

/// Returns the program of a seed, and the kind of loss during its run.
fn program(seed: u64, lossy: bool) -> (Program, Loss) {
    let mut rng = Rng::with_seed(seed);
    let loss = match (lossy, rng.bool()) {
        (false, _) => Loss::Nothing,
        (true, true) => Loss::Some,
        (true, false) => Loss::Stretches,
    };
    let plain = rng.f64() < 0.2;
    (Program::new(&mut rng, plain), loss)
}

/// Runs the programs of these seeds. Panics at the first wrong verdict with a shrunk program, printed as a scenario.
fn check_programs(seeds: Range<u64>, lossy: bool) -> Counts {
    let mut tally = Counts::default();
    for seed in seeds.clone() {
        let (program, loss) = program(seed, lossy);
        let program = program.with_timeouts(&mut Rng::with_seed(seed));
        // The other seeds keep the programs of former wrong verdicts.
        let has_more = seed.is_multiple_of(2);
        let program = if has_more { program.with_more_waits(&mut Rng::with_seed(seed)) } else { program };
        let has_cancels = seed.is_multiple_of(4);
        let program = if has_cancels { program.with_cancels(&mut Rng::with_seed(!seed)) } else { program };
        match run(&program, seed, loss, World::deadlocked) {
            Ok(one) => tally.add(&one),
            Err(wrong) => {
                panic!("seed {seed}: {}\n{}", wrong.why, shrunk_scenario(&program, loss, &wrong, World::deadlocked))
            }
        }
        if (seed + 1 - seeds.start).is_multiple_of(100_000) {
            eprintln!("  {tally:?}");
        }
    }
    eprintln!("seeds {seeds:?}, {}: {tally:?}, 0 false, 0 missed", if lossy { "with loss" } else { "without loss" });
    assert!(tally.deadlocked > tally.programs / 10, "too few deadlocks to mean anything: {tally:?}");
    tally
}

/// Returns the smallest similar program with a wrong verdict, as a scenario.
fn shrunk_scenario(program: &Program, loss: Loss, wrong: &WrongVerdict, oracle: Oracle) -> String {
    let (small, wrong) = smallest(program, loss, wrong, oracle);
    kdl::scenario(&small, &wrong)
}

fn smallest(program: &Program, loss: Loss, wrong: &WrongVerdict, oracle: Oracle) -> (Program, WrongVerdict) {
    shrink::shrink(program, wrong, |program, seed| run(program, seed, loss, oracle).err())
}

/// Seeds of wrong verdicts that the long runs found. 1: a stall was reported although the event that contradicts it
/// was lost. 2: with writer preference, a reader also waits for writers that came later. 3: ended workers were read
/// after the lacking resources, and one of them released a resource in between.
#[test]
fn former_wrong_verdicts_stay_fixed() {
    for seed in [3_018_358, 3_146_940, 3_180_657] {
        let (program, loss) = program(seed, true);
        run(&program, seed, loss, World::deadlocked).unwrap_or_else(|wrong| panic!("seed {seed}: {}", wrong.why));
    }
}

#[test]
fn every_verdict_is_true_and_none_is_missed() {
    let few = few();
    let tally = check_programs(0..few, false);
    assert!(tally.stalled > few / 20, "too few stalls to mean anything: {tally:?}");
    assert!(tally.other_waits > few / 50, "too few other waits to mean anything: {tally:?}");
    assert!(tally.cancelled > few / 50, "too few cancellations to mean anything: {tally:?}");
    assert_eq!((tally.hidden, tally.recovered), (0, 0));
}

#[test]
fn every_verdict_is_true_when_events_are_lost_and_wait_slots_complete_it() {
    let few = few();
    let tally = check_programs(MANY..MANY + few, true);
    assert!(tally.hidden > few / 100 && tally.hidden_stalls > few / 100, "the slots have nothing to do: {tally:?}");
    assert!(tally.other_waits > few / 50, "too few other waits to mean anything: {tally:?}");
    assert!(tally.cancelled > few / 50, "too few cancellations to mean anything: {tally:?}");
}

#[test]
#[ignore = "takes ten minutes: cargo test --profile fuzz --test proofs verdicts -- --ignored --nocapture"]
fn verdicts_of_a_million_programs_are_right() {
    check_programs(asked_seeds(2 * MANY, MANY), false);
}

#[test]
#[ignore = "takes ten minutes: cargo test --profile fuzz --test proofs verdicts -- --ignored --nocapture"]
fn verdicts_of_a_million_programs_with_lost_events_are_right() {
    check_programs(asked_seeds(3 * MANY, MANY), true);
}

/// Returns the deadlocked workers, unless one of them has a wait of this kind, which the oracle does not know.
fn without(world: &World, unknown: impl Fn(&World, Wait) -> bool) -> Vec<WorkerId> {
    let all = world.deadlocked();
    let waits = |w: &WorkerId| world.workers[w.index()].waits.is_some_and(|wait| unknown(world, wait));
    if all.iter().any(waits) { Vec::new() } else { all }
}

fn is_at(world: &World, wait: Wait, kind: fn(Kind) -> bool) -> bool {
    matches!(wait, Wait::Lock(LockRequest { lock, .. }) if kind(world.kinds[lock]))
}

#[test]
fn wrong_verdict_shrinks_to_a_scenario_that_replays() {
    let broken: [(&str, Oracle); 4] = [
        ("mutex", |world| without(world, |world, wait| is_at(world, wait, |kind| kind == Kind::Mutex))),
        ("semaphore", |world| {
            without(world, |world, wait| is_at(world, wait, |kind| matches!(kind, Kind::Semaphore(_))))
        }),
        ("rwlock", |world| without(world, |world, wait| is_at(world, wait, |kind| matches!(kind, Kind::Rwlock(_))))),
        ("join", |world| without(world, |_, wait| matches!(wait, Wait::End(_)))),
    ];
    for (what, oracle) in broken.into_iter().take(inputs(1, 4)) {
        let found = (0..MANY).find_map(|seed| {
            let (program, loss) = program(seed, false);
            Some((run(&program, seed, loss, oracle).err()?, program))
        });
        let (wrong, program) = found.expect("the oracle is wrong");
        let (small, wrong) = smallest(&program, Loss::Nothing, &wrong, oracle);
        let text = kdl::scenario(&small, &wrong);
        let steps: usize = small.steps().iter().map(Vec::len).sum();
        assert!(wrong.why.starts_with("false: ") && steps <= 8, "{what}: not small: {text}");
        // The scheduler can delay a step beyond the sleeps that order the steps.
        let replays = (0..5).any(|_| wrong.why.contains(&replay(&text)));
        assert!(replays, "{what}: does not replay\n{text}");
        eprintln!("{what}:\n{text}");
    }
}

/// Runs a scenario and returns the workers deadlocked at its end, in the format of the error message.
fn replay(text: &str) -> String {
    let file = tempfile::Builder::new().suffix(".kdl").tempfile().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let mut contend = Command::new(env!("CARGO_BIN_EXE_contend"));
    let output = contend.arg("run").arg(file.path()).args(["--headless", "--json", "--for", "10s"]).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}\n{text}", String::from_utf8_lossy(&output.stderr)));
    let deadlock = &report["deadlocks"][0];
    let ring = deadlock["ring"].as_array().into_iter().flatten().map(|link| &link["worker"]);
    let victims = deadlock["victims"].as_array().into_iter().flatten();
    let number = |name: &serde_json::Value| WorkerId(name.as_str().unwrap().trim_start_matches('w').parse().unwrap());
    let mut set: Vec<WorkerId> = ring.chain(victims).map(number).collect();
    set.sort_unstable();
    format!("{set:?} are said to be deadlocked")
}
