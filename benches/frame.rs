//! Benchmark of the dashboard's frames: their cost, and whether it grows with the number of events.
//!
//! The real dashboard, with its event loop and its terminal output, runs in a pseudo-terminal. Only the run is
//! scripted: all its events exist from the start, and its clock passes one cell of the time axis in each frame. The
//! figures are the CPU time of the threads that fold, draw and write. For comparison, plain ratatui draws as many cells
//! into a sink.
#![allow(clippy::print_stdout, reason = "figures are what a benchmark is for")]

mod measure;
mod screen;
mod scripted;

use std::io::{self, BufWriter};
use std::time::Duration;

use contend::platform::thread_cpu_nanos;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::{Terminal, TerminalOptions, Viewport};

use self::measure::{Goal, head, is_late, median, sized};
use self::screen::Pty;
use self::scripted::{run_if_child, start_dashboard};

const SIZES: [(u16, u16); 3] = [(24, 80), (40, 120), (67, 240)];
const EVENTS: [u64; 2] = [100_000, 10_000_000];
const REPEATS: usize = 3;
const LANES: usize = 50;
const LIMIT: Duration = Duration::from_mins(1);

/// Cost of one frame of a kind.
#[derive(Debug, Clone, Copy)]
struct Cost {
    micros: f64,
    bytes: f64,
}

/// Figures of one dashboard.
#[derive(Debug, Clone, Copy)]
struct Shown {
    scrolled: Cost,
    changed: Cost,
    /// CPU microseconds, bytes, and sleeps of threads, in a second without changes.
    still: (f64, u64, u64),
}

/// Whether a thread, by its name, folds, draws or writes.
fn draws(name: &str) -> bool {
    name != "script" && name != "input"
}

/// Measures the frames drawn while `during` runs.
fn cost(pty: &mut Pty, during: impl FnOnce(&mut Pty)) -> Cost {
    let before = (pty.frames(), pty.cpu(draws), pty.bytes());
    during(pty);
    let frames = pty.frames() - before.0;
    let each = |n: u64| n as f64 / frames.max(1) as f64;
    Cost { micros: each(pty.cpu(draws) - before.1) / 1e3, bytes: each(pty.bytes() - before.2) }
}

fn measure(size: (u16, u16), events: u64) -> Shown {
    let mut pty = start_dashboard(size, LANES, events);
    let loaded = |pty: &Pty| pty.text().contains("worker-") && pty.frames() > 10;
    assert!(pty.until(LIMIT, loaded), "no picture: {}", pty.text());
    settle(&pty);
    let scrolled = cost(&mut pty, |_| std::thread::sleep(Duration::from_secs(sized(4, 1))));
    pty.keys("s");
    std::thread::sleep(Duration::from_millis(500));
    let before = (pty.cpu(|_| true), pty.bytes(), pty.sleeps());
    std::thread::sleep(Duration::from_secs(1));
    let still =
        ((pty.cpu(|_| true) - before.0) as f64 / 1e3, pty.bytes() - before.1, pty.sleeps().saturating_sub(before.2));
    let changed = cost(&mut pty, |pty| {
        for turn in 0..sized(60, 4) {
            let frames = pty.frames();
            pty.keys(if turn % 2 == 0 { "[" } else { "]" });
            pty.until(Duration::from_secs(1), |pty| pty.frames() > frames);
        }
    });
    Shown { scrolled, changed, still }
}

/// Waits until the events of the past are folded: until then a thread is busy all the time.
fn settle(pty: &Pty) {
    const LOOK: Duration = Duration::from_millis(300);
    let busy = |_: &Pty| {
        let before = pty.cpu(draws);
        std::thread::sleep(LOOK);
        pty.cpu(draws) - before > LOOK.as_nanos() as u64 / 4
    };
    assert!(pty.until(LIMIT, |pty| !busy(pty)), "the events are never folded");
}

/// Returns the CPU microseconds of a frame of plain ratatui, its output discarded: with no cell changed, with all moved
/// by one cell, and with all changed.
fn plain((rows, cols): (u16, u16)) -> [f64; 3] {
    let backend = CrosstermBackend::new(BufWriter::with_capacity(1 << 20, io::sink()));
    let viewport = Viewport::Fixed(Rect::new(0, 0, cols, rows));
    let mut terminal = Terminal::with_options(backend, TerminalOptions { viewport }).expect("a sink takes all");
    [0, 1, 2].map(|kind| {
        let mut frame = |n: u16| {
            let start = thread_cpu_nanos();
            terminal.draw(|frame| fill(frame.buffer_mut(), n, kind)).expect("a sink takes all");
            (thread_cpu_nanos() - start) as f64 / 1e3
        };
        let samples: Vec<f64> = (0..200).map(&mut frame).collect();
        median(&samples[20..])
    })
}

/// Fills each cell with a coloured block: the same in each frame, runs of eight that move left, or different each time.
fn fill(buffer: &mut Buffer, n: u16, kind: usize) {
    let area = buffer.area;
    for (y, x) in (0..area.height).flat_map(|y| (0..area.width).map(move |x| (y, x))) {
        let colour = match kind {
            0 => (x / 8 + y) % 7,
            1 => ((x + n) / 8 + y) % 7,
            _ => (x + y + n) % 7,
        };
        buffer[(x, y)].set_symbol("\u{2588}").set_style(Style::new().fg(Color::Indexed(colour as u8 + 1)));
    }
}

fn main() {
    if run_if_child() {
        return;
    }
    head("frame: CPU microseconds and bytes of a frame, 50 lanes");
    println!("size     events | scrolled: us   bytes | all changed: us   bytes | still, 1 s: us  bytes  sleeps");
    let (mut grown, mut still_bytes) = (0_f64, 0);
    let mut ours = Vec::new();
    for size in sized(&SIZES[..], &SIZES[..1]) {
        let shown = sized(EVENTS, [1_000, 10_000]).map(|events| {
            let repeats = (0..sized(REPEATS, 1)).take_while(|repeat| *repeat == 0 || !is_late());
            let runs: Vec<Shown> = repeats.map(|_| measure(*size, events)).collect();
            report(*size, events, &runs)
        });
        grown = grown.max(shown[1].0 / shown[0].0).max(shown[1].1 / shown[0].1);
        still_bytes += shown[0].2 + shown[1].2;
        ours.push(shown[0]);
    }
    println!("\nplain ratatui    still   scrolled  all changed | of ours: scrolled  all changed (ratio)");
    let mut worst = (0_f64, 0_f64);
    for (size, ours) in SIZES.iter().zip(&ours) {
        let [still, scrolled, changed] = plain(*size);
        worst = (worst.0.max(ours.0 / scrolled), worst.1.max(ours.1 / changed));
        print!("{:3}x{:<3} {still:15.0} {scrolled:10.0} {changed:12.0} | ", size.1, size.0);
        println!("{:18.2} {:12.2}", ours.0 / scrolled, ours.1 / changed);
    }
    println!();
    Goal::AtMost(1.2).judge("a frame with 10^7 events behind it / with 10^5, worst", grown);
    Goal::AtMost(0.0).judge("bytes drawn when nothing changes", still_bytes as f64);
    Goal::AtMost(0.25).judge("a scrolled frame / plain ratatui, worst", worst.0);
    Goal::AtMost(0.5).judge("a frame with all cells changed / plain ratatui, worst", worst.1);
}

/// Prints the medians of one size. Returns the CPU time of scrolled and changed frames, and the bytes of a still one.
fn report((rows, cols): (u16, u16), events: u64, runs: &[Shown]) -> (f64, f64, u64) {
    let of = |f: &dyn Fn(&Shown) -> f64| median(&runs.iter().map(f).collect::<Vec<_>>());
    let (scrolled, changed) = (of(&|s| s.scrolled.micros), of(&|s| s.changed.micros));
    let still = runs.iter().map(|s| s.still.1).max().unwrap_or(0);
    print!("{cols:3}x{rows:<3} {events:9} | {scrolled:12.0} {:7.0} ", of(&|s| s.scrolled.bytes));
    print!("| {changed:15.0} {:7.0} ", of(&|s| s.changed.bytes));
    println!("| {:14.0} {still:6} {:7.0}", of(&|s| s.still.0), of(&|s| s.still.2 as f64));
    (scrolled, changed, still)
}
