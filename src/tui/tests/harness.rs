//! A test harness: the dashboard's own loop with a terminal in memory and runs from a script.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use crossbeam_channel::{Sender, unbounded};
use crossterm::event::Event;
use ratatui::layout::Rect;

use super::app_screen::{COLOUR_THEME, playable_run, run_view_of, screen_text, zoom_by_hand};
use super::memory_backend::MemoryBackend;
use super::replay::{ReplayRun, ReplayStarter};
use super::script::{self, Script};
use super::typed_keys::events_from;
use crate::model::{FindingOptions, Model};
use crate::scenario::Source;
use crate::source::EventSource as _;
use crate::trace::{Message, Span, Stamp};
use crate::tui::WrittenRecording;
use crate::tui::app::{App, CurrentView};
use crate::tui::backend::EventSources;
use crate::tui::event_loop::EventLoop;
use crate::tui::input::InputEvent;
use crate::tui::picker::{Picker, PickerEntry};
use crate::tui::run_view::RunView;
use crate::tui::terminal::Painter;
use crate::tui::{InitialScreen, PlayableRun, PlaybackStart};

pub(super) struct Harness {
    events: EventLoop<'static, MemoryBackend>,
    input_events: Sender<InputEvent>,
    _others: (Sender<i32>, Sender<String>),
    file_changes: Sender<Result<Source, String>>,
    started: Rc<RefCell<Vec<ReplayRun>>>,
    frames: Rc<RefCell<usize>>,
    bytes: Rc<RefCell<Vec<u8>>>,
    pub(super) suspended: Rc<RefCell<usize>>,
    /// Escape sequences that were sent besides frames.
    pub(super) sent: Rc<RefCell<Vec<u8>>>,
    /// Whether a guardian would restore the terminal.
    pub(super) is_guarded: Rc<RefCell<bool>>,
}

impl Harness {
    /// Returns a harness with the picker open, which has the script's scenario and the catalogue.
    pub(super) fn in_picker(script: &Script) -> Self {
        let size = Rect::new(0, 0, 120, 40);
        let started: Rc<RefCell<Vec<ReplayRun>>> = Rc::default();
        let starter = ReplayStarter { registry: Arc::clone(&script.registry), started: Rc::clone(&started) };
        let (frames, suspended, guarded) = (Rc::default(), Rc::default(), Rc::new(RefCell::new(true)));
        let sent: Rc<RefCell<Vec<u8>>> = Rc::default();
        let bytes: Rc<RefCell<Vec<u8>>> = Rc::default();
        let backend = MemoryBackend {
            painter: Painter::new(size),
            timeline: None,
            size,
            frames: Rc::clone(&frames),
            bytes: Rc::clone(&bytes),
            suspended: Rc::clone(&suspended),
            sent: Rc::clone(&sent),
            is_guarded: Rc::clone(&guarded),
        };
        let (typed, input) = unbounded();
        let (signal, signals) = unbounded();
        let (panic, panics) = unbounded();
        let (saved, texts) = unbounded();
        let entry = PickerEntry {
            name: "tellers".into(),
            path: None,
            text: "title \"Tellers at one account\"".into(),
            scenario: Ok(script::scenario()),
        };
        let app = App::new(Picker::from_entries(vec![entry]), COLOUR_THEME, size);
        let sources = EventSources { input_events: input, signals, panics, file_changes: texts };
        let events = EventLoop::new(app, backend, sources, Box::leak(Box::new(starter)));
        Self {
            events,
            input_events: typed,
            _others: (signal, panic),
            file_changes: saved,
            started,
            frames,
            bytes,
            suspended,
            sent,
            is_guarded: guarded,
        }
    }

    /// Returns the same, with questions before runs.
    pub(super) fn with_questions(script: &Script) -> Self {
        let mut harness = Self::in_picker(script);
        harness.events.app().ask_questions = true;
        harness
    }

    /// Returns a harness after the script's run was played and drawn.
    pub(super) fn after_run(script: &Script) -> Self {
        let mut harness = Self::in_picker(script);
        harness.press_keys("<enter>");
        zoom_by_hand(run_view_of(harness.app()));
        harness.play(script);
        harness
    }

    /// Returns a harness that shows a recording of the script's run.
    pub(super) fn with_recording(script: &Script, start: PlaybackStart) -> Self {
        Self::with_playable_run(script, playable_run(script, start), FindingOptions::default())
    }

    /// Returns a harness that shows a recording of the script's run, with these choices about findings.
    pub(super) fn with_recording_and_options(script: &Script, start: PlaybackStart, options: FindingOptions) -> Self {
        Self::with_playable_run(script, playable_run(script, start), options)
    }

    /// Returns a harness that shows a recording that begins at this moment of the script's run.
    pub(super) fn with_late_recording(script: &Script, start: PlaybackStart, begins_at: Stamp) -> Self {
        let run = PlayableRun { begins_at: Some(begins_at), ..playable_run(script, start) };
        Self::with_playable_run(script, run, FindingOptions::default())
    }

    fn with_playable_run(script: &Script, run: PlayableRun, options: FindingOptions) -> Self {
        let mut harness = Self::in_picker(script);
        harness.app().finding_options = options;
        let run = Box::new(run);
        assert!(harness.app().initial_effects(InitialScreen::Recording(run)).is_empty(), "nothing is started");
        harness.events.handle_tick();
        harness
    }

    /// Opens this screen in place of the picker.
    pub(super) fn start(&mut self, screen: InitialScreen) {
        let effects = self.events.app().initial_effects(screen);
        self.events.start_with(effects);
    }

    /// Handles events by the wall clock until the dashboard ends.
    pub(super) fn wait_for_end(&mut self) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_mins(1);
        while self.events.exit().is_none() {
            assert!(std::time::Instant::now() < deadline, "{}", self.screen_text());
            self.events.step();
        }
    }

    /// Draws frames by the wall clock until the screen has these words.
    pub(super) fn wait_for(&mut self, words: &str) {
        self.wait_until(words, true);
    }

    /// Draws frames by the wall clock as long as the screen has these words.
    pub(super) fn wait_while(&mut self, words: &str) {
        self.wait_until(words, false);
    }

    fn wait_until(&mut self, words: &str, shown: bool) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_mins(1);
        while self.contains(words) != shown {
            assert!(std::time::Instant::now() < deadline, "{words}:\n{}", self.screen_text());
            self.events.step();
        }
    }

    /// Keeps fewer bytes of the next runs in memory.
    pub(super) fn limit_memory(&mut self, bytes: usize) {
        self.events.limit_memory(bytes);
    }

    /// Returns the app of the event loop.
    pub(super) fn app(&mut self) -> &mut App {
        self.events.app()
    }

    /// Plays a run from its first frame on.
    pub(super) fn play(&mut self, script: &Script) {
        self.tick(Stamp(0));
        for message in &script.messages {
            self.feed_message(message.clone());
        }
        self.tick(script.until);
    }

    pub(super) fn press_keys(&mut self, keys: &str) {
        for event in events_from(keys) {
            self.input_events.send(InputEvent::Event(event)).expect("the loop listens");
            while !self.input_events.is_empty() {
                self.events.step();
            }
        }
    }

    pub(super) fn send_event(&mut self, event: Event) {
        self.input_events.send(InputEvent::Event(event)).expect("the loop listens");
        while !self.input_events.is_empty() {
            self.events.step();
        }
    }

    /// Handles a message of the run. Frames are those of the script: one by the wall clock, in the middle of a run that
    /// is fed at once, would say when the model's totals are kept.
    pub(super) fn feed_message(&mut self, message: Message) {
        let run = self.last_run();
        run.source.send([message]);
        while !run.source.messages().is_empty() {
            self.events.step_without_frame();
        }
    }

    /// Saves the watched file with this text.
    pub(super) fn save_file(&mut self, name: &str, text: &str) {
        let source = Source { name: name.into(), path: Some(format!("{name}.kdl").into()), text: text.into() };
        self.file_changes.send(Ok(source)).expect("the loop listens");
        while !self.file_changes.is_empty() {
            self.events.step();
        }
    }

    /// Returns the model of everything that the run sent.
    pub(super) fn live_model(&mut self) -> &Model {
        let app = self.events.app();
        match (&app.slow_motion, &app.current_view) {
            (Some(slow), _) => slow.live.newest_model(),
            (None, CurrentView::Run(view)) => view.newest_model(),
            _ => panic!("no run is on screen"),
        }
    }

    fn shown_view(&mut self) -> &RunView {
        match &self.events.app().current_view {
            CurrentView::Run(view) => view,
            _ => panic!("no run is on screen"),
        }
    }

    pub(super) fn shown_model(&mut self) -> &Model {
        self.shown_view().shown_model()
    }

    pub(super) fn shown_moment(&mut self) -> Stamp {
        self.shown_view().now
    }

    pub(super) fn cell(&mut self) -> Span {
        self.shown_view().cell
    }

    pub(super) fn window_start(&mut self) -> Stamp {
        self.shown_view().drawn_axis().start()
    }

    pub(super) fn cursor(&mut self) -> Option<Stamp> {
        self.shown_view().cursor
    }

    /// Sets the directory of recordings that the user asks for.
    pub(super) fn record_into(&mut self, directory: &Path) {
        self.events.set_recording_directory(directory.into());
    }

    /// Ends the dashboard, and returns the recordings that it wrote.
    pub(super) fn into_recordings(self) -> Vec<WrittenRecording> {
        let (.., recordings) = self.events.into_parts();
        recordings
    }

    /// Closes the run's channel.
    pub(super) fn close_run(&mut self) {
        self.last_run().source.close();
        self.events.step();
    }

    /// Draws a frame with the run's clock at `now`.
    pub(super) fn tick(&mut self, now: Stamp) {
        self.last_run().source.set_now(now);
        self.events.handle_tick();
    }

    /// Handles a frame that is due while no run goes on.
    pub(super) fn tick_without_run(&mut self) {
        self.events.handle_tick();
    }

    /// Returns the run that was started last.
    pub(super) fn last_run(&self) -> ReplayRun {
        self.started.borrow().last().expect("a run was started").clone()
    }

    pub(super) fn run_count(&self) -> usize {
        self.started.borrow().len()
    }

    pub(super) fn frame_count(&self) -> usize {
        *self.frames.borrow()
    }

    /// Returns the bytes of all frames since the last call.
    pub(super) fn take_bytes(&self) -> Vec<u8> {
        self.bytes.take()
    }

    /// Returns how the dashboard ended: `running`, `quit`, or the signal's number.
    pub(super) fn ending(&self) -> String {
        match self.events.exit() {
            None => "running".into(),
            Some(Ok(None)) => "quit".into(),
            Some(Ok(Some(signal))) => signal.to_string(),
            Some(Err(error)) => error.to_string(),
        }
    }

    pub(super) fn screen_text(&self) -> String {
        screen_text(self.events.backend().painter.shown())
    }

    pub(super) fn contains(&self, words: &str) -> bool {
        self.screen_text().contains(words)
    }
}
