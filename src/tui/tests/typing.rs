//! Fuzzing of the dashboard: any keys, clicks and pasted text, on a screen of any size, with any events of the run.

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
use crate::tui::app::{App, AppEvent, Effect};
use crate::tui::draw;
use crate::tui::picker::{Picker, PickerEntry};
use crate::tui::theme::{Depth, Ground, Theme, ThemeName};
use crate::tui::tune_view::{TuneSetup, TuneUpdate};
use crate::tune::Tuning;
pub(super) use drive::inputs;
use drive::{Bytes, Target};

/// The scripts and tunings that inputs choose from, made once.
struct FuzzWorld {
    scenario: Arc<Scenario>,
    /// Each script twice: as it is, and compressed to a sixteenth of its time, which is played faster.
    scripts: Vec<[Script; 2]>,
    tuned: TuneSetup,
    tunings: Vec<Tuning>,
    /// The buffer for every drawing.
    canvas: RefCell<Buffer>,
}

impl FuzzWorld {
    fn new() -> Self {
        let scripts: [fn() -> Script; 6] = [
            script::contention,
            script::knob_turned,
            || script::deadlock(3),
            script::pool,
            script::everything_wrong,
            || script::many_workers(30),
        ];
        let scripts = scripts.map(|script| [script(), sped_up(script())]).into();
        let tunings = tuning::tunings(16.0).into_iter().step_by(5).collect();
        Self { scenario: script::scenario(), scripts, tuned: tuning::tuned(), tunings, canvas: RefCell::default() }
    }

    fn entry(&self, name: &str) -> PickerEntry {
        let text = "title \"Tellers at one account\"".into();
        PickerEntry { name: name.into(), path: None, text, scenario: Ok(Arc::clone(&self.scenario)) }
    }

    fn draw(&self, app: &App) {
        let mut canvas = self.canvas.borrow_mut();
        canvas.resize(app.size());
        canvas.reset();
        draw::draw_screen(app, app.size(), &mut canvas);
    }

    fn run(&self, input: &[u8]) {
        let mut bytes = Bytes::new(input);
        let first = bytes.byte();
        let theme = match first & 3 {
            0 => Theme::dark(),
            1 => Theme::plain(true),
            2 => Theme::new(ThemeName::Light, Ground::Dark, Depth::Indexed256, false),
            _ => Theme::plain(false),
        };
        let picker = Picker::from_entries(["tellers", "two", "three"].map(|name| self.entry(name)).into());
        let mut app = App::new(picker, theme, Rect::new(0, 0, 80, 24));
        app.ask_questions = first & 4 == 0;
        if first >= 240 {
            app.show_tuning(self.tuned.clone());
        }
        let pace = usize::from(first >> 3 & 3 != 0);
        let script = &self.scripts[bytes.below(self.scripts.len())][pace];
        let mut hand = FuzzUser { world: self, script, app, messages_sent: 0, now: Stamp(0) };
        if (64..240).contains(&first) {
            hand.start();
        }
        while !bytes.is_empty() {
            hand.act_once(&mut bytes);
        }
        self.draw(&hand.app);
    }
}

/// Compresses a script to a sixteenth of its time.
fn sped_up(mut script: Script) -> Script {
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

/// A simulated user, and the run on screen.
struct FuzzUser<'a> {
    world: &'a FuzzWorld,
    script: &'a Script,
    app: App,
    /// Number of the script's messages sent so far.
    messages_sent: usize,
    now: Stamp,
}

impl FuzzUser<'_> {
    fn act_once(&mut self, bytes: &mut Bytes<'_>) {
        let msg = match bytes.byte() {
            0..110 => AppEvent::Input(Input::Key(any_key(bytes))),
            110..140 => AppEvent::Input(Input::Mouse(self.any_mouse_event(bytes))),
            140..150 => AppEvent::Input(Input::Paste(any_text(bytes, 9))),
            150..152 => AppEvent::Input(Input::FocusLost),
            152..172 => AppEvent::Resized(any_size(bytes)),
            172..190 => self.tick(bytes),
            190..210 => return self.advance_run(bytes.below(64)),
            210..226 => AppEvent::RunMessage(self.any_message(bytes)),
            226..234 => return self.world.draw(&self.app),
            234..236 => AppEvent::FileSaved(Ok(any_saved_file(bytes))),
            236..238 => AppEvent::EditorClosed(Err(any_text(bytes, 9))),
            238..240 => AppEvent::RunClosed { now: self.now },
            240..242 => AppEvent::RunMessage(Message::Ended { at: self.now, reason: RunEnd::Completed }),
            242..244 => AppEvent::Suspend,
            244..250 => self.any_tune_event(bytes),
            _ => return self.advance_run(usize::MAX),
        };
        self.update(msg);
    }

    /// Performs the effects in place of the event loop.
    fn update(&mut self, msg: AppEvent) {
        for effect in self.app.update(msg) {
            match effect {
                Effect::StartRun(..) => self.start(),
                Effect::OpenEditor(_) => {
                    drop(self.app.update(AppEvent::EditorClosed(Ok(any_saved_file(&mut Bytes::new(&[]))))));
                }
                _ => {}
            }
        }
        self.app.take_dirty();
    }

    fn start(&mut self) {
        let (scenario, settings) = (Arc::clone(&self.world.scenario), self.script.settings.clone());
        self.app.update(AppEvent::RunStarted { scenario, settings, registry: Arc::clone(&self.script.registry) });
        (self.messages_sent, self.now) = (0, Stamp(0));
    }

    fn advance_run(&mut self, messages: usize) {
        let more = &self.script.messages[self.messages_sent..];
        let more = &more[..messages.min(more.len())];
        self.messages_sent += more.len();
        for message in more {
            self.app.update(AppEvent::RunMessage(message.clone()));
        }
        let (sent, all) = (self.messages_sent as u64, self.script.messages.len().max(1) as u64);
        self.now = self.now.max(Stamp(self.script.until.0 * sent / all));
        self.app.update(AppEvent::Tick { now: self.now, late: Span::ZERO });
    }

    fn tick(&mut self, bytes: &mut Bytes<'_>) -> AppEvent {
        let by = bytes.below(8);
        self.now = Stamp(self.now.0.saturating_add(bytes.number(by)));
        AppEvent::Tick { now: self.now, late: Span(bytes.number(2)) }
    }

    /// Returns an event with any content, of any worker.
    fn any_message(&self, bytes: &mut Bytes<'_>) -> Message {
        let record = Record { ticks: 0, word: bytes.number(8) };
        let at = Stamp(self.now.0.saturating_sub(bytes.number(4)));
        Message::Events(vec![Event { at, worker: WorkerId(u32::from(bytes.byte())), kind: record.kind() }])
    }

    fn any_tune_event(&self, bytes: &mut Bytes<'_>) -> AppEvent {
        match bytes.below(self.world.tunings.len() + 1) {
            0 => AppEvent::MeasuringEnded,
            nth => AppEvent::TuneUpdate(TuneUpdate::Progress(Box::new(self.world.tunings[nth - 1].clone()))),
        }
    }

    /// Returns a mouse event on the screen, or slightly outside.
    fn any_mouse_event(&self, bytes: &mut Bytes<'_>) -> MouseEvent {
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

fn any_key(bytes: &mut Bytes<'_>) -> KeyEvent {
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

fn any_text(bytes: &mut Bytes<'_>, longest: usize) -> String {
    let length = bytes.below(longest);
    String::from_utf8_lossy(bytes.take(length)).into_owned()
}

/// Returns mostly small sizes, which are the difficult ones; a large screen takes long to draw.
fn any_size(bytes: &mut Bytes<'_>) -> Rect {
    let (width, height) = match bytes.byte() {
        0..200 => (bytes.below(64), bytes.below(25)),
        200..250 => (bytes.below(140), bytes.below(50)),
        _ => (bytes.below(1_000), bytes.below(4)),
    };
    Rect::new(0, 0, width as u16, height as u16)
}

/// Returns a version of the watched file, with or without mistakes.
fn any_saved_file(bytes: &mut Bytes<'_>) -> Source {
    let head = ["", "mutex a\n", "thread a { sleep 1ms }\n"][bytes.below(3)];
    let name = ["tellers", "two", "mine"][bytes.below(3)];
    Source { name: name.into(), path: Some("mine.kdl".into()), text: format!("{head}{}", any_text(bytes, 20)) }
}

#[test]
fn any_input_is_handled_without_a_panic() {
    let world = FuzzWorld::new();
    let seeds = vec![
        (0..=255).collect(),
        b"\x80\0\xff\xff?\0\0?\0".to_vec(),
        b"\x80\x01\xff\xff\0j\0\0\x80\0\xde".to_vec(),
        b"\xf5\0\xf4\x01\xf4\x02\0\x86\0\0\x80\0\xde".to_vec(),
    ];
    let target = Target { name: "typing", seeds, words: Vec::new(), longest: 64, some: 200 };
    target.fuzz(|input| world.run(input));
}
