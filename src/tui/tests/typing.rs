//! Anything typed, clicked and pasted, at any size of the screen, while anything happens to the run.

#[path = "../../../tests/fuzz/drive/mod.rs"]
mod drive;

use std::cell::RefCell;
use std::sync::Arc;

use crossterm::event::{
    Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::script::{self, Script};
use super::tuning;
use crate::scenario::{Scenario, Source};
use crate::trace::{Event, Message, Record, RunEnd, Sample, Span, Stamp, WorkerId};
use crate::tui::app::{App, Effect, Msg};
use crate::tui::draw;
use crate::tui::picker::{Entry, Picker};
use crate::tui::theme::Theme;
use crate::tui::tune::{Told, Tuned};
use crate::tune::Tuning;
use drive::{Bytes, Target};

/// What inputs choose from; made once.
struct World {
    scenario: Arc<Scenario>,
    /// Each twice: as it is, and in a sixteenth of the time, which is quicker to go through.
    scripts: Vec<[Script; 2]>,
    tuned: Tuned,
    tunings: Vec<Tuning>,
    /// What is drawn on, again and again.
    canvas: RefCell<Buffer>,
}

impl World {
    fn new() -> Self {
        let scripts: [fn() -> Script; 6] = [
            script::contention,
            script::turned,
            || script::deadlock(3),
            script::pool,
            script::wreck,
            || script::crowd(30),
        ];
        let scripts = scripts.map(|script| [script(), hurried(script())]).into();
        let tunings = tuning::tunings(16.0).into_iter().step_by(5).collect();
        Self { scenario: script::scenario(), scripts, tuned: tuning::tuned(), tunings, canvas: RefCell::default() }
    }

    fn entry(&self, name: &str) -> Entry {
        let text = "title \"Tellers at one account\"".into();
        Entry { name: name.into(), path: None, text, scenario: Ok(Arc::clone(&self.scenario)) }
    }

    fn draw(&self, app: &App) {
        let mut canvas = self.canvas.borrow_mut();
        canvas.resize(app.size());
        canvas.reset();
        draw::draw(app, app.size(), &mut canvas);
    }

    fn run(&self, input: &[u8]) {
        let mut bytes = Bytes::new(input);
        let first = bytes.byte();
        let theme = Theme { colour: first & 1 == 0, unicode: first & 2 == 0 };
        let picker = Picker::of(["tellers", "two", "three"].map(|name| self.entry(name)).into());
        let mut app = App::new(picker, theme, Rect::new(0, 0, 80, 24));
        app.asks = first & 4 == 0;
        if first >= 240 {
            app.tunes(self.tuned.clone());
        }
        let pace = usize::from(first >> 3 & 3 != 0);
        let script = &self.scripts[bytes.below(self.scripts.len())][pace];
        let mut hand = Hand { world: self, script, app, told: 0, now: Stamp(0) };
        if (64..240).contains(&first) {
            hand.start();
        }
        while !bytes.is_empty() {
            hand.acts(&mut bytes);
        }
        self.draw(&hand.app);
    }
}

/// The same in a sixteenth of the time.
fn hurried(mut script: Script) -> Script {
    let hurry = |at: &mut Stamp| at.0 >>= 4;
    hurry(&mut script.until);
    for message in &mut script.messages {
        match message {
            Message::Events(events) => events.iter_mut().for_each(|event| hurry(&mut event.at)),
            Message::Sample(Sample::Cores { at, .. } | Sample::Counter { at, .. }) | Message::Notice { at, .. } => {
                hurry(at);
            }
            _ => {}
        }
    }
    script
}

/// Whoever is at the keyboard, and the run before them.
struct Hand<'a> {
    world: &'a World,
    script: &'a Script,
    app: App,
    /// Messages of the script that came.
    told: usize,
    now: Stamp,
}

impl Hand<'_> {
    fn acts(&mut self, bytes: &mut Bytes<'_>) {
        let msg = match bytes.byte() {
            0..110 => Msg::Typed(Input::Key(key(bytes))),
            110..140 => Msg::Typed(Input::Mouse(self.mouse(bytes))),
            140..150 => Msg::Typed(Input::Paste(text(bytes, 9))),
            150..152 => Msg::Typed(Input::FocusLost),
            152..172 => Msg::Resized(size(bytes)),
            172..190 => self.tick(bytes),
            190..210 => return self.goes_on(bytes.below(64)),
            210..226 => Msg::Run(self.anything(bytes)),
            226..234 => return self.world.draw(&self.app),
            234..236 => Msg::Saved(Ok(saved(bytes))),
            236..238 => Msg::Edited(Err(text(bytes, 9))),
            238..240 => Msg::RunGone { now: self.now },
            240..242 => Msg::Run(Message::Ended { at: self.now, how: RunEnd::Completed }),
            242..244 => Msg::Suspend,
            244..250 => self.measured(bytes),
            _ => return self.goes_on(usize::MAX),
        };
        self.update(msg);
    }

    /// What the loop would do.
    fn update(&mut self, msg: Msg) {
        for effect in self.app.update(msg) {
            match effect {
                Effect::Start(..) => self.start(),
                Effect::Edit(_) => drop(self.app.update(Msg::Edited(Ok(saved(&mut Bytes::new(&[])))))),
                _ => {}
            }
        }
        self.app.take_dirty();
    }

    fn start(&mut self) {
        let (scenario, settings) = (Arc::clone(&self.world.scenario), self.script.settings.clone());
        self.app.update(Msg::Started { scenario, settings, cast: Arc::clone(&self.script.cast) });
        (self.told, self.now) = (0, Stamp(0));
    }

    fn goes_on(&mut self, messages: usize) {
        let more = &self.script.messages[self.told..];
        let more = &more[..messages.min(more.len())];
        self.told += more.len();
        for message in more {
            self.app.update(Msg::Run(message.clone()));
        }
        let (told, all) = (self.told as u64, self.script.messages.len().max(1) as u64);
        self.now = self.now.max(Stamp(self.script.until.0 * told / all));
        self.app.update(Msg::Tick { now: self.now, late: Span::ZERO });
    }

    fn tick(&mut self, bytes: &mut Bytes<'_>) -> Msg {
        let by = bytes.below(8);
        self.now = Stamp(self.now.0.saturating_add(bytes.number(by)));
        Msg::Tick { now: self.now, late: Span(bytes.number(2)) }
    }

    /// An event of any worker, or none.
    fn anything(&self, bytes: &mut Bytes<'_>) -> Message {
        let record = Record { ticks: 0, word: bytes.number(8) };
        let at = Stamp(self.now.0.saturating_sub(bytes.number(4)));
        Message::Events(vec![Event { at, worker: WorkerId(u16::from(bytes.byte())), kind: record.kind() }])
    }

    fn measured(&self, bytes: &mut Bytes<'_>) -> Msg {
        match bytes.below(self.world.tunings.len() + 1) {
            0 => Msg::Measured,
            nth => Msg::Told(Told::Known(Box::new(self.world.tunings[nth - 1].clone()))),
        }
    }

    /// On the screen, or a little beside it.
    fn mouse(&self, bytes: &mut Bytes<'_>) -> MouseEvent {
        let button = [MouseButton::Left, MouseButton::Left, MouseButton::Right][bytes.below(3)];
        let kind = match bytes.below(8) {
            0..3 => MouseEventKind::Down(button),
            3 => MouseEventKind::Up(button),
            4 | 5 => MouseEventKind::Drag(button),
            6 => MouseEventKind::ScrollUp,
            _ => MouseEventKind::ScrollDown,
        };
        let size = self.app.size();
        let column = bytes.below(usize::from(size.width) + 3) as u16;
        let row = bytes.below(usize::from(size.height) + 3) as u16;
        MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }
    }
}

fn key(bytes: &mut Bytes<'_>) -> KeyEvent {
    const NAMED: [KeyCode; 14] = [
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::Backspace,
        KeyCode::F(1),
    ];
    let what = bytes.byte();
    let code = match what {
        32..127 => KeyCode::Char(char::from(what)),
        0..32 | 127..240 => NAMED[usize::from(what) % NAMED.len()],
        _ => KeyCode::Char(char::from_u32(bytes.number(3) as u32).unwrap_or('\u{301}')),
    };
    let (modifiers, kind) = match bytes.byte() {
        0..220 => (KeyModifiers::NONE, KeyEventKind::Press),
        220..230 => (KeyModifiers::CONTROL, KeyEventKind::Press),
        230..240 => (KeyModifiers::ALT, KeyEventKind::Press),
        240..250 => (KeyModifiers::SHIFT, KeyEventKind::Repeat),
        _ => (KeyModifiers::NONE, KeyEventKind::Release),
    };
    KeyEvent::new_with_kind(code, modifiers, kind)
}

fn text(bytes: &mut Bytes<'_>, longest: usize) -> String {
    let length = bytes.below(longest);
    String::from_utf8_lossy(bytes.take(length)).into_owned()
}

/// Mostly as small as makes trouble; a large one takes long to draw.
fn size(bytes: &mut Bytes<'_>) -> Rect {
    let (width, height) = match bytes.byte() {
        0..200 => (bytes.below(64), bytes.below(25)),
        200..250 => (bytes.below(140), bytes.below(50)),
        _ => (bytes.below(1_000), bytes.below(4)),
    };
    Rect::new(0, 0, width as u16, height as u16)
}

/// The file that is watched, with or without mistakes.
fn saved(bytes: &mut Bytes<'_>) -> Source {
    let head = ["", "mutex a\n", "thread a { sleep 1ms }\n"][bytes.below(3)];
    let name = ["tellers", "two", "mine"][bytes.below(3)];
    Source { name: name.into(), path: Some("mine.kdl".into()), text: format!("{head}{}", text(bytes, 20)) }
}

#[test]
fn anything_typed_is_survived_and_drawn() {
    let world = World::new();
    let seeds = vec![
        (0..=255).collect(),
        b"\x80\0\xff\xff?\0\0?\0".to_vec(),
        b"\x80\x01\xff\xff\0j\0\0\x80\0\xde".to_vec(),
        b"\xf5\0\xf4\x01\xf4\x02\0\x86\0\0\x80\0\xde".to_vec(),
    ];
    let target = Target { name: "typing", seeds, words: Vec::new(), longest: 64, some: 200 };
    target.fuzz(|input| world.run(input));
}
