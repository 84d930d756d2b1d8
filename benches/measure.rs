//! Helpers of all benchmarks: interleaved samples, medians, and goals that print by how much they were missed.
//!
//! Only ratios within one run count. All ways under comparison are measured in turn, round after round, so that other
//! load on the machine affects them equally. A figure is the median of its rounds.
#![allow(dead_code, reason = "each benchmark uses its part")]
#![allow(clippy::print_stdout, reason = "figures are what a benchmark is for")]

use std::fmt::Display;
use std::fs;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Whether this run measures, as with `cargo bench`. Otherwise (`cargo test --bench '*'`) each benchmark runs once, as
/// small as possible, to check that it still works.
pub fn measures() -> bool {
    std::env::args().any(|arg| arg == "--bench")
}

/// Returns `full` in a run that measures, otherwise `once`.
pub fn sized<T>(full: T, once: T) -> T {
    if measures() { full } else { once }
}

/// When this benchmark began.
static BEGAN: OnceLock<Instant> = OnceLock::new();

/// Returns how long this benchmark may take: all of them together 15 minutes, on any machine.
fn time_limit() -> Duration {
    let image = std::env::current_exe().unwrap_or_default();
    let name = image.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Duration::from_secs(match name.split('-').next() {
        Some("frame") => 200,
        Some("lanes") => 60,
        Some("contention") => 150,
        Some("program") => 160,
        _ => 85,
    })
}

/// Whether most of this benchmark's time is used up. Then its loops stop after the present round.
pub fn is_late() -> bool {
    BEGAN.get().is_some_and(|began| began.elapsed() > time_limit().mul_f64(0.8))
}

/// Ends this process when its time is over, and limits what it and its children can take from the machine. Programs
/// that it started end with it: those in a terminal by its hangup, those of a run as the runner does.
fn set_limits() {
    const MEMORY: u64 = 6 << 30;
    const FILE_SIZE: u64 = 1 << 30;
    for (resource, most) in [(Resource::As, MEMORY), (Resource::Fsize, FILE_SIZE)] {
        let limit = getrlimit(resource);
        let current = Some(limit.current.map_or(most, |current| current.min(most)));
        let _ = setrlimit(resource, Rlimit { current, ..limit });
    }
    let began = *BEGAN.get_or_init(Instant::now);
    let watch = move || {
        std::thread::sleep(time_limit().saturating_sub(began.elapsed()));
        println!("\nNOT COMPLETE: stopped after {:?}", time_limit());
        std::process::exit(0); // the other benchmarks still run
    };
    let _ = std::thread::Builder::new().name("limit".into()).spawn(watch);
}

/// Returns the median of the samples; NaN without samples.
pub fn median(samples: &[f64]) -> f64 {
    quantile(samples, 0.5)
}

/// Returns the sample that `share` of all samples lie below.
pub fn quantile(samples: &[f64], share: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (share * sorted.len().saturating_sub(1) as f64).round() as usize;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

/// Returns the interquartile range as a share of the median.
pub fn spread(samples: &[f64]) -> f64 {
    (quantile(samples, 0.75) - quantile(samples, 0.25)) / median(samples)
}

/// Returns the median of the ratios within each round: a disturbance affects both sides of its round.
pub fn ratio(ours: &[f64], theirs: &[f64]) -> f64 {
    median(&ours.iter().zip(theirs).map(|(a, b)| a / b).collect::<Vec<_>>())
}

/// The samples of each way; the samples of one round have the same index.
pub type Samples = Vec<Vec<f64>>;

/// Measures each of `ways` once a round, in an order that shifts by one each round.
pub fn interleave(rounds: usize, ways: usize, mut measure: impl FnMut(usize) -> f64) -> Samples {
    let mut samples = vec![Vec::with_capacity(rounds); ways];
    for round in (0..rounds).take_while(|round| *round == 0 || !is_late()) {
        for i in 0..ways {
            let way = (i + round) % ways;
            samples[way].push(measure(way));
        }
    }
    samples
}

/// Goal for a figure.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

impl Goal {
    /// Prints a figure beside its goal, and by how much a missed goal was missed. A run that does not measure judges no
    /// goal.
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

/// A meter of the CPU time that other programs use.
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

/// Waits until other programs are nearly quiet, for `patience` at most.
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

/// Returns the CPU seconds of the machine since its start, and those of this process.
fn busy() -> (f64, f64) {
    // Fields 1-3 and 6-8 of the first line are time on a CPU in hundredths of a second; the others are idle time,
    // waiting time, or counted twice.
    let machine = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields = machine.lines().next().unwrap_or_default().split_ascii_whitespace().skip(1);
    let ticks = fields.map(|f| f.parse::<f64>().unwrap_or(0.0)).enumerate();
    let all: f64 = ticks.filter(|(i, _)| [0, 1, 2, 5, 6, 7].contains(i)).map(|(_, t)| t).sum();
    let own = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    (all / 100.0, own.tv_sec as f64 + own.tv_nsec as f64 / 1e9)
}

/// Prints the title and the machine: cores, architecture and system. Sets the limits of the process.
pub fn head(what: &str) {
    set_limits();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    println!("{what}\n({cores} cores, {}, {})\n", std::env::consts::ARCH, std::env::consts::OS);
}
