//! The dashboard, which draws a model and turns keys into actions.
//!
//! ```text
//! input, signals ─▶ event_loop  ─▶ app.update ─▶ effects (start, command, edit, quit)
//! run's messages ─▶      │
//!                        └─ a frame: draw(app) ─▶ terminal
//! ```
//!
//! `update` only changes state, drawing changes nothing and reads no clock, and only the event loop does I/O.

mod answer_text;
mod app;
mod axis;
mod backend;
mod cell_cache;
mod clipboard;
mod copied_text;
mod draw;
mod editor;
mod event_loop;
mod explain;
mod figures;
mod file_watcher;
mod film;
mod frame_timer;
mod initial_screen;
mod input;
mod keys;
mod knob_text;
mod lateness;
mod layout;
mod level_history;
mod marks;
mod panes;
mod picker;
mod player;
mod preview;
mod question_page;
mod run_recording;
mod run_starter;
mod run_view;
mod signals;
mod slow_motion;
mod terminal;
#[cfg(test)]
mod tests;
mod text;
mod theme;
mod time_of_day;
mod totals_history;
mod tour;
mod tune_view;
mod verdict;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, never};
use thiserror::Error;

use crate::model::{FindingOptions, Model};
use crate::platform::limits::describe_io_error;
use crate::platform::{Machine, request_short_slices};
use crate::recording::FLIGHT_BYTES;
use crate::scenario::{Scenario, Settings};
use crate::trace::{RunEnd, Span, Stamp};
use app::{App, CurrentView, Timeline};
use backend::{EventSources, ScreenBackend};
use event_loop::EventLoop;
use file_watcher::FileWatcher;
use input::Input;
use picker::Picker;
use terminal::{BackgroundReply, FrameBuffer, Painter, TerminalGuard};

pub use film::Film;
pub use initial_screen::{InitialScreen, SettingOverrides, TourSetup};
pub use keys::{BoundAction, Key, KeyMap, KeyNameError, Rebinding, RebindingProblem};
pub use player::{PlayableRun, PlaybackStart, parse_moment};
pub use run_recording::{RecordOptions, WrittenRecording};
pub use run_starter::{LiveStarter, RunStarter};
#[cfg(test)]
pub(crate) use tests::{DrawnScreen, draw_every_screen};
pub use theme::{Depth, Ground, OwnTheme, Theme, ThemeColour, ThemeName, Themes};
pub use tune_view::{TuneSetup, TuneUpdate};

#[derive(Debug, Clone)]
pub struct Options {
    pub themes: Themes,
    /// Whether to capture the mouse. Otherwise the terminal's own selection of text works.
    pub mouse: bool,
    /// Whether to ask a scenario's question before it runs.
    pub ask_questions: bool,
    /// Whether saving its file restarts the run.
    pub reload_on_save: bool,
    /// Longest time a run may take.
    pub time_limit: Option<Span>,
    /// Where to record the runs.
    pub record: Option<RecordOptions>,
    /// Findings that are not listed, and thresholds.
    pub findings: FindingOptions,
    pub keys: KeyMap,
    /// Time between two frames of a moving picture.
    pub frame_interval: Duration,
    pub history: HistorySizes,
}

/// How much of a run is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistorySizes {
    /// Bytes of events of the run on screen.
    pub memory: usize,
    /// Bytes of a recording that a key starts.
    pub recording: u64,
}

impl Default for HistorySizes {
    fn default() -> Self {
        Self { memory: FLIGHT_BYTES, recording: run_recording::DEFAULT_LIMIT }
    }
}

/// How the dashboard ended.
#[derive(Debug)]
pub struct DashboardExit {
    /// The signal that ended it, or SIGINT for Ctrl-C: the process should end with it.
    pub signal: Option<i32>,
    /// Whether the terminal is gone or stopped reading: printing to it may block forever.
    pub is_terminal_stalled: bool,
    /// The run that was on screen last.
    pub last_run: Option<LastRun>,
    /// The recordings that were written, each with how it ended.
    pub recordings: Vec<WrittenRecording>,
    /// What did not happen in a tour as its file says.
    pub tour_failures: Vec<String>,
}

/// The data collected from a run.
#[derive(Debug)]
pub struct LastRun {
    pub scenario: Arc<Scenario>,
    pub settings: Settings,
    pub model: Model,
    pub now: Stamp,
    pub ended: RunEnd,
    /// The machine of a recorded run; `None` for this one.
    pub machine: Option<Machine>,
    pub time_limit: Option<Span>,
}

/// Why the dashboard cannot be shown, or ended.
#[derive(Debug, Error)]
pub enum TuiError {
    #[error("the dashboard needs a terminal on standard input and output; use `--headless` without one")]
    NotATerminal,
    #[error("a terminal with TERM=dumb cannot show the dashboard; use `--headless`")]
    DumbTerminal,
    #[error("the terminal cannot be used: {}", describe_io_error(.0))]
    EnterFailed(#[source] io::Error),
    #[error("the dashboard panicked: {0}")]
    Panicked(String),
}

/// Shows the dashboard until the user quits. Must be called from the main thread, once.
///
/// # Errors
/// When there is no terminal, or a thread of the program panicked.
pub fn run(start: InitialScreen, options: &Options, starter: &dyn RunStarter) -> Result<DashboardExit, TuiError> {
    let (backend, sources, themes) = take_terminal(options)?;
    let mut app = App::new(Picker::catalogue(), themes.theme(), terminal::screen_size());
    app.themes = themes;
    app.ask_questions = options.ask_questions;
    app.finding_options = options.findings.clone();
    let watched = match &start {
        InitialScreen::Run { source, .. } | InitialScreen::Mistakes { source, .. } if options.reload_on_save => {
            Some(FileWatcher::start(source).map_err(TuiError::EnterFailed)?)
        }
        _ => None,
    };
    let saved = watched.as_ref().map_or_else(never, |watched| watched.changes.clone());
    let first = app.initial_effects(start);
    let mut events = EventLoop::new(app, backend, EventSources { file_changes: saved, ..sources }, starter)
        .with_time_limit(options.time_limit)
        .with_recording(options.record.clone(), options.history)
        .with_frame_interval(options.frame_interval);
    let ended = events.run(first);
    leave_terminal(events, ended)
}

/// Shows a tuning, whose progress arrives as `updates`, until the user quits. `stop_measuring` ends the measuring. Must
/// be called from the main thread, once.
///
/// # Errors
/// When there is no terminal, or a thread of the program panicked.
pub fn run_tuning(
    tuned: TuneSetup,
    updates: Receiver<TuneUpdate>,
    stop_measuring: &dyn Fn(),
    options: &Options,
) -> Result<DashboardExit, TuiError> {
    let (backend, sources, themes) = take_terminal(options)?;
    let mut app = App::new(Picker::default(), themes.theme(), terminal::screen_size());
    app.themes = themes;
    app.finding_options = options.findings.clone();
    app.show_tuning(tuned);
    let mut events = EventLoop::new(app, backend, sources, &LiveStarter)
        .with_tune_updates(updates, stop_measuring)
        .with_frame_interval(options.frame_interval);
    let ended = events.run(Vec::new());
    leave_terminal(events, ended)
}

/// Enters the terminal and starts its event sources. Returns the themes for its background, too.
fn take_terminal(options: &Options) -> Result<(TerminalBackend, EventSources, Themes), TuiError> {
    request_short_slices();
    keys::set_keys(&options.keys);
    let (guard, painter, buffer, panics) = TerminalGuard::enter(options.mouse)?;
    let signals = signals::watch_signals().map_err(TuiError::EnterFailed)?;
    let reply = if options.themes.has_colour() { terminal::ask_background() } else { Ok(BackgroundReply::default()) };
    let reply = reply.map_err(TuiError::EnterFailed)?;
    let themes = reply.ground.map_or(options.themes, |ground| options.themes.on_ground(ground));
    let input = Input::start(reply.typed).map_err(TuiError::EnterFailed)?;
    let typed = input.events.clone();
    Ok((
        TerminalBackend { guard, painter, buffer, timeline: None, input },
        EventSources { input_events: typed, signals, panics, file_changes: never() },
        themes,
    ))
}

/// Leaves the terminal.
fn leave_terminal(
    events: EventLoop<'_, TerminalBackend>,
    ended: Result<Option<i32>, TuiError>,
) -> Result<DashboardExit, TuiError> {
    let (mut app, run, backend, recordings) = events.into_parts();
    let stalled = !terminal::leave_terminal(); // the screen first: ending a run may take a moment
    drop(backend);
    drop(run);
    let signal = ended?;
    let tour_failures = app.tour.take().map(|tour| tour.failures()).unwrap_or_default();
    Ok(DashboardExit { signal, is_terminal_stalled: stalled, last_run: last_run(app), recordings, tour_failures })
}

fn last_run(mut app: App) -> Option<LastRun> {
    app.leave_slow_motion();
    match app.current_view {
        CurrentView::Picker | CurrentView::Tune => None,
        CurrentView::Run(watch) => watch.into_last_run(),
    }
}

/// The real terminal as the screen of the event loop.
struct TerminalBackend {
    guard: TerminalGuard,
    painter: Painter,
    /// The output of the painter.
    buffer: FrameBuffer,
    /// The timeline as it was painted last.
    timeline: Option<Timeline>,
    input: Input,
}

impl ScreenBackend for TerminalBackend {
    fn draw(&mut self, app: &App) -> io::Result<bool> {
        if !FrameBuffer::is_ready() {
            return Ok(false);
        }
        let timeline = app.timeline();
        let scroll = Timeline::scroll_between(std::mem::replace(&mut self.timeline, timeline), timeline);
        self.painter.paint(scroll, self.buffer.bytes(), |area, buf| draw::draw_screen(app, area, buf));
        self.buffer.present()?;
        Ok(true)
    }

    fn redraw(&mut self, size: ratatui::layout::Rect) -> io::Result<()> {
        self.painter.redraw(size);
        Ok(())
    }

    fn size(&self) -> ratatui::layout::Rect {
        terminal::screen_size()
    }

    fn is_guarded(&self) -> bool {
        crate::platform::is_guarded()
    }

    fn send_to_terminal(&mut self, sequence: &[u8]) {
        self.buffer.push(sequence);
    }

    fn suspend(&mut self) -> io::Result<()> {
        let _paused = self.input.pause();
        terminal::leave_terminal();
        signals::stop_group();
        self.guard.resume()
    }

    fn resume(&mut self) -> io::Result<()> {
        self.guard.resume()
    }

    fn open_editor(&mut self, path: &std::path::Path) -> Result<(), String> {
        let _paused = self.input.pause();
        terminal::leave_terminal();
        let edited = editor::open_editor(path);
        self.guard.resume().map_err(|e| e.to_string())?;
        edited
    }
}
