//! Benchmark of many lanes: whether a run with ten thousand of them opens, scrolls and folds at ten frames a second, and
//! what the dashboard uses beside a run of ten lanes.
//!
//! The run is scripted: each of its workers changes its state five times a second of the run's clock, which has half the
//! speed of the wall clock.
#![allow(clippy::print_stdout, reason = "figures are what a benchmark is for")]

mod measure;
mod screen;
mod scripted;

use std::time::{Duration, Instant};

use self::measure::{Goal, head, sized};
use self::screen::Pty;
use self::scripted::{run_if_child, start_dashboard};

const SIZE: (u16, u16) = (40, 120);
const LANES: [usize; 3] = [10, 1_000, 10_000];
const LIMIT: Duration = Duration::from_mins(1);

/// What a dashboard did in a part of the measurement.
#[derive(Debug, Clone, Copy)]
struct Rate {
    frames: f64,
    /// Milliseconds of a core each second, of the threads that fold, draw and write.
    cpu_ms: f64,
}

/// Whether a thread, by its name, folds, draws or writes.
fn draws(name: &str) -> bool {
    name != "script" && name != "input"
}

/// Measures for a while, typing `keys` before each frame.
fn watch(pty: &mut Pty, keys: &str) -> Rate {
    let time = sized(Duration::from_secs(5), Duration::from_millis(300));
    let (start, before) = (Instant::now(), (pty.frames(), pty.cpu(draws)));
    while start.elapsed() < time {
        let frames = pty.frames();
        pty.keys(keys);
        pty.until(Duration::from_millis(200), |pty| pty.frames() > frames);
    }
    let seconds = start.elapsed().as_secs_f64();
    let frames = (pty.frames() - before.0) as f64 / seconds;
    Rate { frames, cpu_ms: (pty.cpu(draws) - before.1) as f64 / 1e6 / seconds }
}

/// Returns the milliseconds until a run is on screen, its frames while it moves, while the list scrolls with the chosen
/// lane and while all lanes are one row, and the peak memory in MiB.
fn measure(lanes: usize) -> (f64, [Rate; 3], f64) {
    let start = Instant::now();
    let mut pty = start_dashboard(SIZE, lanes, sized(1_000_000, 20_000));
    let opened = |pty: &Pty| pty.text().contains("worker-") && pty.frames() > 0;
    assert!(pty.until(LIMIT, opened), "no picture: {}", pty.text());
    let opened = start.elapsed().as_secs_f64() * 1e3;
    let settled = |pty: &Pty| {
        let frames = pty.frames();
        std::thread::sleep(Duration::from_secs(1));
        pty.frames() >= frames + 5
    };
    pty.until(LIMIT, settled); // until the events of the past are folded
    let moving = watch(&mut pty, "");
    let scrolling = watch(&mut pty, "j");
    pty.keys("F");
    let folded = watch(&mut pty, "");
    (opened, [moving, scrolling, folded], pty.peak_memory())
}

fn main() {
    if run_if_child() {
        return;
    }
    head("lanes: frames and CPU of a run with many lanes, in a terminal of 120 x 40");
    println!(" lanes | opened: ms | frames/s: moving scrolling folded | CPU ms/s: moving scrolling folded | peak MiB");
    let mut all = Vec::new();
    for lanes in sized(&LANES[..], &LANES[..2]) {
        let (opened, rates, memory) = measure(*lanes);
        let columns =
            |figure: fn(&Rate) -> f64| rates.each_ref().map(|rate| format!("{:10.1}", figure(rate))).join(" ");
        let (frames, cpu) = (columns(|rate| rate.frames), columns(|rate| rate.cpu_ms));
        println!("{lanes:6} | {opened:10.0} | {frames} | {cpu} | {memory:8.1}");
        all.push((rates, memory));
    }
    println!();
    let moving = |i: usize| all.get(i).map_or(f64::NAN, |(rates, _): &([Rate; 3], f64)| rates[0].cpu_ms);
    Goal::AtMost(5.0).judge("CPU of 1,000 lanes / 10 lanes", moving(1) / moving(0));
    Goal::AtMost(24.0).judge("peak memory of 1,000 lanes, MiB", all.get(1).map_or(f64::NAN, |(_, memory)| *memory));
    for (rate, what) in
        all.last().into_iter().flat_map(|(rates, _)| rates.iter().zip(["moving", "scrolling", "folded"]))
    {
        Goal::AtLeast(9.0).judge(format_args!("frames a second of 10,000 lanes, {what}"), rate.frames);
    }
}
