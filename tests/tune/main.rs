//! Tests of the tuning procedure: against simulated laws with a known answer and known noise, and on a machine that
//! other programs keep busy.

mod laws;
mod noise;
mod output;
mod queueing;
mod replay;
#[path = "../support/schema.rs"]
mod schema;
mod sentences;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contend::trace::State;
use contend::tune::{Bottleneck, Demands, LimitingResource, Tuning, TuningAnswer, TuningRequest, tune};
use laws::{CPU, DEMANDS, FALLS, FLAT, HELD, LOCK, REQUEST, SOFT, Simulated, simulate};

/// Lets tests of real workers' speed and tests that keep all cores busy run one after another.
fn measure_alone() -> MutexGuard<'static, ()> {
    static MEASURING: Mutex<()> = Mutex::new(());
    MEASURING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer(tuning: &Tuning) -> &TuningAnswer {
    &tuning.decision.as_ref().expect("it measured something").answer
}

#[test]
fn known_laws_get_the_right_answer() {
    for (noise, at_least) in [(0.005, 0.99), (0.02, 0.95)] {
        for law in [&CPU, &LOCK, &SOFT, &HELD, &FLAT, &FALLS] {
            const RUNS: u64 = 200;
            let right = |seed: &u64| {
                let tuning = simulate(law, noise, *seed, REQUEST);
                match answer(&tuning) {
                    TuningAnswer::Exact(n) | TuningAnswer::Flat(n) | TuningAnswer::LimitedElsewhere(n) => {
                        law.right.0 <= *n && *n <= law.right.1
                    }
                    TuningAnswer::Range { from, to, .. } => *from <= law.right.1 && law.right.0 <= *to,
                    _ => false,
                }
            };
            let share = (0..RUNS).filter(right).count() as f64 / RUNS as f64;
            assert!(share >= at_least, "{} at ±{noise}: {share} right", law.name);
        }
    }
}

#[test]
fn tuning_ends_within_its_budget() {
    for seed in 0..20 {
        let budget = Duration::from_secs(30);
        let tuning = simulate(&SOFT, 0.03, seed, TuningRequest { budget, ..REQUEST });
        assert!(tuning.elapsed <= budget + Duration::from_secs(1), "{:?}", tuning.elapsed);
        assert!(tuning.decision.is_some());
    }
}

#[test]
fn bottleneck_is_found() {
    let of = |law| simulate(law, 0.005, 1, REQUEST).decision.expect("a verdict").bottleneck;
    assert!(matches!(of(&CPU), Bottleneck::UsedUp(limit) if limit.resource == LimitingResource::Cpu));
    let Bottleneck::UsedUp(limit) = of(&LOCK) else { panic!("the lock is used up") };
    assert_eq!(limit.resource, LimitingResource::Lock("ledger".into()));
    assert!(
        (limit.max_rate / 1_000.0 - 1.0).abs() < 0.05 && (limit.service_demand_ns / 1e6 - 1.0).abs() < 0.05,
        "{limit:?}"
    );
    assert!(matches!(of(&FLAT), Bottleneck::Waiting { state: State::Sleep, .. } | Bottleneck::Unknown));
}

#[test]
fn each_kind_of_answer_is_given() {
    assert_eq!(*answer(&simulate(&CPU, 0.005, 1, REQUEST)), TuningAnswer::Exact(2.0));
    assert_eq!(*answer(&simulate(&HELD, 0.005, 1, REQUEST)), TuningAnswer::LimitedElsewhere(1.0));
    assert_eq!(*answer(&simulate(&FLAT, 0.005, 1, REQUEST)), TuningAnswer::Flat(1.0));
    let ranges = |seed: &u64| matches!(answer(&simulate(&SOFT, 0.03, *seed, REQUEST)), TuningAnswer::Range { .. });
    assert!((0..40).any(|seed| ranges(&seed)), "a soft corner under noise is a range");
    let noisy = |seed: &u64| matches!(answer(&simulate(&CPU, 0.5, *seed, REQUEST)), TuningAnswer::TooNoisy(_));
    assert!((0..40).filter(noisy).count() >= 38);
}

#[test]
fn unmeasured_levels_widen_the_answer_to_a_range() {
    let hasty = TuningRequest { budget: Duration::from_secs(26), ..REQUEST };
    for seed in 0..20 {
        let tuning = simulate(&LOCK, 0.005, seed, hasty);
        let TuningAnswer::Range { from, to, .. } = *answer(&tuning) else { panic!("{:?}", answer(&tuning)) };
        assert!((8.0..=10.0).contains(&from) && to >= 10.0 && tuning.curve.find(from).is_none(), "{from} to {to}");
    }
}

#[test]
fn busy_machine_is_too_noisy_for_an_answer() {
    let mut runner = Simulated { others: 1.4, ..Simulated::new(&CPU, 0.01, 3) };
    let tuning = tune(&mut runner, &REQUEST, |_| {});
    assert!(tuning.decision.is_none_or(|verdict| matches!(verdict.answer, TuningAnswer::TooNoisy(_))));
}

#[test]
fn deadlocking_levels_are_excluded_from_the_answer() {
    let simulated = |fails_from| {
        let mut runner = Simulated { fails_from: Some(fails_from), ..Simulated::new(&LOCK, 0.01, 4) };
        tune(&mut runner, &REQUEST, |_| {})
    };
    let some = simulated(8.0);
    let failing = some.curve.levels().iter().filter(|level| !level.failures.is_empty());
    assert!(failing.clone().count() > 0 && failing.clone().all(|level| level.value >= 8.0));
    assert!(failing.clone().all(|level| level.failures.len() == 1), "a failing level runs once");
    assert!(answer(&some).recommended_level().is_some_and(|level| level < 8.0));
    assert!(matches!(answer(&simulated(1.0)), TuningAnswer::NeverWorks(why) if why.contains("deadlock")));
}

#[test]
fn limits_on_p99_and_memory_exclude_levels() {
    let slow = Demands { max_p99_ns: Some(12e6), ..DEMANDS };
    // 1.5 * n / X(n): at 64 workers and 1,000 a second 96 ms.
    let tuning = simulate(&LOCK, 0.005, 5, TuningRequest { demands: slow, ..REQUEST });
    assert!(
        matches!(answer(&tuning), TuningAnswer::DemandsNotMet(why) if why.contains("p99")),
        "{:?}",
        answer(&tuning)
    );
    let memory = Demands { max_memory: Some(6_500_000), ..DEMANDS };
    let tuning = simulate(&LOCK, 0.005, 6, TuningRequest { demands: memory, ..REQUEST });
    assert!(answer(&tuning).recommended_level().is_some_and(|level| level <= 6.0), "{:?}", answer(&tuning));
}

#[test]
fn fresh_repetitions_confirm_the_answer() {
    let held =
        (0..50).filter(|seed| simulate(&LOCK, 0.01, *seed, REQUEST).is_confirmed(&DEMANDS) == Some(true)).count();
    assert!(held >= 47, "{held} of 50");
    let tuning = simulate(&LOCK, 0.01, 1, REQUEST);
    assert_eq!(tuning.open_loop.len(), 4);
    assert!(tuning.open_loop.iter().all(|loaded| loaded.repetition.is_some()));
}
