//! The tuning procedure against laws whose answer is known, with noise that is known, and no machine in between.

use std::sync::Arc;
use std::time::Duration;

use contend::model::{Budget, Model, Shares};
use contend::trace::{Cast, ResourceId, State};
use contend::tune::{
    Answer, Bottleneck, Demands, Lab, Percentiles, Question, Repetition, Resource, Tried, Tuning, Used, tune,
};

/// A law: throughput, cores in use, and held shares of one lock at a number of workers.
struct Law {
    name: &'static str,
    rate: fn(f64) -> f64,
    cores: fn(f64) -> f64,
    lock: fn(f64) -> f64,
    /// Answers that are right.
    right: (f64, f64),
}

/// A laboratory in which a law holds but for noise, and time passes at once.
struct Simulated<'a> {
    law: &'a Law,
    /// Deviation of a repetition, as a part.
    noise: f64,
    others: f64,
    dice: fastrand::Rng,
    clock: Duration,
    fails_from: Option<f64>,
}

impl Simulated<'_> {
    fn normal(&mut self) -> f64 {
        let (u, v) = (self.dice.f64().max(f64::MIN_POSITIVE), self.dice.f64());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }
}

impl Lab for Simulated<'_> {
    fn try_at(&mut self, level: f64, rate: Option<f64>) -> Tried {
        self.clock += Duration::from_millis(850);
        let model = Box::new(Model::new(Arc::new(Cast::default()), Budget::default()));
        if self.fails_from.is_some_and(|from| level >= from) {
            return Tried::Failed("deadlock of left and right".to_owned(), model);
        }
        let exact = rate.unwrap_or((self.law.rate)(level));
        let throughput = exact * (1.0 + self.noise * self.normal()).max(0.05);
        let mut spent = Shares::default();
        spent.put(State::Running, 400_000_000);
        spent.put(State::Sleep, 100_000_000);
        let at = |ns: f64| Percentiles { p50: ns, p90: ns * 1.2, p99: ns * 1.5, max: ns * 2.0 };
        let service = at(level / throughput * 1e9);
        let lock =
            Used { name: "ledger".into(), id: ResourceId(0), room: 1, held: (self.law.lock)(level), waited: 0.0 };
        Tried::Measured(
            Box::new(Repetition {
                secs: 0.6,
                done: (throughput * 0.6) as u64,
                failed: 0,
                throughput,
                service: Some(service),
                response: Some(service),
                spent,
                used: vec![lock],
                cores: (self.law.cores)(level),
                others: Some(self.others),
                switches: (1.0, 0.0),
                memory: (level * 1e6) as u64,
                lost: 0,
            }),
            model,
        )
    }

    fn elapsed(&self) -> Duration {
        self.clock
    }

    fn stopped(&self) -> bool {
        false
    }
}

const DEMANDS: Demands = Demands { epsilon: 0.05, p99: None, memory: None };

const QUESTION: Question = Question {
    over: (1.0, 64.0),
    whole: true,
    cores: 2.0,
    demands: DEMANDS,
    budget: Duration::from_secs(90),
    open: true,
    even_disturbed: false,
    seed: 0,
};

/// W1: only CPU, two cores.
const CPU: Law =
    Law { name: "cpu", rate: |n| 495.0 * n.min(2.0), cores: |n| n.min(2.0), lock: |_| 0.01, right: (2.0, 2.0) };
/// W3: 9 ms outside and 1 ms inside one lock.
const LOCK: Law = Law {
    name: "lock",
    rate: |n| (n / 0.010).min(1_000.0),
    cores: |n| n.min(10.0) * 0.02,
    lock: |n| (n / 10.0).min(1.0),
    right: (9.0, 11.0),
};
/// W2: 2 ms CPU and 18 ms sleep, as measured: a soft corner.
const SOFT: Law = Law {
    name: "soft",
    rate: |n| 950.0 * (1.0 - (-n / 8.5).exp()),
    cores: |n| 1.95 * (1.0 - (-n / 8.5).exp()),
    lock: |_| 0.0,
    right: (20.0, 32.0),
};
/// W8: one lock, always held.
const HELD: Law = Law { name: "held", rate: |_| 800.0, cores: |_| 0.8, lock: |_| 0.99, right: (1.0, 1.0) };
/// Flat, and nothing is used up.
const FLAT: Law = Law { name: "flat", rate: |_| 100.0, cores: |_| 0.1, lock: |_| 0.05, right: (1.0, 1.0) };
/// Falls beyond its best: threads that spin.
const FALLS: Law = Law {
    name: "falls",
    rate: |n| if n <= 3.0 { 400.0 * n } else { 1_200.0 / (1.0 + 0.15 * (n - 3.0)) },
    cores: |n| n.min(2.0),
    lock: |_| 0.3,
    right: (3.0, 3.0),
};

fn simulate(law: &Law, noise: f64, seed: u64, question: Question) -> Tuning {
    let dice = fastrand::Rng::with_seed(seed);
    let mut lab = Simulated { law, noise, others: 0.02, dice, clock: Duration::ZERO, fails_from: None };
    tune(&mut lab, &Question { seed, ..question }, |_| {})
}

fn answer(tuning: &Tuning) -> &Answer {
    &tuning.verdict.as_ref().expect("it measured something").answer
}

#[test]
fn known_laws_are_answered_rightly() {
    for (noise, at_least) in [(0.005, 0.99), (0.02, 0.95)] {
        for law in [&CPU, &LOCK, &SOFT, &HELD, &FLAT, &FALLS] {
            const RUNS: u64 = 200;
            let right = |seed: &u64| {
                let tuning = simulate(law, noise, *seed, QUESTION);
                match answer(&tuning) {
                    Answer::Number(n) | Answer::Flat(n) | Answer::Elsewhere(n) => {
                        law.right.0 <= *n && *n <= law.right.1
                    }
                    Answer::Range(from, to) => *from <= law.right.1 && law.right.0 <= *to,
                    _ => false,
                }
            };
            let share = (0..RUNS).filter(right).count() as f64 / RUNS as f64;
            assert!(share >= at_least, "{} at ±{noise}: {share} right", law.name);
        }
    }
}

#[test]
fn the_time_given_is_kept() {
    for seed in 0..20 {
        let budget = Duration::from_secs(30);
        let tuning = simulate(&SOFT, 0.03, seed, Question { budget, ..QUESTION });
        assert!(tuning.elapsed <= budget + Duration::from_secs(1), "{:?}", tuning.elapsed);
        assert!(tuning.verdict.is_some());
    }
}

#[test]
fn the_bottleneck_is_named() {
    let of = |law| simulate(law, 0.005, 1, QUESTION).verdict.expect("a verdict").bottleneck;
    assert!(matches!(of(&CPU), Bottleneck::Of(limit) if limit.resource == Resource::Cpu));
    let Bottleneck::Of(limit) = of(&LOCK) else { panic!("the lock is used up") };
    assert_eq!(limit.resource, Resource::Lock("ledger".into()));
    assert!((limit.per_second / 1_000.0 - 1.0).abs() < 0.05 && (limit.each / 1e6 - 1.0).abs() < 0.05, "{limit:?}");
    assert!(matches!(of(&FLAT), Bottleneck::Waits { state: State::Sleep, .. } | Bottleneck::Unknown));
}

#[test]
fn all_answers_can_be_reached() {
    assert_eq!(*answer(&simulate(&CPU, 0.005, 1, QUESTION)), Answer::Number(2.0));
    assert_eq!(*answer(&simulate(&HELD, 0.005, 1, QUESTION)), Answer::Elsewhere(1.0));
    assert_eq!(*answer(&simulate(&FLAT, 0.005, 1, QUESTION)), Answer::Flat(1.0));
    let ranges = |seed: &u64| matches!(answer(&simulate(&SOFT, 0.03, *seed, QUESTION)), Answer::Range(..));
    assert!((0..40).any(|seed| ranges(&seed)), "a soft corner under noise is a range");
    let noisy = |seed: &u64| matches!(answer(&simulate(&CPU, 0.5, *seed, QUESTION)), Answer::TooNoisy(_));
    assert!((0..40).filter(noisy).count() >= 38);
}

#[test]
fn a_busy_machine_is_no_basis() {
    let mut lab = Simulated {
        law: &CPU,
        noise: 0.01,
        others: 1.4,
        dice: fastrand::Rng::with_seed(3),
        clock: Duration::ZERO,
        fails_from: None,
    };
    let tuning = tune(&mut lab, &QUESTION, |_| {});
    assert!(tuning.verdict.is_none_or(|verdict| matches!(verdict.answer, Answer::TooNoisy(_))));
}

#[test]
fn a_level_that_deadlocks_is_an_answer() {
    let simulated = |fails_from| {
        let dice = fastrand::Rng::with_seed(4);
        let mut lab = Simulated {
            law: &LOCK,
            noise: 0.01,
            others: 0.0,
            dice,
            clock: Duration::ZERO,
            fails_from: Some(fails_from),
        };
        tune(&mut lab, &QUESTION, |_| {})
    };
    let some = simulated(8.0);
    let failing = some.curve.levels().iter().filter(|level| !level.failures.is_empty());
    assert!(failing.clone().count() > 0 && failing.clone().all(|level| level.value >= 8.0));
    assert!(failing.clone().all(|level| level.failures.len() == 1), "once is enough");
    assert!(answer(&some).level().is_some_and(|level| level < 8.0));
    assert!(matches!(answer(&simulated(1.0)), Answer::Broken(why) if why.contains("deadlock")));
}

#[test]
fn demands_are_limits() {
    let slow = Demands { p99: Some(12e6), ..DEMANDS };
    // 1.5 * n / X(n): at 64 workers and 1,000 a second 96 ms.
    let tuning = simulate(&LOCK, 0.005, 5, Question { demands: slow, ..QUESTION });
    assert!(matches!(answer(&tuning), Answer::Refused(why) if why.contains("p99")), "{:?}", answer(&tuning));
    let memory = Demands { memory: Some(6_500_000), ..DEMANDS };
    let tuning = simulate(&LOCK, 0.005, 6, Question { demands: memory, ..QUESTION });
    assert!(answer(&tuning).level().is_some_and(|level| level <= 6.0), "{:?}", answer(&tuning));
}

#[test]
fn fresh_repetitions_bear_the_answer_out() {
    let held = (0..50).filter(|seed| simulate(&LOCK, 0.01, *seed, QUESTION).holds(&DEMANDS) == Some(true)).count();
    assert!(held >= 47, "{held} of 50");
    let tuning = simulate(&LOCK, 0.01, 1, QUESTION);
    assert_eq!(tuning.loaded.len(), 4);
    assert!(tuning.loaded.iter().all(|loaded| loaded.repetition.is_some()));
}
