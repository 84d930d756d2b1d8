//! What the benchmarks share: interleaved samples, medians, and goals that say by how much they were missed.
//!
//! Ratios within one run are what counts. All ways to be compared are measured in turn, round after round, so that whatever
//! else the machine does meets them alike; a figure is the median of its rounds.
#![allow(dead_code, reason = "each benchmark uses its part")]
#![allow(clippy::print_stdout, reason = "figures are what a benchmark is for")]

use std::fmt::Display;
use std::fs;
use std::time::{Duration, Instant};

/// `cargo bench` measures. Anything else (`cargo test --bench '*'`) runs each benchmark once, as small as it gets, to see that
/// it still works.
pub fn measures() -> bool {
    std::env::args().any(|arg| arg == "--bench")
}

/// How much of something: `full` to measure, `once` to see that it works.
pub fn sized<T>(full: T, once: T) -> T {
    if measures() { full } else { once }
}

/// Middle of the samples; not a number for none.
pub fn median(samples: &[f64]) -> f64 {
    quantile(samples, 0.5)
}

/// The sample that `share` of the others lie below.
pub fn quantile(samples: &[f64], share: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (share * sorted.len().saturating_sub(1) as f64).round() as usize;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

/// How far the middle half of the samples spreads, as a share of their median.
pub fn spread(samples: &[f64]) -> f64 {
    (quantile(samples, 0.75) - quantile(samples, 0.25)) / median(samples)
}

/// Median of the ratios within each round: what disturbs a round disturbs both sides of it.
pub fn ratio(ours: &[f64], theirs: &[f64]) -> f64 {
    median(&ours.iter().zip(theirs).map(|(a, b)| a / b).collect::<Vec<_>>())
}

/// The samples of each way, a round's at the same place.
pub type Samples = Vec<Vec<f64>>;

/// Measures each of `ways` once a round, in an order that shifts by one each round. The samples of each way.
pub fn interleave(rounds: usize, ways: usize, mut measure: impl FnMut(usize) -> f64) -> Samples {
    let mut samples = vec![Vec::with_capacity(rounds); ways];
    for round in 0..rounds {
        for i in 0..ways {
            let way = (i + round) % ways;
            samples[way].push(measure(way));
        }
    }
    samples
}

/// What a ratio should be.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

impl Goal {
    /// Prints a figure beside its goal, and by how much the goal was missed if it was. A run that does not measure says
    /// nothing about goals.
    pub fn judge(self, what: impl Display, figure: f64) {
        if !measures() {
            return println!("  goal {what}: not measured");
        }
        let (met, sign, bound) = match self {
            Self::AtMost(bound) => (figure <= bound, "<=", bound),
            Self::AtLeast(bound) => (figure >= bound, ">=", bound),
        };
        let verdict = if met { "met".to_owned() } else { format!("MISSED by {:.3}", (figure - bound).abs()) };
        println!("  goal {what}: {figure:.3} {sign} {bound}: {verdict}");
    }
}

/// Seconds of CPU that others took of the machine since the last look.
#[derive(Debug)]
pub struct Others {
    last: (f64, f64),
}

impl Others {
    pub fn new() -> Self {
        Self { last: busy() }
    }

    pub fn since(&mut self) -> f64 {
        let now = busy();
        let before = std::mem::replace(&mut self.last, now);
        ((now.0 - before.0) - (now.1 - before.1)).max(0.0)
    }
}

/// Waits until others leave the machine nearly alone, for `patience` at most.
pub fn wait_for_quiet(patience: Duration) {
    const LOOK: Duration = Duration::from_millis(60);
    let end = Instant::now() + sized(patience, Duration::ZERO);
    let mut others = Others::new();
    while Instant::now() < end {
        std::thread::sleep(LOOK);
        if others.since() < 0.1 * LOOK.as_secs_f64() {
            return;
        }
    }
}

/// Seconds of CPU since the machine started, and of this process.
fn busy() -> (f64, f64) {
    // Of the first line, fields 1-3 and 6-8 are time on a CPU in hundredths of a second; the others are idle, waiting, or
    // counted twice.
    let machine = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields = machine.lines().next().unwrap_or_default().split_ascii_whitespace().skip(1);
    let ticks = fields.map(|f| f.parse::<f64>().unwrap_or(0.0)).enumerate();
    let all: f64 = ticks.filter(|(i, _)| [0, 1, 2, 5, 6, 7].contains(i)).map(|(_, t)| t).sum();
    let own = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    (all / 100.0, own.tv_sec as f64 + own.tv_nsec as f64 / 1e9)
}

/// Says what machine this is, as far as it matters.
pub fn head(what: &str) {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    println!("{what}\n({cores} cores, {}, {})\n", std::env::consts::ARCH, std::env::consts::OS);
}
