//! A desk to try the dashboard at: its own loop on a screen in memory, keys as a string, runs from a script.

use std::cell::RefCell;
use std::io;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, unbounded};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::backend::TestBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};

use super::script::{self, Script};
use crate::scenario::{Scenario, Settings, Source};
use crate::trace::{Cast, Command, Message, Span, Stamp};
use crate::tui::app::{App, Msg};
use crate::tui::draw;
use crate::tui::events_loop::Loop;
use crate::tui::feed::{Run, Starter};
use crate::tui::input::Typed;
use crate::tui::picker::{Entry, Picker};
use crate::tui::stage::{Sources, Stage};
use crate::tui::theme::Theme;

pub(super) const COLOUR: Theme = Theme { colour: true, unicode: true };

/// The app showing a scripted run to its end, without a loop.
pub(super) fn app(script: &Script, theme: Theme, width: u16, height: u16) -> App {
    let mut app = App::new(Picker::default(), theme, Rect::new(0, 0, width, height));
    let (scenario, settings) = (Arc::clone(&script.scenario), script.settings.clone());
    app.update(Msg::Started { scenario, settings, cast: Arc::clone(&script.cast) });
    for message in &script.messages {
        app.update(Msg::Run(message.clone()));
    }
    app.update(Msg::Tick { now: script.until, late: Span::millis(2) });
    app
}

pub(super) fn press(app: &mut App, keys: &str) {
    for event in events(keys) {
        app.update(Msg::Typed(event));
    }
}

/// What is on the screen.
pub(super) fn screen(app: &App) -> ratatui::buffer::Buffer {
    let mut buffer = ratatui::buffer::Buffer::empty(app.size());
    draw::draw(app, app.size(), &mut buffer);
    buffer
}

/// The screen's text, a line for each row, without what is blank at its end.
pub(super) fn text(buffer: &ratatui::buffer::Buffer) -> String {
    let width = usize::from(buffer.area.width).max(1);
    let rows = buffer.content.chunks(width);
    let line = |row: &[ratatui::buffer::Cell]| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>();
    rows.map(|row| line(row).trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// Keys written as one types them; those without a character by name, such as `<esc>`.
pub(super) fn events(keys: &str) -> Vec<Event> {
    let mut events = Vec::new();
    let mut rest = keys;
    while let Some(first) = rest.chars().next() {
        let key = if let Some((name, after)) = rest.strip_prefix('<').and_then(|r| r.split_once('>')) {
            rest = after;
            named(name)
        } else {
            rest = &rest[first.len_utf8()..];
            KeyCode::Char(first).into()
        };
        events.push(Event::Key(key));
    }
    events
}

fn named(name: &str) -> KeyEvent {
    match name {
        "esc" => KeyCode::Esc.into(),
        "enter" => KeyCode::Enter.into(),
        "tab" => KeyCode::Tab.into(),
        "left" => KeyCode::Left.into(),
        "right" => KeyCode::Right.into(),
        "up" => KeyCode::Up.into(),
        "down" => KeyCode::Down.into(),
        "c-c" => KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL),
        "c-z" => KeyEvent::new(KeyCode::Char('z'), KeyModifiers::CONTROL),
        other => panic!("no key is called {other}"),
    }
}

/// What a scripted run was asked, and how it is fed.
#[derive(Clone)]
pub(super) struct Reel {
    cast: Arc<Cast>,
    messages: Receiver<Message>,
    feed: Rc<RefCell<Option<Sender<Message>>>>,
    pub(super) now: Rc<RefCell<Stamp>>,
    pub(super) asked: Rc<RefCell<Vec<Command>>>,
    /// When it was told to end.
    pub(super) limit: Rc<RefCell<Option<Stamp>>>,
    pub(super) settings: Settings,
}

impl Run for Reel {
    fn cast(&self) -> Arc<Cast> {
        Arc::clone(&self.cast)
    }

    fn messages(&self) -> &Receiver<Message> {
        &self.messages
    }

    fn now(&self) -> Stamp {
        *self.now.borrow()
    }

    fn end_at(&self, limit: Stamp) {
        *self.limit.borrow_mut() = Some(limit);
    }

    fn command(&self, command: Command) {
        self.asked.borrow_mut().push(command);
    }

    fn pause(&self, _: bool) {}
}

/// Starts runs that have the cast of one script; remembers every one of them.
struct Reels {
    cast: Arc<Cast>,
    started: Rc<RefCell<Vec<Reel>>>,
}

impl Starter for Reels {
    fn start(&self, _: &Scenario, settings: &Settings) -> Result<Box<dyn Run>, String> {
        let (feed, messages) = unbounded();
        let reel = Reel {
            cast: Arc::clone(&self.cast),
            messages,
            feed: Rc::new(RefCell::new(Some(feed))),
            now: Rc::default(),
            asked: Rc::default(),
            limit: Rc::default(),
            settings: settings.clone(),
        };
        self.started.borrow_mut().push(reel.clone());
        Ok(Box::new(reel))
    }
}

/// A terminal in memory.
struct Memory {
    screen: Terminal<TestBackend>,
    size: Rect,
    frames: Rc<RefCell<usize>>,
    suspended: Rc<RefCell<usize>>,
    guarded: Rc<RefCell<bool>>,
}

impl Stage for Memory {
    fn draw(&mut self, app: &App) -> io::Result<bool> {
        *self.frames.borrow_mut() += 1;
        let drawn = self.screen.draw(|frame| draw::draw(app, frame.area(), frame.buffer_mut()));
        drawn.map(|_| true).map_err(|never| match never {})
    }

    fn redraw(&mut self, size: Rect) -> io::Result<()> {
        self.screen.resize(size).map_err(|never| match never {})
    }

    fn size(&self) -> Rect {
        self.size
    }

    fn is_guarded(&self) -> bool {
        *self.guarded.borrow()
    }

    fn suspend(&mut self) -> io::Result<()> {
        *self.suspended.borrow_mut() += 1;
        Ok(())
    }

    fn resume(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn edit(&mut self, _: &Path) -> Result<(), String> {
        Ok(())
    }
}

pub(super) struct Desk {
    events: Loop<'static, Memory>,
    typed: Sender<Typed>,
    _others: (Sender<i32>, Sender<String>),
    saved: Sender<Result<Source, String>>,
    started: Rc<RefCell<Vec<Reel>>>,
    frames: Rc<RefCell<usize>>,
    pub(super) suspended: Rc<RefCell<usize>>,
    /// Whether somebody would give the terminal back.
    pub(super) guarded: Rc<RefCell<bool>>,
}

impl Desk {
    /// The picker, with the script's scenario and the catalogue in it.
    pub(super) fn picker(script: &Script) -> Self {
        let size = Rect::new(0, 0, 120, 40);
        let started: Rc<RefCell<Vec<Reel>>> = Rc::default();
        let starter = Reels { cast: Arc::clone(&script.cast), started: Rc::clone(&started) };
        let (frames, suspended, guarded) = (Rc::default(), Rc::default(), Rc::new(RefCell::new(true)));
        let options = TerminalOptions { viewport: Viewport::Fixed(size) };
        let screen = Terminal::with_options(TestBackend::new(size.width, size.height), options);
        let screen = screen.expect("memory is always there");
        let stage = Memory {
            screen,
            size,
            frames: Rc::clone(&frames),
            suspended: Rc::clone(&suspended),
            guarded: Rc::clone(&guarded),
        };
        let (typed, input) = unbounded();
        let (signal, signals) = unbounded();
        let (panic, panics) = unbounded();
        let (saved, texts) = unbounded();
        let entry = Entry {
            name: "tellers".into(),
            path: None,
            text: "title \"Tellers at one account\"".into(),
            scenario: Ok(script::scenario()),
        };
        let app = App::new(Picker::of(vec![entry]), COLOUR, size);
        let sources = Sources { typed: input, signals, panics, saved: texts };
        let events = Loop::new(app, stage, sources, Box::leak(Box::new(starter)));
        Self { events, typed, _others: (signal, panic), saved, started, frames, suspended, guarded }
    }

    /// The same, and questions are put before runs.
    pub(super) fn asking(script: &Script) -> Self {
        let mut desk = Self::picker(script);
        desk.events.app().asks = true;
        desk
    }

    /// The script's run, played to its end and drawn.
    pub(super) fn run(script: &Script) -> Self {
        let mut desk = Self::picker(script);
        desk.keys("<enter>");
        desk.play(script);
        desk
    }

    /// What the loop changes.
    pub(super) fn app(&mut self) -> &mut App {
        self.events.app()
    }

    pub(super) fn play(&mut self, script: &Script) {
        for message in &script.messages {
            self.feed(message.clone());
        }
        self.tick(script.until);
    }

    pub(super) fn keys(&mut self, keys: &str) {
        for event in events(keys) {
            self.typed.send(Typed::Event(event)).expect("the loop listens");
            while !self.typed.is_empty() {
                self.events.turn();
            }
        }
    }

    pub(super) fn event(&mut self, event: Event) {
        self.typed.send(Typed::Event(event)).expect("the loop listens");
        while !self.typed.is_empty() {
            self.events.turn();
        }
    }

    pub(super) fn feed(&mut self, message: Message) {
        let reel = self.reel();
        reel.feed.borrow().as_ref().expect("the run goes on").send(message).expect("the loop listens");
        while !reel.messages.is_empty() {
            self.events.turn();
        }
    }

    /// The file under watch has this text now.
    pub(super) fn save(&mut self, name: &str, text: &str) {
        let source = Source { name: name.into(), path: Some(format!("{name}.kdl").into()), text: text.into() };
        self.saved.send(Ok(source)).expect("the loop listens");
        while !self.saved.is_empty() {
            self.events.turn();
        }
    }

    /// The run's channel closes.
    pub(super) fn hang_up(&mut self) {
        self.reel().feed.borrow_mut().take();
        self.events.turn();
    }

    /// Lets the run's clock stand at `now` when the next frame is drawn.
    pub(super) fn tick(&mut self, now: Stamp) {
        *self.reel().now.borrow_mut() = now;
        self.events.tick();
    }

    /// The run that was started last.
    pub(super) fn reel(&self) -> Reel {
        self.started.borrow().last().expect("a run was started").clone()
    }

    pub(super) fn runs(&self) -> usize {
        self.started.borrow().len()
    }

    pub(super) fn frames(&self) -> usize {
        *self.frames.borrow()
    }

    /// How it ended: `goes on`, `quit`, or the signal's number.
    pub(super) fn ended(&self) -> String {
        match self.events.ended() {
            None => "goes on".into(),
            Some(Ok(None)) => "quit".into(),
            Some(Ok(Some(signal))) => signal.to_string(),
            Some(Err(error)) => error.to_string(),
        }
    }

    pub(super) fn screen(&self) -> String {
        text(self.events.stage().screen.backend().buffer())
    }

    pub(super) fn shows(&self, words: &str) -> bool {
        self.screen().contains(words)
    }
}
