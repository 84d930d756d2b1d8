//! The dashboard: draws a model, turns keys into actions.
//!
//! ```text
//! input, signals ─▶ events_loop ─▶ app.update ─▶ effects (start, command, edit, quit)
//! run's messages ─▶      │
//!                        └─ a frame: draw(app) ─▶ terminal
//! ```
//!
//! `update` changes state and does nothing else; drawing changes nothing and reads no clock; only the loop does I/O.

mod app;
mod axis;
mod draw;
mod editor;
mod events_loop;
mod feed;
mod figures;
mod format;
mod input;
mod keys;
mod lateness;
mod pace;
mod past;
mod picker;
mod plan;
mod question;
mod saved;
mod seen;
mod signals;
mod stage;
mod still;
mod strips;
mod terminal;
#[cfg(test)]
mod tests;
mod theme;
mod tune;
mod watch;

use std::io;
use std::sync::Arc;

use crossbeam_channel::{Receiver, never};
use thiserror::Error;

use crate::model::Model;
use crate::platform::be_prompt;
use crate::platform::limits::told;
use crate::scenario::{Scenario, SettingError, Settings, Source};
use crate::trace::{Span, Stamp, WorkerKind};
use app::{App, Showing};
use events_loop::Loop;
use input::Input;
use picker::Picker;
use saved::Saved;
use stage::{Sources, Stage};
use terminal::{FrameBuffer, Guard, Screen};

pub use feed::{Really, Run, Starter};
pub use theme::Theme;
pub use tune::{Told, Tuned};

/// What to show first.
#[derive(Debug)]
pub enum Start {
    Picker,
    /// A scenario's text, which must be one without mistakes, and the settings to run it with.
    Run {
        source: Source,
        scenario: Box<Scenario>,
        settings: Settings,
        /// Put its question first.
        ask: bool,
    },
    /// A file with mistakes, to be shown until it is saved without them.
    Mistakes {
        source: Source,
        wish: Wish,
    },
}

/// What the knobs of a scenario are to be set to that cannot be read yet.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// `KNOB=VALUE`.
    pub set: Vec<String>,
    pub workers: Option<u32>,
    pub executor: Option<WorkerKind>,
    /// Whether commands may be run.
    pub exec: bool,
}

impl Wish {
    /// The scenario's defaults, changed accordingly.
    ///
    /// # Errors
    /// When a knob cannot be set so.
    pub fn settings(&self, scenario: &Scenario) -> Result<Settings, SettingError> {
        let settings = scenario.settings(&self.set, self.workers, self.executor)?;
        Ok(Settings { exec: self.exec, ..settings })
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub theme: Theme,
    /// Off, the terminal's own selection of text works.
    pub mouse: bool,
    /// Whether a scenario's question is put before it runs.
    pub asks: bool,
    /// Whether the run starts anew when its file is saved.
    pub watch: bool,
    /// How long a run goes on, if not until it ends or is stopped.
    pub limit: Option<Span>,
}

/// How the dashboard ended.
#[derive(Debug)]
pub struct Outcome {
    /// The signal that ended it, or SIGINT for Ctrl-C: the process should die of it.
    pub signal: Option<i32>,
    /// The terminal is gone or reads no more: whoever prints to it now may wait for ever.
    pub stalled: bool,
    /// The run that was on screen last.
    pub last: Option<LastRun>,
}

/// What was collected of a run.
#[derive(Debug)]
pub struct LastRun {
    pub scenario: Arc<Scenario>,
    pub settings: Settings,
    pub model: Model,
    pub now: Stamp,
}

/// Why there is no dashboard, or none any more.
#[derive(Debug, Error)]
pub enum TuiError {
    #[error("the dashboard needs a terminal on standard input and output; `--headless` needs none")]
    NotATerminal,
    #[error("a terminal with TERM=dumb cannot show the dashboard; `--headless` needs none")]
    Dumb,
    #[error("the terminal cannot be used: {}", told(.0))]
    Enter(#[source] io::Error),
    #[error("a part of the dashboard failed: {0}")]
    Panicked(String),
}

/// Shows the dashboard until it is told to quit. Call it from the main thread, once.
///
/// # Errors
/// When there is no terminal to show it on, or a thread of the program failed.
pub fn run(start: Start, options: Options, starter: &dyn Starter) -> Result<Outcome, TuiError> {
    let (stage, sources) = take(options.mouse)?;
    let mut app = App::new(Picker::catalogue(), options.theme, terminal::size());
    app.asks = options.asks;
    let watched = match &start {
        Start::Run { source, .. } | Start::Mistakes { source, .. } if options.watch => {
            Some(Saved::of(source).map_err(TuiError::Enter)?)
        }
        _ => None,
    };
    let saved = watched.as_ref().map_or_else(never, |watched| watched.texts.clone());
    let first = app.first(start);
    let mut events = Loop::new(app, stage, Sources { saved, ..sources }, starter).until(options.limit);
    let ended = events.run(first);
    finish(events, ended)
}

/// Shows a tuning while somebody else measures and tells of it, until it is told to quit. `enough` ends the measuring. Call
/// it from the main thread, once.
///
/// # Errors
/// When there is no terminal to show it on, or a thread of the program failed.
pub fn tune(tuned: Tuned, told: Receiver<Told>, enough: &dyn Fn(), options: Options) -> Result<Outcome, TuiError> {
    let (stage, sources) = take(options.mouse)?;
    let mut app = App::new(Picker::default(), options.theme, terminal::size());
    app.tunes(tuned);
    let mut events = Loop::new(app, stage, sources, &Really).telling(told, enough);
    let ended = events.run(Vec::new());
    finish(events, ended)
}

/// Takes the terminal, and what comes from it.
fn take(mouse: bool) -> Result<(Terminal, Sources), TuiError> {
    be_prompt();
    crossterm::style::force_color_output(true); // the theme decides; crossterm's way of NO_COLOR loses emphasis too
    let (guard, screen, buffer, panics) = Guard::enter(mouse)?;
    let signals = signals::watch().map_err(TuiError::Enter)?;
    let input = Input::start().map_err(TuiError::Enter)?;
    let typed = input.events.clone();
    Ok((Terminal { guard, screen, buffer, input }, Sources { typed, signals, panics, saved: never() }))
}

/// Gives the terminal back.
fn finish(events: Loop<'_, Terminal>, ended: Result<Option<i32>, TuiError>) -> Result<Outcome, TuiError> {
    let (app, run, stage) = events.into_parts();
    let stalled = !terminal::leave(); // the screen first: ending a run may take a moment
    drop(stage);
    drop(run);
    let signal = ended?;
    Ok(Outcome { signal, stalled, last: last_run(app) })
}

fn last_run(app: App) -> Option<LastRun> {
    match app.showing {
        Showing::Picker | Showing::Tune => None,
        Showing::Watch(watch) => Some(watch.into_last_run()),
    }
}

/// The real terminal, as the loop sees it.
struct Terminal {
    guard: Guard,
    screen: Screen,
    /// What the screen draws into.
    buffer: FrameBuffer,
    input: Input,
}

impl Stage for Terminal {
    fn draw(&mut self, app: &App) -> io::Result<bool> {
        if !FrameBuffer::ready() {
            return Ok(false);
        }
        self.screen.draw(|frame| draw::draw(app, frame.area(), frame.buffer_mut()))?;
        self.buffer.present()?;
        Ok(true)
    }

    fn redraw(&mut self, size: ratatui::layout::Rect) -> io::Result<()> {
        self.screen.resize(size) // does not ask the terminal anything, as `clear` would
    }

    fn size(&self) -> ratatui::layout::Rect {
        terminal::size()
    }

    fn is_guarded(&self) -> bool {
        crate::platform::is_guarded()
    }

    fn suspend(&mut self) -> io::Result<()> {
        let _paused = self.input.pause();
        terminal::leave();
        signals::stop_group();
        self.guard.resume()
    }

    fn resume(&mut self) -> io::Result<()> {
        self.guard.resume()
    }

    fn edit(&mut self, path: &std::path::Path) -> Result<(), String> {
        let _paused = self.input.pause();
        terminal::leave();
        let edited = editor::edit(path);
        self.guard.resume().map_err(|e| e.to_string())?;
        edited
    }
}
