//! A run with scripted events, and the real dashboard that shows it in a child process.
#![allow(dead_code, reason = "each benchmark uses its part")]
#![allow(clippy::print_stdout, reason = "a mistake is printed")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use contend::model::FindingOptions;
use contend::platform::detect_machine;
use contend::scenario::{Scenario, Settings, Source, check};
use contend::source::{EventSource, Header, RunControl};
use contend::trace::{
    Command, Event, EventKind, Message, Registry, RunEnd, Stamp, State, WorkerId, WorkerInfo, WorkerKind,
};
use contend::tui::{self, Depth, HistorySizes, InitialScreen, KeyMap, Options, RunStarter, Themes};
use crossbeam_channel::{Receiver, Sender, bounded};

use super::screen::Pty;

const CHILD: &str = "--dashboard";
/// Length of the dense part, in nanoseconds: the given number of events lies within it.
const DENSE: u64 = 60_000_000_000;
/// Time at which the dashboard starts: so late that no picture reaches back to the dense part, and all draw the same.
const PAST: u64 = 2 * DENSE;
/// Time in which each worker changes its state, later: four cells of the time axis.
const LIVE_ROUND: u64 = 200_000_000;

/// Starts the dashboard in a terminal, with this number of lanes and events of the past.
pub fn start_dashboard((rows, cols): (u16, u16), lanes: usize, events: u64) -> Pty {
    let image = std::env::current_exe().expect("this program");
    Pty::start(image.to_str().expect("a path"), &[CHILD, &lanes.to_string(), &events.to_string()], rows, cols)
}

/// Runs the dashboard if this process is the child that [`start_dashboard`] started. Returns whether it was.
pub fn run_if_child() -> bool {
    let mut args = std::env::args().skip_while(|arg| arg != CHILD).skip(1);
    let (Some(lanes), Some(events)) = (args.next(), args.next()) else { return false };
    dashboard(lanes.parse().expect("a number of lanes"), events.parse().expect("a number of events"));
    true
}

/// More lanes are of one group.
const CROWD: usize = 1_000;

/// A run with scripted events. Its clock runs at half speed: 50 ms, one cell of the time axis, in each frame of 100 ms.
struct Scripted {
    header: Header,
    messages: Receiver<Message>,
    stopped: Arc<AtomicBool>,
    start: Instant,
}

fn registry(lanes: usize) -> Registry {
    let worker = |i| WorkerInfo {
        name: format!("worker-{i}"),
        group: if lanes > CROWD { "worker".to_owned() } else { format!("worker-{i}") },
        kind: WorkerKind::Thread,
        pool: None,
    };
    Registry { workers: (0..lanes).map(worker).collect(), ..Registry::default() }
}

/// Workers that change their states one after the other.
struct Workers {
    lanes: usize,
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
        let (round, worker) = (self.turn / self.lanes, WorkerId::from(self.turn % self.lanes));
        let kind = round.checked_sub(1).map_or(EventKind::LifeBegan, |done| Self::DO[done % Self::DO.len()]);
        let at = Stamp(self.clock);
        (self.turn, self.clock) = (self.turn + 1, self.clock + step);
        Event { at, worker, kind }
    }
}

struct Script {
    lanes: usize,
    events: u64,
}

impl RunStarter for Script {
    fn start_run(&self, _: &Scenario, _: &Settings) -> Result<Box<dyn EventSource>, String> {
        let (send, messages) = bounded(64);
        let run = Scripted {
            header: Header::new("script", detect_machine(), registry(self.lanes)),
            messages,
            stopped: Arc::default(),
            start: Instant::now(),
        };
        let (amounts, clock, stopped) = ((self.lanes, self.events), run.clock(), Arc::clone(&run.stopped));
        let feed = move || feed(amounts, clock, &stopped, &send);
        std::thread::Builder::new().name("script".into()).spawn(feed).map_err(|e| e.to_string())?;
        Ok(Box::new(run))
    }
}

/// Sends the events of the past at once, then live events as they are due, until the run is stopped.
fn feed((lanes, events): (usize, u64), now: impl Fn() -> Stamp, stopped: &AtomicBool, send: &Sender<Message>) {
    let mut workers = Workers { lanes, turn: 0, clock: 0 };
    let step = LIVE_ROUND / lanes as u64;
    let tell = |message| drop(send.send(message));
    workers.run(DENSE, DENSE / events, tell);
    workers.run(PAST, step, tell);
    while !stopped.load(Ordering::Relaxed) {
        let through = now();
        workers.run(through.0, step, tell);
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
fn dashboard(lanes: usize, events: u64) {
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
    if let Err(why) = tui::run(start, &options, &Script { lanes, events }) {
        println!("{why}");
    }
}
