//! Waits for whatever comes first, lets `app` change, does what it asks for, draws at most one frame.
//!
//! It is generic over the stage, so that tests drive the same loop with keys and a scripted run.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Select, after, never};
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
use crate::scenario::{Scenario, Settings, Source};
use crate::trace::{Command, Message, Span, Stamp};

/// Time until a frame is tried again that the terminal had no room for.
const RETRY: Duration = Duration::from_millis(20);

/// Messages of a run, and events of the terminal, that are taken at one go; then the others get their turn.
const BURST: usize = 64;

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
    /// When a run is stopped, on its own clock.
    limit: Option<Span>,
    ended: Option<Result<Option<i32>, TuiError>>,
}

/// What came first.
enum Woken {
    Typed(Result<Typed, ()>),
    Signal(i32),
    Panicked(String),
    Run(Result<Message, ()>),
    Saved(Result<Source, String>),
    Told(Result<Told, ()>),
    Frame,
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
            limit: None,
            ended: None,
        }
    }

    /// Stops every run when it is this old.
    pub(super) fn until(self, limit: Option<Span>) -> Self {
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

    fn wait(&self) -> Woken {
        let left = self.app.moves().then(|| self.pace.left(Instant::now()));
        if left == Some(Duration::ZERO) {
            return Woken::Frame;
        }
        let frames = left.map_or_else(|| self.retry(), after);
        let closed = never();
        let messages = self.run.as_ref().filter(|_| self.open).map_or(&closed, |run| run.messages());
        let mut select = Select::new();
        let typed = select.recv(&self.sources.typed);
        let signals = select.recv(&self.sources.signals);
        let panics = select.recv(&self.sources.panics);
        let run = select.recv(messages);
        let saved = select.recv(&self.sources.saved);
        let told = select.recv(&self.told);
        select.recv(&frames);
        let first = select.select();
        match first.index() {
            i if i == typed => Woken::Typed(first.recv(&self.sources.typed).map_err(drop)),
            i if i == signals => first.recv(&self.sources.signals).map_or(Woken::Signal(SIGINT), Woken::Signal),
            i if i == panics => {
                first.recv(&self.sources.panics).map_or_else(|e| Woken::Panicked(e.to_string()), Woken::Panicked)
            }
            i if i == saved => {
                first.recv(&self.sources.saved).map_or_else(|e| Woken::Panicked(e.to_string()), Woken::Saved)
            }
            i if i == told => Woken::Told(first.recv(&self.told).map_err(drop)),
            i if i == run => Woken::Run(first.recv(messages).map_err(drop)),
            _ => {
                let _ = first.recv(&frames);
                Woken::Frame
            }
        }
    }

    /// A picture that stands still is drawn when something changes; and again when the terminal had no room for that.
    fn retry(&self) -> Receiver<Instant> {
        if self.app.is_dirty() { after(RETRY) } else { never() }
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
        if let Some(run) = self.run.as_ref().filter(|_| self.limit.is_some_and(|limit| run_now.0 >= limit.0)) {
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
                (self.run, self.open) = (Some(run), true);
                self.update(Msg::Started { scenario, settings, cast });
                self.set_off();
            }
            Err(why) => self.update(Msg::NotStarted(why)),
        }
    }

    fn edit(&mut self, path: &Path) {
        let edited = self.stage.edit(path);
        let source = edited.and_then(|()| Source::find(path).map_err(|e| e.to_string()));
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
        match self.stage.draw(&self.app) {
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
