//! Tuning of simulated queues with a known answer: one server for each worker, and tasks that arrive at a rate. A queue
//! is stable exactly if tasks arrive at a lower rate than its servers can do.

use std::sync::Arc;
use std::time::Duration;

use contend::model::{Budget, Model, StateTimes};
use contend::trace::{Registry, State};
use contend::tune::{
    Demands, Experiment, ExperimentRunner, Goal, LoadProfile, OfferedLoad, Repetition, RepetitionPercentiles,
    TraceReplay, TrialOutcome, Tuning, TuningAnswer, TuningRequest, TuningSubject, caveats, summary_sentences, tune,
};

use crate::laws::{DEMANDS, REQUEST};
use crate::output::with_subject;

/// Rate of arrivals, 1/s.
const RATE: f64 = 200.0;

/// Distribution of the times between arrivals, or of service times.
#[derive(Clone, Copy, PartialEq)]
enum Spread {
    /// Constant (D).
    Fixed,
    /// Exponential (M).
    Exponential,
}

/// A queue in front of servers, simulated event by event.
struct Servers {
    arrivals: Spread,
    service: Spread,
    /// Mean time of a task, s.
    mean: f64,
    rng: fastrand::Rng,
    clock: Duration,
    /// Tasks that take longer are late, ns.
    limit: Option<f64>,
}

impl Servers {
    fn draw(&mut self, spread: Spread, mean: f64) -> f64 {
        match spread {
            Spread::Fixed => mean,
            Spread::Exponential => -mean * (1.0 - self.rng.f64()).ln(),
        }
    }

    /// When each task of a run ends, and how long that was after it was due.
    fn ends(&mut self, servers: usize, load: LoadProfile, until: f64) -> Vec<(f64, f64)> {
        let mut free = vec![0.0_f64; servers];
        let (mut due, mut ends) = (0.0, Vec::new());
        loop {
            due += match load {
                LoadProfile::Saturated => 0.0,
                LoadProfile::FixedRate(rate) => 1.0 / rate,
                LoadProfile::AsWritten => self.draw(self.arrivals, 1.0 / RATE),
            };
            let first = (0..servers).min_by(|a, b| free[*a].total_cmp(&free[*b])).expect("there is a server");
            let begin = free[first].max(due);
            if begin.max(due) > until {
                return ends;
            }
            free[first] = begin + self.draw(self.service, self.mean);
            ends.push((free[first], free[first] - due));
        }
    }
}

impl ExperimentRunner for Servers {
    fn run(&mut self, Experiment { level, load, min_duration: lasts, .. }: Experiment) -> TrialOutcome {
        let secs = lasts.map_or(1.0, |lasts| lasts.as_secs_f64());
        let warm = if lasts.is_some() { (secs / 4.0).clamp(0.25, 2.0) } else { 0.25 };
        self.clock += Duration::from_secs_f64(warm + secs);
        let ends = self.ends(level as usize, load, warm + secs);
        let within = |from: f64, to: f64| ends.iter().filter(move |(end, _)| from < *end && *end <= to);
        let mut times: Vec<f64> = within(warm, warm + secs).map(|(_, took)| took * 1e9).collect();
        times.sort_by(f64::total_cmp);
        if times.is_empty() {
            return TrialOutcome::Failed("no task was done".to_owned(), nothing());
        }
        let at = |part: f64| times[((times.len() as f64 * part) as usize).min(times.len() - 1)];
        let took = RepetitionPercentiles { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1.0) };
        let half = |from: f64, to: f64| within(from, to).count() as f64 / (to - from);
        let mut spent = StateTimes::default();
        spent.add_ns(State::Sleep, (times.len() as f64 * self.mean * 1e9) as u64);
        let repetition = Repetition {
            secs,
            run_secs: None,
            done: times.len() as u64,
            failed: 0,
            throughput: times.len() as f64 / secs,
            slice_rates: vec![half(warm, warm + secs / 2.0), half(warm + secs / 2.0, warm + secs)],
            service: Some(took),
            response: Some(took),
            late_share: self
                .limit
                .map(|limit| times.iter().filter(|ns| **ns > limit).count() as f64 / times.len() as f64),
            time_by_state: spent,
            lock_usages: Vec::new(),
            cores_used: 0.1,
            others_cores: Some(0.0),
            core_speed: None,
            switches: (1.0, 0.0),
            memory: 1 << 20,
            lost: 0,
        };
        TrialOutcome::Measured(Box::new(repetition), nothing())
    }

    fn elapsed(&self) -> Duration {
        self.clock
    }

    fn is_stopped(&self) -> bool {
        false
    }
}

fn nothing() -> Box<Model> {
    Box::new(Model::new(Arc::new(Registry::default()), Budget::default()))
}

fn keeping_up((arrivals, service): (Spread, Spread), mean: f64, p99: Option<f64>, seed: u64) -> Tuning {
    let rng = fastrand::Rng::with_seed(seed);
    let mut runner = Servers { arrivals, service, mean, rng, clock: Duration::ZERO, limit: p99 };
    let demands = Demands { goal: Goal::Arrivals(RATE), max_p99_ns: p99, ..DEMANDS };
    let budget = Duration::from_secs(if p99.is_some() { 120 } else { 60 });
    let question = TuningRequest { range: (1.0, 32.0), demands, budget, seed, ..REQUEST };
    tune(&mut runner, &question, |_| {})
}

/// Tunes with many seeds. Returns the share of answers that are too low, and the share that are right.
fn graded(kind: (Spread, Spread), mean: f64, p99: Option<f64>, least: f64) -> (f64, f64) {
    const RUNS: u64 = 40;
    let (mut low, mut right) = (0, 0);
    for seed in 0..RUNS {
        let tuning = keeping_up(kind, mean, p99, seed);
        match tuning.decision.as_ref().expect("a verdict").answer {
            TuningAnswer::KeepsUp { level, .. } if level < least => low += 1,
            TuningAnswer::KeepsUp { from, level } if from <= least && level <= least + 1.0 => {
                assert!(from + 2.0 >= least, "{from} is far too low");
                right += 1;
            }
            _ => {}
        }
        assert!(tuning.elapsed <= Duration::from_secs(140), "{:?}", tuning.elapsed);
    }
    (f64::from(low) / RUNS as f64, f64::from(right) / RUNS as f64)
}

const D: Spread = Spread::Fixed;
const M: Spread = Spread::Exponential;

#[test]
fn smallest_level_that_keeps_up_matches_queueing_theory() {
    // Offered load 4.2, 1.6 and 9.4 servers.
    for (mean, least) in [(0.021, 5.0), (0.008, 2.0), (0.047, 10.0)] {
        // Least share of right answers. Where both are random, 40 s of a nearly saturated queue show little.
        let kinds = [("D/D", (D, D), 1.0), ("M/D", (M, D), 0.8), ("D/M", (D, M), 0.8), ("M/M", (M, M), 0.5)];
        for (name, kind, at_least) in kinds {
            let (low, right) = graded(kind, mean, None, least);
            assert!(low <= 0.05 && right >= at_least, "{name} with {mean} s: {low} too low, {right} right");
        }
    }
}

#[test]
fn level_two_percent_too_slow_is_not_reported_to_keep_up() {
    for kind in [(D, D), (M, D), (D, M), (M, M)] {
        let (low, _) = graded(kind, 0.0204, None, 5.0); // 4 servers do 196 a second
        assert!(low <= 0.05, "{low}");
    }
}

#[test]
fn arrivals_beyond_all_levels_are_reported_as_falling_behind() {
    for seed in 0..10 {
        let tuning = keeping_up((D, M), 0.2, None, seed); // 32 servers do 160 a second
        let answer = tuning.decision.expect("a verdict").answer;
        assert!(matches!(answer, TuningAnswer::FallsBehind(best) if best >= 31.0), "{answer:?}");
    }
}

/// Returns the p99 response time for exponential service and arrivals. (Erlang, 1917; for the sum with the
/// service time Gross & Harris, "Fundamentals of Queueing Theory".)
fn p99(servers: u32, mean: f64) -> f64 {
    let (load, mu) = (RATE * mean, 1.0 / mean);
    let blocked = (1..=servers).fold(1.0, |b, n| load * b / (f64::from(n) + load * b));
    let c = f64::from(servers);
    let waits = blocked / (1.0 - load / c * (1.0 - blocked));
    let theta = c * mu - RATE;
    let exceeds = |t: f64| {
        let (s, w) = ((-mu * t).exp(), (-theta * t).exp());
        (1.0 - waits) * s + waits * (theta * s - mu * w) / (theta - mu)
    };
    let (mut low, mut high) = (0.0, 100.0);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if exceeds(middle) > 0.01 { low = middle } else { high = middle }
    }
    high
}

#[test]
fn simulated_queue_matches_erlang_c() {
    let rng = fastrand::Rng::with_seed(1);
    let mut runner = Servers { arrivals: M, service: M, mean: 0.021, rng, clock: Duration::ZERO, limit: None };
    for servers in [5, 6, 8] {
        let long = Experiment::lasting(f64::from(servers), LoadProfile::AsWritten, Duration::from_secs(4_000));
        let TrialOutcome::Measured(found, _) = runner.run(long) else { panic!("it works") };
        let (found, due) = (found.response.expect("known").p99 / 1e9, p99(servers, 0.021));
        assert!((found / due - 1.0).abs() < 0.1, "{servers}: {found} instead of {due}");
    }
}

#[test]
fn p99_limit_needs_more_workers() {
    // A little above the p99 of 6 servers: 5 keep up, but miss the limit.
    let limit = p99(6, 0.021) * 1.1;
    assert!(limit < p99(5, 0.021) * 0.8);
    let (low, right) = graded((M, M), 0.021, Some(limit * 1e9), 6.0);
    assert!(low <= 0.05 && right >= 0.4, "{low} too low, {right} right");
    let never = keeping_up((D, D), 0.021, Some(19e6), 1);
    let answer = never.decision.expect("a verdict").answer;
    assert!(matches!(&answer, TuningAnswer::DemandsNotMet(why) if why.contains("p99 of at most 19 ms")), "{answer:?}");
}

#[test]
fn forecasts_match_simulated_queues() {
    let load = OfferedLoad { arrival_rate: RATE, service_secs: 0.021 };
    for servers in [5, 6, 8] {
        for (service, forecast) in [(M, load.exponential_service(servers)), (D, load.constant_service(servers))] {
            let rng = fastrand::Rng::with_seed(u64::from(servers));
            let mut runner = Servers { arrivals: M, service, mean: 0.021, rng, clock: Duration::ZERO, limit: None };
            let long = Experiment::lasting(f64::from(servers), LoadProfile::AsWritten, Duration::from_secs(4_000));
            let TrialOutcome::Measured(found, _) = runner.run(long) else { panic!("it works") };
            let found = found.response.expect("known").p99 / 1e9;
            let due = forecast.expect("it is stable").p99_response;
            assert!((found / due - 1.0).abs() < 0.15, "{servers} servers: {found} s, theory says {due} s");
        }
    }
}

#[test]
fn replayed_trace_is_described_and_compared_with_theory() {
    let tuning = keeping_up((M, M), 0.021, None, 3);
    let load = OfferedLoad { arrival_rate: RATE, service_secs: 0.021 };
    let whole = TraceReplay {
        total_requests: 1_000,
        total_secs: 5.0,
        requests: 1_000,
        window: None,
        load,
        speed: 1.0,
        length: Duration::from_secs(5),
    };
    let part = TraceReplay { requests: 250, window: Some((2.0, 3.5)), speed: 20.0, ..whole };
    let said = |replay| {
        with_subject(&tuning, |tuning, subject| {
            let demands = Demands { goal: Goal::Arrivals(RATE), max_p99_ns: Some(100e6), ..subject.demands };
            let subject = TuningSubject { demands, replay: Some(replay), ..*subject };
            [summary_sentences(tuning, &subject), caveats(tuning, &subject)].concat().join("\n")
        })
    };
    let text = said(whole);
    assert!(text.contains("Replayed: all 1,000 requests in 5.0 s, 200/s of 21 ms each.\n"), "{text}");
    assert!(text.contains("theory expects a p99 of "), "{text}");
    // By Erlang C, 6 servers have a p99 of 104 ms and 7 one of 99 ms; with constant service 5 have one of 77 ms.
    assert!(text.contains("For that p99 theory asks for 7 workers (M/M/c) or 5 workers (M/D/c)."), "{text}");
    let text = said(part);
    assert!(text.contains("the busiest 1.5 s of 5.0 s, 250 of 1,000 requests"), "{text}");
    assert!(text.contains(", 20 times as fast as recorded; all times here are converted back."), "{text}");
    assert!(text.contains("At this speed a task takes 1.1 ms here"), "{text}");
}
