//! Waits for whatever comes first, lets `app` change, does what it asks for, draws at most one frame.
//!
//! It is generic over the stage, so that tests drive the same loop with keys and a scripted run.

mod wait;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, never};
use crossterm::event::Event;
use ratatui::layout::Rect;
use signal_hook::consts::{SIGCONT, SIGINT, SIGTSTP, SIGWINCH};

use super::TuiError;
use super::app::{App, Effect, Msg};
use super::feed::{Run, Starter};
use super::input::Typed;
use super::pace::Pace;
use super::stage::{Sources, Stage};
use super::tune::Told;
#[cfg(debug_assertions)]
use crate::platform::fault;
use crate::scenario::{Scenario, Settings};
use crate::trace::{Command, Message, Span, Stamp};
use wait::Woken;

/// Messages of a run, and events of the terminal, that are taken at one go; then the others get their turn.
const BURST: usize = 64;

/// How far past its limit a run is stopped from here, should nobody else have ended it.
const BACKSTOP: Span = Span::millis(1_000);

/// Time until a frame is drawn although more is typed already.
const PATIENCE: Duration = Duration::from_millis(100);

pub(super) struct Loop<'a, S> {
    app: App,
    stage: S,
    sources: Sources,
    starter: &'a dyn Starter,
    run: Option<Box<dyn Run>>,
    /// Whether the run's channel is still open.
    open: bool,
    pace: Pace,
    /// What is told of a tuning, as long as somebody measures.
    told: Receiver<Told>,
    /// Ends the measuring.
    enough: &'a dyn Fn(),
    began: Instant,
    /// When the last frame was drawn.
    drawn: Instant,
    /// When a run is stopped, on its own clock.
    limit: Option<Span>,
    ended: Option<Result<Option<i32>, TuiError>>,
}

impl<'a, S: Stage> Loop<'a, S> {
    pub(super) fn new(app: App, stage: S, sources: Sources, starter: &'a dyn Starter) -> Self {
        let now = Instant::now();
        Self {
            app,
            stage,
            sources,
            starter,
            run: None,
            open: false,
            pace: Pace::from(now),
            told: never(),
            enough: &|| {},
            began: now,
            drawn: now,
            limit: None,
            ended: None,
        }
    }

    /// Stops every run when it is this old.
    pub(super) fn until(mut self, limit: Option<Span>) -> Self {
        self.app.limit = limit;
        Self { limit, ..self }
    }

    /// Shows what is told of a tuning; `enough` ends the measuring.
    pub(super) fn telling(self, told: Receiver<Told>, enough: &'a dyn Fn()) -> Self {
        Self { told, enough, ..self }
    }

    /// Goes on until it is told to quit; the signal that told it, if one did.
    pub(super) fn run(&mut self, first: Vec<Effect>) -> Result<Option<i32>, TuiError> {
        self.perform(first);
        self.frame();
        while self.ended.is_none() {
            self.turn();
        }
        self.ended.take().unwrap_or(Ok(None))
    }

    pub(super) fn into_parts(self) -> (App, Option<Box<dyn Run>>, S) {
        (self.app, self.run, self.stage)
    }

    #[cfg(test)]
    pub(super) const fn app(&mut self) -> &mut App {
        &mut self.app
    }

    #[cfg(test)]
    pub(super) const fn stage(&self) -> &S {
        &self.stage
    }

    #[cfg(test)]
    pub(super) const fn ended(&self) -> Option<&Result<Option<i32>, TuiError>> {
        self.ended.as_ref()
    }

    /// One turn: waits for one thing, and takes what else has come of its kind.
    pub(super) fn turn(&mut self) {
        let stood = !self.app.moves();
        self.take_turn();
        if stood && self.app.moves() {
            self.set_off();
        }
    }

    /// The picture moves from now on: no frame was due while it stood.
    fn set_off(&mut self) {
        self.pace = Pace::from(Instant::now());
    }

    fn take_turn(&mut self) {
        match self.wait() {
            Woken::Typed(Ok(Typed::Event(event))) => {
                let more: Vec<_> = self.sources.typed.try_iter().take(BURST).collect();
                self.typed(event);
                for typed in more {
                    match typed {
                        Typed::Event(event) => self.typed(event),
                        Typed::Gone => self.quit(None),
                    }
                }
                // Of a burst only what it comes to is drawn.
                if !self.sources.typed.is_empty() && self.drawn.elapsed() < PATIENCE {
                    return;
                }
            }
            Woken::Typed(Ok(Typed::Gone) | Err(())) => self.quit(None),
            Woken::Signal(signal) => self.signal(signal),
            Woken::Panicked(what) => self.ended = Some(Err(TuiError::Panicked(what))),
            Woken::Run(Ok(message)) => self.messages(message),
            Woken::Run(Err(())) => {
                self.open = false;
                let now = self.now();
                self.update(Msg::RunGone { now });
            }
            Woken::Saved(saved) => self.update(Msg::Saved(saved)),
            Woken::Told(Ok(told)) => self.update(Msg::Told(told)),
            Woken::Told(Err(())) => {
                self.told = never();
                self.update(Msg::Measured);
            }
            Woken::Frame => return self.tick(),
        }
        self.frame();
    }

    fn typed(&mut self, event: Event) {
        if !matches!(event, Event::Resize(..)) {
            self.update(Msg::Typed(event));
        }
    }

    fn messages(&mut self, first: Message) {
        self.app.update(Msg::Run(first));
        let Some(run) = &self.run else { return };
        for message in run.messages().try_iter().take(BURST) {
            self.app.update(Msg::Run(message));
            if self.pace.is_due(Instant::now()) {
                break;
            }
        }
    }

    /// A frame of a moving picture is due.
    pub(super) fn tick(&mut self) {
        let late = self.pace.begin(Instant::now());
        let run_now = self.now();
        let too_late = |limit: Span| run_now.0 >= limit.0.saturating_add(BACKSTOP.0);
        if let Some(run) = self.run.as_ref().filter(|_| self.limit.is_some_and(too_late)) {
            run.command(Command::Stop);
        }
        self.update(Msg::Tick { now: run_now, late: if self.app.moves() { late } else { Span::ZERO } });
        self.frame();
        self.pace.end(Instant::now());
    }

    fn now(&self) -> Stamp {
        let here = || if self.app.sheet.is_some() { Stamp(0) + Span::from(self.began.elapsed()) } else { Stamp(0) };
        self.run.as_ref().map_or_else(here, |run| run.now())
    }

    fn signal(&mut self, signal: i32) {
        match signal {
            SIGWINCH => {
                let size = self.stage.size();
                self.resize(size);
            }
            SIGTSTP => self.update(Msg::Suspend),
            #[cfg(debug_assertions)]
            fault::SIGNAL => fault::wanted().into_iter().for_each(fault::strike),
            SIGCONT => {
                let resumed = self.stage.resume();
                self.check(&resumed);
                self.redraw();
            }
            _ => self.quit(Some(signal)),
        }
    }

    fn resize(&mut self, size: Rect) {
        self.update(Msg::Resized(size));
        let resized = self.stage.redraw(size);
        self.check(&resized);
    }

    fn redraw(&mut self) {
        let size = self.stage.size();
        self.resize(size);
    }

    fn update(&mut self, msg: Msg) {
        let effects = self.app.update(msg);
        self.perform(effects);
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Start(scenario, settings) => self.start(scenario, settings),
                Effect::Command(command) => {
                    if let Some(run) = &self.run {
                        run.command(command);
                    }
                }
                Effect::EndRun => self.run = None,
                Effect::Enough => (self.enough)(),
                Effect::Edit(path) => self.edit(&path),
                Effect::Suspend => self.suspend(),
                Effect::Redraw => self.redraw(),
                Effect::Quit { interrupted } => self.quit(interrupted.then_some(SIGINT)),
            }
        }
    }

    /// The run before is ended first: two at once would contend with each other.
    fn start(&mut self, scenario: Arc<Scenario>, settings: Settings) {
        self.run = None;
        self.open = false;
        match self.starter.start(&scenario, &settings) {
            Ok(run) => {
                let cast = run.cast();
                if let Some(limit) = self.limit {
                    run.end_at(Stamp(0) + limit);
                }
                (self.run, self.open) = (Some(run), true);
                self.update(Msg::Started { scenario, settings, cast });
                self.set_off();
            }
            Err(why) => self.update(Msg::NotStarted(why)),
        }
    }

    fn edit(&mut self, path: &Path) {
        let edited = self.stage.edit(path);
        let source = edited.and_then(|()| crate::catalogue::find(path).map_err(|e| e.to_string()));
        self.update(Msg::Edited(source));
        self.redraw();
        self.set_off();
    }

    fn suspend(&mut self) {
        if let Some(run) = &self.run {
            run.pause(true);
        }
        let resumed = self.stage.suspend();
        if let Some(run) = &self.run {
            run.pause(false);
        }
        self.check(&resumed);
        self.redraw();
        self.set_off();
    }

    /// Draws if anything changed.
    fn frame(&mut self) {
        self.app.guarded(self.stage.is_guarded());
        if !self.app.take_dirty() {
            return;
        }
        let drawn = self.stage.draw(&self.app);
        self.drawn = Instant::now();
        match drawn {
            Ok(true) => {}
            Ok(false) => self.app.mark_dirty(),
            Err(error) => self.check(&Err(error)),
        }
    }

    /// A terminal that cannot be written to is gone, and with it the reason to go on.
    fn check(&mut self, done: &io::Result<()>) {
        if done.is_err() {
            self.quit(None);
        }
    }

    fn quit(&mut self, signal: Option<i32>) {
        self.ended.get_or_insert(Ok(signal));
    }
}
