//! Benchmark of the whole program beside `top`, `htop` and `btop`: CPU during a run, time to the first frame, memory.
//!
//! Each runs in a pseudo-terminal of 120 x 40. For CPU all run at the same time, so that they share one machine; for
//! the first frame they run in turn. The runner's CPU belongs to the workload and does not count. Programs that are not
//! installed are named and left out.
#![allow(clippy::print_stdout, reason = "figures are what a benchmark is for")]

mod measure;
mod screen;

use std::fs;
use std::time::Duration;

use self::measure::{Goal, head, interleave, median, sized, spread, wait_for_quiet};
use self::screen::Pty;

const CONTEND: &str = env!("CARGO_BIN_EXE_contend");
const SIZE: (u16, u16) = (40, 120);
const WATCH: Duration = Duration::from_secs(20);
const STARTS: usize = 15;

/// Scenario with 50 lanes that always do a little: about 5,000 events a second.
const LANES: &str = r#"title "Fifty lanes"
mutex lock
thread worker count=50 {
    forever {
        lock lock { compute "20us" }
        sleep "40ms"
    }
}
"#;

/// Scenario that makes a million events within a moment.
const MILLION: &str = r#"title "A million events"
mutex lock count=2
thread worker count=2 {
    repeat 300000 { lock lock { compute "2us" } }
    forever { sleep "40ms" }
}
"#;

/// A program with its arguments, and the name to print.
#[derive(Debug, Clone)]
struct Shown {
    name: &'static str,
    program: &'static str,
    args: Vec<String>,
}

impl Shown {
    fn new(name: &'static str, program: &'static str, args: &[&str]) -> Self {
        Self { name, program, args: args.iter().map(|a| (*a).to_owned()).collect() }
    }

    fn start(&self) -> Pty {
        let args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        Pty::start(self.program, &args, SIZE.0, SIZE.1)
    }
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var("PATH").unwrap_or_default();
    program.contains('/') || path.split(':').any(|dir| fs::metadata(format!("{dir}/{program}")).is_ok())
}

/// Returns the installed programs to measure, `contend` first.
fn programs(lanes: &str) -> Vec<Shown> {
    let all = [
        Shown::new("contend", CONTEND, &["run", lanes]),
        Shown::new("top -d 1", "top", &["-d", "1"]),
        Shown::new("htop", "htop", &[]),
        Shown::new("btop", "btop", &["--utf-force"]),
    ];
    let (there, missing): (Vec<_>, Vec<_>) = all.into_iter().partition(|p| is_installed(p.program));
    for program in missing {
        println!("  {} is not installed: left out", program.name);
    }
    there
}

/// Returns the milliseconds until the screen is drawn; its first byte comes earlier.
fn first_frame(program: &Shown) -> f64 {
    wait_for_quiet(Duration::from_millis(500));
    program.start().first_frame().map_or(f64::NAN, |(_, drawn)| drawn)
}

/// Returns the CPU milliseconds of each program over [`WATCH`], beginning one second after the start.
fn watch(programs: &[Shown]) -> Vec<f64> {
    let all: Vec<Pty> = programs.iter().map(Shown::start).collect();
    std::thread::sleep(Duration::from_secs(1));
    let cpu = || all.iter().map(|pty| pty.cpu(|_| true)).collect::<Vec<u64>>();
    let before = cpu();
    std::thread::sleep(sized(WATCH, Duration::from_millis(200)));
    cpu().iter().zip(before).map(|(after, before)| after.saturating_sub(before) as f64 / 1e6).collect()
}

/// Returns the peak memory of each program after a few seconds, in MiB.
fn memory(programs: &[Shown]) -> Vec<f64> {
    let all: Vec<Pty> = programs.iter().map(Shown::start).collect();
    std::thread::sleep(Duration::from_secs(sized(6, 1)));
    all.iter().map(Pty::peak_memory).collect()
}

fn main() {
    head("program: beside top, htop and btop in a terminal of 120 x 40");
    let directory = tempfile::tempdir().expect("a directory for scenarios");
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).expect("the directory can be written to");
        path.to_str().expect("a path").to_owned()
    };
    let programs = programs(&file("lanes.kdl", LANES));
    let first = interleave(sized(STARTS, 1), programs.len(), |i| first_frame(&programs[i]));
    let cpu: Vec<Vec<f64>> = (0..sized(3, 1)).map(|_| watch(&programs)).collect();
    let cpu: Vec<f64> = (0..programs.len()).map(|i| median(&cpu.iter().map(|c| c[i]).collect::<Vec<_>>())).collect();
    let mut heavy = programs.clone();
    heavy[0] = Shown::new("contend", CONTEND, &["run", &file("million.kdl", MILLION)]);
    let memory = memory(&heavy);
    println!("              first frame ms (spread)   CPU ms in 20 s   peak MiB (contend: a million events)");
    for (i, program) in programs.iter().enumerate() {
        print!("{:12} {:16.1} ({:3.0} %)", program.name, median(&first[i]), spread(&first[i]) * 100.0);
        println!(" {:16.0} {:10.1}", cpu[i], memory[i]);
    }
    println!();
    let beside = |name: &str| programs.iter().position(|p| p.name == name);
    if let Some(top) = beside("top -d 1") {
        Goal::AtMost(1.0).judge("CPU / top -d 1", cpu[0] / cpu[top]);
    }
    if let Some(btop) = beside("btop") {
        Goal::AtMost(0.5).judge("first frame / btop", median(&first[0]) / median(&first[btop]));
    }
    if let Some(htop) = beside("htop") {
        Goal::AtMost(2.0).judge("memory with 10^6 events / htop", memory[0] / memory[htop]);
    }
}
