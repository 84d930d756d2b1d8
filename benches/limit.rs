//! Benchmark of the start and the end of a run: how punctual a time limit is beside programs that use all cores, and
//! how long the shortest run takes.
//!
//! A thousand threads contend for fifty locks, beside threads of this program that compute without pause. Two figures
//! count: by how much the run exceeded its limit, and how long the program took after that. The shortest run is
//! compared with `true` and with the start of the same program that does nothing.
#![allow(clippy::print_stdout, reason = "figures are what a benchmark is for")]

mod measure;

use std::fs;
use std::hint::spin_loop;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use contend::platform::{CommandOptions, Exit, run_command};
use rustix::process::{getpriority_process, setpriority_process};
use serde_json::Value;

use self::measure::{Goal, head, interleave, is_late, median, quantile, ratio, sized, spread};

const CONTEND: &str = env!("CARGO_BIN_EXE_contend");
/// Time limit of the measured runs, in seconds.
const LIMIT: f64 = 2.0;
/// Burning threads for each core.
const BURNERS_PER_CORE: usize = 2;

/// Scenario with `COUNT` threads.
const CROWD: &str = r#"title "A crowd"
mutex m count=50
thread t count=COUNT {
    forever {
        lock m at="i" { compute "200us" }
        sleep "20ms"
    }
}
"#;

/// The shortest run: one worker that does nothing, so that the run ends when it has begun.
const NOTHING: &str = "title \"Nothing\"\nthread t { compute \"1us\" }\n";

/// The load beside a run.
#[derive(Debug, Clone, Copy)]
enum Load {
    None,
    /// Burners at the weight of a usual thread.
    Equal,
    /// Burners at three times that weight.
    Heavy,
}

/// Threads of this process that compute until they are dropped.
struct Burners {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Burners {
    /// Starts burners. `None` if the system does not allow their weight.
    fn start(load: Load) -> Option<Self> {
        let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let count = if matches!(load, Load::None) { 0 } else { cores * BURNERS_PER_CORE };
        let (stop, (sender, weights)) = (Arc::new(AtomicBool::new(false)), std::sync::mpsc::channel());
        let burn = |_| {
            let (stop, sender) = (Arc::clone(&stop), sender.clone());
            let body = move || {
                let raised = match load {
                    Load::Heavy => {
                        getpriority_process(None).and_then(|nice| setpriority_process(None, nice - 5)).is_ok()
                    }
                    Load::None | Load::Equal => true,
                };
                let _ = sender.send(raised);
                while !stop.load(Ordering::Relaxed) {
                    (0..1_000).for_each(|_| spin_loop());
                }
            };
            thread::Builder::new().name("burner".into()).spawn(body).expect("a thread")
        };
        let burners = Self { threads: (0..count).map(burn).collect(), stop: Arc::clone(&stop) };
        weights.iter().take(count).all(|raised| raised).then_some(burners)
    }
}

impl Drop for Burners {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.threads.drain(..).for_each(|thread| drop(thread.join()));
    }
}

/// Figures of one run.
struct Ended {
    /// Seconds by which the run exceeded its limit.
    over: f64,
    /// Seconds from then to the end of the program.
    after: f64,
    events: f64,
}

fn run_to_limit(file: &Path) -> Ended {
    let began = Instant::now();
    let mut command = Command::new(CONTEND);
    command.arg("run").arg(file).args(["--headless", "--json", "--for", &format!("{LIMIT}s")]);
    let output = command.stdin(Stdio::null()).output().expect("contend starts");
    let wall = began.elapsed().as_secs_f64();
    let why = String::from_utf8_lossy(&output.stderr);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no report: {why}"));
    let figure = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    let elapsed = figure(&report["elapsed_s"]);
    Ended { over: elapsed - LIMIT, after: wall - elapsed, events: figure(&report["events"]["recorded"]) }
}

fn measure_limits(file: &Path) {
    println!("1,000 threads, limit {LIMIT} s      over the limit s   program after that s   events (medians; worst)");
    let loads = [(Load::None, "no load"), (Load::Equal, "burners, equal weight"), (Load::Heavy, "burners, 3 times it")];
    for (load, name) in loads {
        let Some(_burners) = Burners::start(load) else {
            println!("  {name:28} the system does not allow it");
            continue;
        };
        let rounds = (0..sized(4, 1)).take_while(|round| *round == 0 || !is_late());
        let runs: Vec<Ended> = rounds.map(|_| run_to_limit(file)).collect();
        let of = |f: fn(&Ended) -> f64| runs.iter().map(f).collect::<Vec<_>>();
        let (over, after, events) = (of(|r| r.over), of(|r| r.after), of(|r| r.events));
        let worst = |figures: &[f64]| quantile(figures, 1.0);
        print!("  {name:28} {:8.2} {:8.2} ", median(&over), worst(&over));
        println!("{:12.2} {:8.2} {:12.0}", median(&after), worst(&after), median(&events));
        Goal::AtMost(0.5).judge("over the limit, worst, s", worst(&over));
        Goal::AtMost(1.0).judge("program after the end, worst, s", worst(&after));
    }
}

/// Returns the CPU milliseconds of a program and its children.
fn cpu_millis(words: &[&str]) -> f64 {
    let options = CommandOptions { timeout: None, on_group_change: |_| {}, should_stop: || false };
    let words: Vec<_> = words.iter().map(Into::into).collect();
    let result = run_command(&words, &options).expect("it starts");
    assert_eq!(result.exit, Exit::Code(0), "{}", String::from_utf8_lossy(&result.output_tail));
    result.cpu_nanos as f64 / 1e6
}

fn measure_shortest_run(file: &Path) {
    let file = file.to_str().expect("a path");
    let ways: [(&str, &[&str]); 3] = [
        ("true", &["true"]),
        ("contend --version", &[CONTEND, "--version"]),
        ("contend run, 1 empty thread", &[CONTEND, "run", file, "--headless"]),
    ];
    let samples = interleave(sized(30, 1), ways.len(), |way| cpu_millis(ways[way].1));
    println!("\nCPU from start to end, ms");
    for ((name, _), samples) in ways.iter().zip(&samples) {
        println!("  {name:28} {:8.2} (spread {:.0} %)", median(samples), spread(samples) * 100.0);
    }
    let allowed: Vec<f64> = samples[0].iter().zip(&samples[1]).map(|(t, start)| 5.0 * t + start).collect();
    Goal::AtMost(1.0).judge("shortest run / (5 times `true` and one start)", ratio(&samples[2], &allowed));
}

fn main() {
    head("limit: the end of a run at its time limit, and the shortest run");
    let directory = tempfile::tempdir().expect("a directory for scenarios");
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).expect("the directory can be written to");
        path
    };
    let threads = sized("1000", "50"); // the small form runs where few processes are allowed
    measure_limits(&file("crowd.kdl", &CROWD.replace("COUNT", threads)));
    measure_shortest_run(&file("nothing.kdl", NOTHING));
}
