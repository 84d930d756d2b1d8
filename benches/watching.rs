//! Benchmark of watching: CPU, wake-ups and output of the dashboard's own process while a run goes on, beside `top` and
//! `btop` at the same time in terminals of the same size.
//!
//! The runner's CPU belongs to the workload and does not count. Programs that are not installed are named and left out.
#![allow(clippy::print_stdout, reason = "figures are what a benchmark is for")]

mod measure;
mod screen;

use std::fs;
use std::time::Duration;

use self::measure::{Goal, head, sized};
use self::screen::Pty;

const CONTEND: &str = env!("CARGO_BIN_EXE_contend");
const WATCH: Duration = Duration::from_secs(12);
const SETTLE: Duration = Duration::from_secs(3);
const SIZE: (u16, u16) = (40, 120);

/// A program on a screen, and what it is compared with.
struct Watched {
    name: &'static str,
    program: &'static str,
    args: &'static [&'static str],
    /// Keys that are typed before it is watched.
    keys: &'static str,
}

impl Watched {
    const fn new(name: &'static str, program: &'static str, args: &'static [&'static str]) -> Self {
        Self { name, program, args, keys: "" }
    }

    const fn with_keys(self, keys: &'static str) -> Self {
        Self { keys, ..self }
    }
}

const WATCHED: [Watched; 7] = [
    Watched::new("top -d 1", "top", &["-d", "1"]),
    Watched::new("btop", "btop", &["--utf-force"]),
    Watched::new("picker", CONTEND, &[]),
    Watched::new("deadlock", CONTEND, &["run", "deadlock", "--no-ask"]),
    Watched::new("thread-pool", CONTEND, &["run", "thread-pool", "--no-ask"]),
    Watched::new("lock-contention", CONTEND, &["run", "lock-contention", "--no-ask"]),
    Watched::new("frozen", CONTEND, &["run", "lock-contention", "--no-ask"]).with_keys(" "),
];

/// What a program used each second.
#[derive(Debug, Clone, Copy, Default)]
struct Cost {
    cpu_ms: f64,
    sleeps: f64,
    bytes: f64,
    frames: f64,
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var("PATH").unwrap_or_default();
    program.contains('/') || path.split(':').any(|dir| fs::metadata(format!("{dir}/{program}")).is_ok())
}

fn figures(pty: &Pty) -> [u64; 4] {
    [pty.cpu(|_| true), pty.sleeps(), pty.bytes(), pty.frames()]
}

/// Watches all programs at the same time.
fn watch(programs: &[&Watched]) -> Vec<Cost> {
    let mut all: Vec<Pty> = programs.iter().map(|w| Pty::start(w.program, w.args, SIZE.0, SIZE.1)).collect();
    std::thread::sleep(sized(SETTLE, Duration::from_millis(300)));
    all.iter_mut().zip(programs).for_each(|(pty, watched)| pty.keys(watched.keys));
    std::thread::sleep(sized(SETTLE, Duration::from_millis(100)));
    let before: Vec<[u64; 4]> = all.iter().map(figures).collect();
    let time = sized(WATCH, Duration::from_millis(200));
    std::thread::sleep(time);
    let cost = |(pty, before): (&Pty, [u64; 4])| {
        let after = figures(pty);
        let each = |i: usize| after[i].saturating_sub(before[i]) as f64 / time.as_secs_f64();
        Cost { cpu_ms: each(0) / 1e6, sleeps: each(1), bytes: each(2), frames: each(3) }
    };
    all.iter().zip(before).map(cost).collect()
}

fn main() {
    head("watching: the dashboard's own process each second, in a terminal of 120 x 40");
    let (there, missing): (Vec<_>, Vec<_>) = WATCHED.iter().partition(|w| is_installed(w.program));
    for watched in missing {
        println!("  {} is not installed: left out", watched.name);
    }
    let costs = watch(&there);
    println!("                    CPU ms   sleeps    bytes   frames");
    for (watched, cost) in there.iter().zip(&costs) {
        let Cost { cpu_ms, sleeps, bytes, frames } = cost;
        println!("{:16} {cpu_ms:9.2} {sleeps:8.1} {bytes:8.0} {frames:8.1}", watched.name);
    }
    println!();
    let of = |name: &str| there.iter().position(|w| w.name == name).and_then(|at| costs.get(at)).copied();
    let picker = of("picker").unwrap_or_default();
    Goal::AtMost(0.0).judge("wake-ups of the picker", picker.sleeps);
    Goal::AtMost(0.0).judge("bytes of the picker", picker.bytes);
    let frozen = of("frozen").unwrap_or_default();
    Goal::AtMost(0.0).judge("wake-ups of a frozen screen", frozen.sleeps);
    Goal::AtMost(0.0).judge("bytes of a frozen screen", frozen.bytes);
    let deadlock = of("deadlock").unwrap_or_default();
    Goal::AtMost(1.1).judge("writes a second of a deadlock", deadlock.frames);
    if let Some(top) = of("top -d 1") {
        Goal::AtMost(1.0).judge("CPU of a deadlock / top -d 1", deadlock.cpu_ms / top.cpu_ms);
    }
    if let Some(btop) = of("btop") {
        for name in ["thread-pool", "lock-contention"] {
            let ours = of(name).unwrap_or_default();
            Goal::AtMost(1.0).judge(format_args!("CPU of {name} / btop"), ours.cpu_ms / btop.cpu_ms);
        }
    }
}
