//! Benchmark of the dashboard's frames: their cost, and whether it grows with the number of events.
//!
//! The real dashboard, with its event loop and its terminal output, runs in a pseudo-terminal. Only the run is
//! scripted: all its events exist from the start, and its clock passes one cell of the time axis in each frame. The
//! figures are the CPU time of the threads that fold, draw and write. For comparison, plain ratatui draws as many cells
//! into a sink.
#![allow(clippy::print_stdout, reason = "figures are what a benchmark is for")]

mod measure;
mod screen;

use std::io::{self, BufWriter};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use contend::model::FindingOptions;
use contend::platform::{detect_machine, thread_cpu_nanos};
use contend::scenario::{Scenario, Settings, Source, check};
use contend::source::{EventSource, Header, RunControl};
use contend::trace::{
    Command, Event, EventKind, Message, Registry, RunEnd, Stamp, State, WorkerId, WorkerInfo, WorkerKind,
};
use contend::tui::{self, Depth, HistorySizes, InitialScreen, KeyMap, Options, RunStarter, Themes};
use crossbeam_channel::{Receiver, Sender, bounded};
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::{Terminal, TerminalOptions, Viewport};

use self::measure::{Goal, head, is_late, median, sized};
use self::screen::Pty;

const SIZES: [(u16, u16); 3] = [(24, 80), (40, 120), (67, 240)];
const EVENTS: [u64; 2] = [100_000, 10_000_000];
const REPEATS: usize = 3;
const LANES: usize = 50;
const CHILD: &str = "--dashboard";
/// Length of the dense part, in nanoseconds: the given number of events lies within it.
const DENSE: u64 = 60_000_000_000;
/// Time at which the dashboard starts: so late that no picture reaches back to the dense part, and all draw the same.
const PAST: u64 = 2 * DENSE;
/// Time between two later events: each worker changes its state every 200 ms, four cells of the time axis.
const LIVE_STEP: u64 = 200_000_000 / LANES as u64;
const LIMIT: Duration = Duration::from_mins(1);

/// A run with scripted events. Its clock runs at half speed: 50 ms, one cell of the time axis, in each frame of 100 ms.
struct Scripted {
    header: Header,
    messages: Receiver<Message>,
    stopped: Arc<AtomicBool>,
    start: Instant,
}

fn registry() -> Registry {
    let worker = |i| WorkerInfo {
        name: format!("worker-{i}"),
        group: format!("worker-{i}"),
        kind: WorkerKind::Thread,
        pool: None,
    };
    Registry { workers: (0..LANES).map(worker).collect(), ..Registry::default() }
}

/// Workers that change their states one after the other.
struct Workers {
    turn: usize,
    clock: u64,
}

impl Workers {
    const DO: [EventKind; 6] = [
        EventKind::Blocked { state: State::Sleep, on: None },
        EventKind::Resumed,
        EventKind::Blocked { state: State::Io, on: None },
        EventKind::Resumed,
        EventKind::Blocked { state: State::Signal, on: None },
        EventKind::Resumed,
    ];

    /// Returns their events up to `until`, in batches, with `step` between two events.
    fn run(&mut self, until: u64, step: u64, mut tell: impl FnMut(Message)) {
        while self.clock < until {
            let left = (until - self.clock).div_ceil(step).min(4096) as usize;
            tell(Message::Events((0..left).map(|_| self.next(step)).collect()));
        }
    }

    fn next(&mut self, step: u64) -> Event {
        let (round, worker) = (self.turn / LANES, WorkerId::from(self.turn % LANES));
        let kind = round.checked_sub(1).map_or(EventKind::LifeBegan, |done| Self::DO[done % Self::DO.len()]);
        let at = Stamp(self.clock);
        (self.turn, self.clock) = (self.turn + 1, self.clock + step);
        Event { at, worker, kind }
    }
}

struct Script {
    events: u64,
}

impl RunStarter for Script {
    fn start_run(&self, _: &Scenario, _: &Settings) -> Result<Box<dyn EventSource>, String> {
        let (send, messages) = bounded(64);
        let run = Scripted {
            header: Header::new("script", detect_machine(), registry()),
            messages,
            stopped: Arc::default(),
            start: Instant::now(),
        };
        let (events, clock, stopped) = (self.events, run.clock(), Arc::clone(&run.stopped));
        let feed = move || feed(events, clock, &stopped, &send);
        std::thread::Builder::new().name("script".into()).spawn(feed).map_err(|e| e.to_string())?;
        Ok(Box::new(run))
    }
}

/// Sends the events of the past at once, then live events as they are due, until the run is stopped.
fn feed(events: u64, now: impl Fn() -> Stamp, stopped: &AtomicBool, send: &Sender<Message>) {
    let mut workers = Workers { turn: 0, clock: 0 };
    let tell = |message| drop(send.send(message));
    workers.run(DENSE, DENSE / events, tell);
    workers.run(PAST, LIVE_STEP, tell);
    while !stopped.load(Ordering::Relaxed) {
        let through = now();
        workers.run(through.0, LIVE_STEP, tell);
        tell(Message::Watermark(through));
        std::thread::sleep(Duration::from_millis(40));
    }
    tell(Message::Ended { at: Stamp(workers.clock), reason: RunEnd::Stopped });
}

impl Scripted {
    fn clock(&self) -> impl Fn() -> Stamp + Send + 'static {
        let start = self.start;
        move || Stamp(PAST + start.elapsed().as_nanos() as u64 / 2)
    }
}

impl EventSource for Scripted {
    fn header(&self) -> &Header {
        &self.header
    }

    fn messages(&self) -> &Receiver<Message> {
        &self.messages
    }

    fn now(&self) -> Stamp {
        self.clock()()
    }

    fn control(&self) -> Option<&dyn RunControl> {
        Some(self)
    }
}

impl RunControl for Scripted {
    fn send_command(&self, command: Command) {
        if command == Command::Stop {
            self.stopped.store(true, Ordering::Relaxed);
        }
    }

    fn set_paused(&self, _: bool) {}

    fn limit_end_wait(&self, _: Duration) {}

    fn end_at(&self, _: Stamp) {}
}

/// Runs the dashboard with `events` events, in the child process.
fn dashboard(events: u64) {
    let source = Source { name: "script".into(), path: None, text: contend::catalogue::all()[0].text.into() };
    let scenario = check(&source).expect("the catalogue is checked").scenario;
    let settings = scenario.default_settings();
    let start = InitialScreen::Run { source, scenario: Box::new(scenario), settings, ask_question: false };
    // The guardian is the built program: this one, started again, would start another dashboard.
    contend::helpers::set_helper_program(env!("CARGO_BIN_EXE_contend"));
    let options = Options {
        themes: Themes::new(Depth::TrueColor, true),
        keys: KeyMap::standard().clone(),
        frame_interval: Duration::from_millis(100),
        history: HistorySizes::default(),
        mouse: false,
        ask_questions: false,
        reload_on_save: false,
        time_limit: None,
        record: None,
        findings: FindingOptions::default(),
    };
    if let Err(why) = tui::run(start, &options, &Script { events }) {
        println!("{why}");
    }
}

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

fn measure((rows, cols): (u16, u16), events: u64) -> Shown {
    let image = std::env::current_exe().expect("this program");
    let mut pty = Pty::start(image.to_str().expect("a path"), &[CHILD, &events.to_string()], rows, cols);
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
    let mut args = std::env::args().skip_while(|a| a != CHILD).skip(1);
    if let Some(events) = args.next() {
        return dashboard(events.parse().expect("a number of events"));
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
    for (size, ours) in SIZES.iter().zip(&ours) {
        let [still, scrolled, changed] = plain(*size);
        print!("{:3}x{:<3} {still:15.0} {scrolled:10.0} {changed:12.0} | ", size.1, size.0);
        println!("{:18.2} {:12.2}", ours.0 / scrolled, ours.1 / changed);
    }
    println!();
    Goal::AtMost(1.2).judge("a frame with 10^7 events behind it / with 10^5, worst", grown);
    Goal::AtMost(0.0).judge("bytes drawn when nothing changes", still_bytes as f64);
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
