//! The event loop: waits for the next event, lets `app` change its state, performs the effects, draws at most one
//! frame.
//!
//! It is generic over the screen, so that tests drive the same loop with keys and a scripted run.

mod effects;
#[cfg(test)]
mod for_tests;
mod open_recording;
mod wait;

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, never};
use crossterm::event::Event;
use ratatui::layout::Rect;
use signal_hook::consts::{SIGCONT, SIGTSTP, SIGWINCH};

use super::app::{App, AppEvent, Effect};
use super::backend::{EventSources, ScreenBackend};
use super::frame_timer::FrameTimer;
use super::input::InputEvent;
use super::run_recording::{RecordOptions, RunRecording, WrittenRecording};
use super::run_starter::RunStarter;
use super::tune_view::TuneUpdate;
use super::{HistorySizes, TuiError};
#[cfg(debug_assertions)]
use crate::platform::fault_injection;
use crate::source::{EXIT_WAIT, EventSource};
use crate::trace::{Command, Message, Span, Stamp};
use open_recording::Opened;
use wait::LoopEvent;

/// Messages of a run, and events of the terminal, handled in a row before other sources get their turn.
const MAX_BURST: usize = 64;

/// How far past its limit a run is stopped from here, if it has not ended by itself.
const LIMIT_GRACE: Span = Span::from_millis(1_000);

/// Longest delay of a frame while more input is waiting.
const MAX_FRAME_DELAY: Duration = Duration::from_millis(100);

pub(super) struct EventLoop<'a, S> {
    app: App,
    backend: S,
    sources: EventSources,
    starter: &'a dyn RunStarter,
    run: Option<Box<dyn EventSource>>,
    /// Whether the run's channel is still open.
    is_run_open: bool,
    frame_timer: FrameTimer,
    /// Progress of a tuning, as long as it measures.
    tune_updates: Receiver<TuneUpdate>,
    /// Ends the measuring.
    stop_measuring: &'a dyn Fn(),
    /// The recording that the user asked to compare with, as soon as it has been read.
    opened_recording: Receiver<Opened>,
    started_at: Instant,
    /// When the last frame was drawn.
    last_drawn_at: Instant,
    /// When to stop a run, on its own clock.
    time_limit: Option<Span>,
    recording: RunRecording,
    /// Where files are recorded that the user asks for; empty for the current directory.
    directory: PathBuf,
    exit: Option<Result<Option<i32>, TuiError>>,
}

impl<'a, S: ScreenBackend> EventLoop<'a, S> {
    pub(super) fn new(app: App, backend: S, sources: EventSources, starter: &'a dyn RunStarter) -> Self {
        let now = Instant::now();
        Self {
            app,
            backend,
            sources,
            starter,
            run: None,
            is_run_open: false,
            frame_timer: FrameTimer::starting_at(now),
            tune_updates: never(),
            stop_measuring: &|| {},
            opened_recording: never(),
            started_at: now,
            last_drawn_at: now,
            time_limit: None,
            directory: PathBuf::new(),
            recording: RunRecording::default(),
            exit: None,
        }
    }

    /// Stops every run at this age.
    pub(super) fn with_time_limit(mut self, limit: Option<Span>) -> Self {
        self.app.time_limit = limit;
        Self { time_limit: limit, ..self }
    }

    /// Records every run, if there are options, and keeps so much of each.
    pub(super) fn with_recording(self, options: Option<RecordOptions>, history: HistorySizes) -> Self {
        Self { recording: RunRecording::new(options, history), ..self }
    }

    /// Draws a moving picture so often.
    pub(super) fn with_frame_interval(self, interval: Duration) -> Self {
        Self { frame_timer: self.frame_timer.with_interval(interval), ..self }
    }

    /// Shows the progress of a tuning; `stop_measuring` ends it.
    pub(super) fn with_tune_updates(self, updates: Receiver<TuneUpdate>, stop_measuring: &'a dyn Fn()) -> Self {
        Self { tune_updates: updates, stop_measuring, ..self }
    }

    /// Runs until the dashboard quits; returns the signal that ended it, if one did.
    pub(super) fn run(&mut self, first: Vec<Effect>) -> Result<Option<i32>, TuiError> {
        self.start_with(first);
        while self.exit.is_none() {
            self.step();
        }
        self.exit.take().unwrap_or(Ok(None))
    }

    /// Performs the effects of the first screen, and draws it.
    pub(super) fn start_with(&mut self, first: Vec<Effect>) {
        self.perform_effects(first);
        self.draw_if_dirty();
    }

    /// Takes the loop apart: its state, the run that has not ended, the screen, and the recordings that were written.
    pub(super) fn into_parts(mut self) -> (App, Option<Box<dyn EventSource>>, S, Vec<WrittenRecording>) {
        self.finish_recording();
        (self.app, self.run, self.backend, self.recording.into_files())
    }

    /// Waits for one event and handles it, together with waiting ones of its kind.
    pub(super) fn step(&mut self) {
        let moved = self.app.is_animating();
        self.handle_next_event();
        let moves = self.app.is_animating();
        if moves && !moved {
            self.restart_frame_timer();
        }
        if moves != moved
            && let Some(control) = self.control()
        {
            control.set_watched(moves);
        }
    }

    /// Starts the frame timer anew, because no frame was due while the picture stood still.
    fn restart_frame_timer(&mut self) {
        self.frame_timer.restart_at(Instant::now());
    }

    fn handle_next_event(&mut self) {
        match self.wait() {
            LoopEvent::Input(Ok(InputEvent::Event(event))) => {
                let more: Vec<_> = self.sources.input_events.try_iter().take(MAX_BURST).collect();
                self.handle_input(event);
                for typed in more {
                    match typed {
                        InputEvent::Event(event) => self.handle_input(event),
                        InputEvent::Closed => self.quit(None),
                    }
                }
                // Only the result of a burst is drawn.
                if !self.sources.input_events.is_empty() && self.last_drawn_at.elapsed() < MAX_FRAME_DELAY {
                    return;
                }
            }
            LoopEvent::Input(Ok(InputEvent::Closed) | Err(())) => self.quit(None),
            LoopEvent::Signal(signal) => self.handle_signal(signal),
            LoopEvent::Panicked(what) => self.exit = Some(Err(TuiError::Panicked(what))),
            LoopEvent::RunMessage(Ok(message)) => {
                self.handle_messages(message);
                // One wake-up for the messages and the frame that shows them.
                if self.app.needs_ticks() && self.frame_timer.is_nearly_due(Instant::now()) {
                    return self.handle_tick();
                }
            }
            LoopEvent::RunMessage(Err(())) => {
                self.is_run_open = false;
                let now = self.run_time();
                self.update(AppEvent::RunClosed { now });
            }
            LoopEvent::FileSaved(saved) => self.update(AppEvent::FileSaved(saved)),
            LoopEvent::TuneUpdate(Ok(update)) => self.update(AppEvent::TuneUpdate(update)),
            LoopEvent::TuneUpdate(Err(())) => {
                self.tune_updates = never();
                self.update(AppEvent::MeasuringEnded);
            }
            LoopEvent::RecordingOpened(opened) => {
                (self.opened_recording, self.app.status_message) = (never(), None);
                self.update(AppEvent::RecordingOpened(opened));
            }
            LoopEvent::Idle => self.update(AppEvent::Idle),
            LoopEvent::Frame => return self.handle_tick(),
        }
        self.draw_if_dirty();
    }

    fn handle_input(&mut self, event: Event) {
        if !matches!(event, Event::Resize(..)) {
            self.update(AppEvent::Input(event));
        }
    }

    fn handle_messages(&mut self, first: Message) {
        self.handle_message(first);
        let Some(messages) = self.run.as_ref().map(|run| run.messages().clone()) else { return };
        for message in messages.try_iter().take(MAX_BURST) {
            self.handle_message(message);
            if self.frame_timer.is_due(Instant::now()) {
                break;
            }
        }
    }

    fn handle_message(&mut self, message: Message) {
        self.recording.record(&message);
        self.app.update(AppEvent::RunMessage(message));
    }

    /// Handles a frame that is due.
    pub(super) fn handle_tick(&mut self) {
        let late = self.frame_timer.begin_frame(Instant::now());
        let run_now = self.run_time();
        let too_late = |limit: Span| run_now.0 >= limit.0.saturating_add(LIMIT_GRACE.0);
        if let Some(control) = self.control().filter(|_| self.time_limit.is_some_and(too_late)) {
            control.send_command(Command::Stop);
        }
        self.update_recording_status();
        self.update(AppEvent::Tick { now: run_now, late: if self.app.is_animating() { late } else { Span::ZERO } });
        if self.app.tour.is_some() {
            self.update(AppEvent::TourTick(self.started_at.elapsed()));
        }
        self.draw_if_dirty();
        self.frame_timer.end_frame(Instant::now());
    }

    /// Takes over how far the recording is, and tells the user what happened to its file.
    fn update_recording_status(&mut self) {
        let status = self.recording.status();
        if status != self.app.recording {
            self.app.recording = status;
            self.app.mark_dirty();
        }
        if let Some(news) = self.recording.take_news() {
            self.app.status_message = Some(news);
            self.app.mark_dirty();
        }
    }

    fn run_time(&self) -> Stamp {
        // Without a run, the clock of the dashboard.
        self.run.as_ref().map_or_else(|| Stamp(0) + Span::from(self.started_at.elapsed()), |run| run.now())
    }

    fn handle_signal(&mut self, signal: i32) {
        match signal {
            SIGWINCH => {
                let size = self.backend.size();
                self.resize(size);
            }
            SIGTSTP => self.update(AppEvent::Suspend),
            #[cfg(debug_assertions)]
            fault_injection::FAULT_SIGNAL => {
                fault_injection::requested_fault().into_iter().for_each(fault_injection::trigger_fault);
            }
            SIGCONT => {
                let resumed = self.backend.resume();
                self.check_terminal(&resumed);
                self.redraw();
            }
            _ => self.quit(Some(signal)),
        }
    }

    fn resize(&mut self, size: Rect) {
        self.update(AppEvent::Resized(size));
        let resized = self.backend.redraw(size);
        self.check_terminal(&resized);
    }

    fn redraw(&mut self) {
        let size = self.backend.size();
        self.resize(size);
    }

    fn update(&mut self, msg: AppEvent) {
        let effects = self.app.update(msg);
        self.perform_effects(effects);
    }

    /// Draws a frame if the state changed.
    fn draw_if_dirty(&mut self) {
        self.app.set_guarded(self.backend.is_guarded());
        if !self.app.take_dirty() {
            return;
        }
        let drawn = self.backend.draw(&self.app);
        self.last_drawn_at = Instant::now();
        match drawn {
            Ok(true) => {}
            Ok(false) => self.app.mark_dirty(),
            Err(error) => self.check_terminal(&Err(error)),
        }
    }

    /// Quits if the terminal cannot be written to: it is gone.
    fn check_terminal(&mut self, done: &io::Result<()>) {
        if done.is_err() {
            self.quit(None);
        }
    }

    fn quit(&mut self, signal: Option<i32>) {
        if let Some(control) = self.control() {
            control.send_command(Command::Stop);
            control.limit_end_wait(EXIT_WAIT);
        }
        self.exit.get_or_insert(Ok(signal));
    }
}
