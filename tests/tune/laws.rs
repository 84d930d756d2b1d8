//! Simulated laws of throughput with a known answer, and an experiment runner that follows them with known noise.

use std::sync::Arc;
use std::time::Duration;

use contend::model::{Budget, Model, StateTimes};
use contend::trace::{Registry, ResourceId, State};
use contend::tune::{
    Demands, Experiment, ExperimentRunner, Goal, LoadProfile, LockUsage, Repetition, RepetitionPercentiles,
    TrialOutcome, Tuning, TuningRequest, tune,
};

/// A law: throughput, cores in use, and the held share of one lock, by number of workers.
pub struct Law {
    pub name: &'static str,
    pub rate: fn(f64) -> f64,
    pub cores: fn(f64) -> f64,
    pub lock: fn(f64) -> f64,
    /// Lowest and highest right answer.
    pub right: (f64, f64),
}

/// An experiment runner that follows a law with noise, in simulated time.
pub struct Simulated<'a> {
    pub law: &'a Law,
    /// Relative standard deviation of a repetition.
    pub noise: f64,
    pub others: f64,
    /// Relative core speed in every third repetition.
    pub sags_to: f64,
    pub rng: fastrand::Rng,
    pub clock: Duration,
    pub fails_from: Option<f64>,
    /// Levels below this one fail.
    pub fails_below: f64,
    /// Throughput at a time of a run, as a share of its initial throughput.
    pub fades: fn(f64) -> f64,
}

impl<'a> Simulated<'a> {
    pub fn new(law: &'a Law, noise: f64, seed: u64) -> Self {
        let rng = fastrand::Rng::with_seed(seed);
        Self {
            law,
            noise,
            others: 0.02,
            sags_to: 0.99,
            rng,
            clock: Duration::ZERO,
            fails_from: None,
            fails_below: 0.0,
            fades: |_| 1.0,
        }
    }

    fn normal(&mut self) -> f64 {
        let (u, v) = (self.rng.f64().max(f64::MIN_POSITIVE), self.rng.f64());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }
}

impl Simulated<'_> {
    /// Returns the rates in slices of a window, each with its own noise.
    fn slices(&mut self, rate: f64, secs: f64) -> Vec<f64> {
        let count = if secs > 1.0 { 10 } else { 2 };
        let middle = |nth: usize| 0.25 + secs * (nth as f64 + 0.5) / count as f64;
        (0..count).map(|nth| rate * (self.fades)(middle(nth)) * (1.0 + self.noise * self.normal())).collect()
    }
}

impl ExperimentRunner for Simulated<'_> {
    fn run(&mut self, Experiment { level, load, min_duration: lasts, .. }: Experiment) -> TrialOutcome {
        let secs = lasts.map_or(0.6, |lasts| lasts.as_secs_f64());
        self.clock += Duration::from_secs_f64(0.25 + secs);
        let model = Box::new(Model::new(Arc::new(Registry::default()), Budget::default()));
        if self.fails_from.is_some_and(|from| level >= from) {
            return TrialOutcome::Failed("deadlock of left and right".to_owned(), model);
        }
        if level < self.fails_below {
            return TrialOutcome::Failed("stall: left waits forever".to_owned(), model);
        }
        let exact = match load {
            LoadProfile::FixedRate(rate) => rate,
            LoadProfile::Saturated | LoadProfile::AsWritten => (self.law.rate)(level),
        };
        let run = exact * (1.0 + self.noise * self.normal()).max(0.05);
        let slices = self.slices(run, secs);
        let throughput = slices.iter().sum::<f64>() / slices.len() as f64;
        let mut spent = StateTimes::default();
        spent.add_ns(State::Running, 400_000_000);
        spent.add_ns(State::Sleep, 100_000_000);
        let at = |ns: f64| RepetitionPercentiles { p50: ns, p90: ns * 1.2, p99: ns * 1.5, max: ns * 2.0 };
        let service = at(level / throughput * 1e9);
        let lock = LockUsage {
            name: "ledger".into(),
            id: ResourceId(0),
            capacity: 1,
            held_share: (self.law.lock)(level),
            wait_ns_per_unit: 0.0,
        };
        TrialOutcome::Measured(
            Box::new(Repetition {
                secs,
                run_secs: None,
                done: (throughput * secs) as u64,
                failed: 0,
                throughput,
                slice_rates: slices,
                service: Some(service),
                response: Some(service),
                late_share: None,
                time_by_state: spent,
                lock_usages: vec![lock],
                cores_used: (self.law.cores)(level),
                others_cores: Some(self.others),
                core_speed: Some(if self.rng.u8(..3) == 0 { self.sags_to } else { 1.0 }),
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

    fn is_stopped(&self) -> bool {
        false
    }
}

pub const DEMANDS: Demands = Demands { goal: Goal::MaxThroughput, epsilon: 0.05, max_p99_ns: None, max_memory: None };

pub const REQUEST: TuningRequest = TuningRequest {
    range: (1.0, 64.0),
    is_whole: true,
    usable_cores: 2.0,
    demands: DEMANDS,
    budget: Duration::from_secs(90),
    has_open_loop: true,
    keep_disturbed: false,
    seed: 0,
    replay: None,
};

/// W1: CPU only, two cores.
pub const CPU: Law =
    Law { name: "cpu", rate: |n| 495.0 * n.min(2.0), cores: |n| n.min(2.0), lock: |_| 0.01, right: (2.0, 2.0) };
/// W3: 9 ms outside and 1 ms inside one lock.
pub const LOCK: Law = Law {
    name: "lock",
    rate: |n| (n / 0.010).min(1_000.0),
    cores: |n| n.min(10.0) * 0.02,
    lock: |n| (n / 10.0).min(1.0),
    right: (9.0, 11.0),
};
/// W2: 2 ms CPU and 18 ms sleep, as measured: a soft corner.
pub const SOFT: Law = Law {
    name: "soft",
    rate: |n| 950.0 * (1.0 - (-n / 8.5).exp()),
    cores: |n| 1.95 * (1.0 - (-n / 8.5).exp()),
    lock: |_| 0.0,
    right: (20.0, 32.0),
};
/// W8: one lock, always held.
pub const HELD: Law = Law { name: "held", rate: |_| 800.0, cores: |_| 0.8, lock: |_| 0.99, right: (1.0, 1.0) };
/// Flat, without a used-up resource.
pub const FLAT: Law = Law { name: "flat", rate: |_| 100.0, cores: |_| 0.1, lock: |_| 0.05, right: (1.0, 1.0) };
/// Only waiting: throughput proportional to the workers.
pub const WAITING: Law =
    Law { name: "waiting", rate: |n| 20.0 * n, cores: |n| 0.002 * n, lock: |_| 0.0, right: (64.0, 64.0) };
/// Falls beyond the best level: threads that spin.
pub const FALLS: Law = Law {
    name: "falls",
    rate: |n| if n <= 3.0 { 400.0 * n } else { 1_200.0 / (1.0 + 0.15 * (n - 3.0)) },
    cores: |n| n.min(2.0),
    lock: |_| 0.3,
    right: (3.0, 3.0),
};

pub fn simulate(law: &Law, noise: f64, seed: u64, question: TuningRequest) -> Tuning {
    let mut runner = Simulated::new(law, noise, seed);
    tune(&mut runner, &TuningRequest { seed, ..question }, |_| {})
}
