//! The screen of a tuning, with a law in place of a machine.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use super::desk::{COLOUR, events, press, screen, text};
use super::script;
use crate::model::{Budget, Model, Shares};
use crate::scenario::check;
use crate::trace::{ResourceId, Span, Stamp, State};
use crate::tui::app::{App, Effect, Msg};
use crate::tui::picker::Picker;
use crate::tui::theme::Theme;
use crate::tui::tune::{Told, Tuned};
use crate::tune::{
    Demands, Experiment, Goal, Lab, Load, Percentiles, Preflight, Question, Repetition, Tried, Tuning, Used, Work, tune,
};

/// Ten workers keep one lock busy: 10 ms for a task, 1 ms of it inside the lock.
struct Law {
    dice: fastrand::Rng,
    clock: Duration,
    /// From this level on it locks up.
    fails_from: f64,
}

fn model() -> Box<Model> {
    let script = script::pool();
    let mut model = Model::new(Arc::clone(&script.cast), Budget::default());
    script.messages.iter().for_each(|message| model.apply(message));
    Box::new(model)
}

impl Lab for Law {
    fn run(&mut self, Experiment { level, load, .. }: Experiment) -> Tried {
        let rate = match load {
            Load::Due(rate) => Some(rate),
            Load::Written => Some((level * 100.0).min(350.0)),
            Load::Saturated => None,
        };
        self.clock += Duration::from_millis(900);
        if level >= self.fails_from {
            return Tried::Failed("deadlock of worker-1 and worker-2".into(), model());
        }
        let exact = rate.unwrap_or((level * 100.0).min(1_000.0));
        let throughput = exact * (0.98 + 0.04 * self.dice.f64());
        let done = (throughput / 2.0) as u64;
        let waits = (level - 10.0).max(0.1) * 1e6;
        let mut spent = Shares::default();
        for (state, each) in
            [(State::Running, 1.2e6), (State::Ready, 0.2e6), (State::Lock, waits), (State::Sleep, 8.8e6)]
        {
            spent.put(state, (each * done as f64) as u64);
        }
        let at = |ns: f64| Percentiles { p50: ns, p90: ns * 1.2, p99: ns * 1.5, max: ns * 2.0 };
        let held = (level / 10.0).min(0.99);
        let lock = |name: &str, part: f64| Used {
            name: name.into(),
            id: ResourceId(0),
            room: 1,
            held: held * part,
            waited: waits * part,
        };
        let repetition = Repetition {
            secs: 0.5,
            done,
            failed: 0,
            throughput,
            slices: vec![throughput; 2],
            service: Some(at(10.2e6 + waits)),
            response: rate.map(|_| at(12e6 + waits)),
            late: rate.map(|_| 0.0),
            spent,
            used: vec![lock("ledger", 1.0), lock("log", 0.2)],
            cores: 0.02 * level.min(10.0),
            others: Some(0.02),
            speed: None,
            switches: (3.5, 0.25),
            memory: 14 << 20,
            lost: 0,
        };
        Tried::Measured(Box::new(repetition), model())
    }

    fn elapsed(&self) -> Duration {
        self.clock
    }

    fn stopped(&self) -> bool {
        false
    }
}

pub(super) fn tuned() -> Tuned {
    let source = crate::catalogue::find("tune-lock").expect("it is in the catalogue");
    let scenario = Arc::new(check(&source).expect("it has no mistakes").scenario);
    let question = Question {
        over: (1.0, 32.0),
        whole: true,
        cores: 2.0,
        demands: Demands { goal: Goal::Most, epsilon: 0.05, p99: Some(40e6), memory: None },
        budget: Duration::from_secs(90),
        open: true,
        even_disturbed: false,
        seed: 3,
    };
    let settings = scenario.defaults();
    let knob = scenario.size_knob().expect("it has one");
    Tuned { scenario, settings, knob, work: Work::Tasks(crate::trace::PoolId(0)), question }
}

/// All that is told from the begin to the end.
pub(super) fn tunings(fails_from: f64) -> Vec<Tuning> {
    let mut law = Law { dice: fastrand::Rng::with_seed(1), clock: Duration::ZERO, fails_from };
    let mut all = Vec::new();
    tune(&mut law, &tuned().question, |tuning| all.push(tuning.clone()));
    all
}

fn app_at(tuning: Option<&Tuning>, theme: Theme, (width, height): (u16, u16)) -> App {
    let mut app = App::new(Picker::default(), theme, Rect::new(0, 0, width, height));
    app.tunes(tuned());
    if let Some(tuning) = tuning {
        app.update(Msg::Told(Told::Preflight(Preflight { others: Some(0.02), clock: None })));
        app.update(Msg::Told(Told::Known(Box::new(tuning.clone()))));
    }
    app
}

pub(super) fn at_its_end(size: (u16, u16)) -> App {
    app_at(tunings(f64::INFINITY).last(), COLOUR, size)
}

/// A tuning whose question is which level keeps up with 350 tasks a second.
fn keeps_up(size: (u16, u16)) -> App {
    let mut tuned = tuned();
    tuned.question.demands.goal = Goal::Arrivals(350.0);
    let mut law = Law { dice: fastrand::Rng::with_seed(1), clock: Duration::ZERO, fails_from: f64::INFINITY };
    let tuning = tune(&mut law, &tuned.question, |_| {});
    let mut app = App::new(Picker::default(), COLOUR, Rect::new(0, 0, size.0, size.1));
    app.tunes(tuned);
    app.update(Msg::Told(Told::Preflight(Preflight { others: Some(0.02), clock: None })));
    app.update(Msg::Told(Told::Known(Box::new(tuning))));
    app
}

fn shot(app: &App) -> String {
    text(&screen(app))
}

#[test]
fn whole_screens() {
    for (name, size) in [("80x24", (80, 24)), ("120x40", (120, 40)), ("200x60", (200, 60))] {
        insta::assert_snapshot!(format!("tune_{name}"), shot(&at_its_end(size)));
    }
    for (name, size) in [("80x24", (80, 24)), ("120x40", (120, 40))] {
        insta::assert_snapshot!(format!("tune_arrivals_{name}"), shot(&keeps_up(size)));
    }
    let half_way = &tunings(f64::INFINITY)[18];
    insta::assert_snapshot!("tune_under_way_120x40", shot(&app_at(Some(half_way), COLOUR, (120, 40))));
    insta::assert_snapshot!("tune_begins_80x24", shot(&app_at(None, COLOUR, (80, 24))));
    let broken = tunings(16.0);
    insta::assert_snapshot!("tune_with_deadlocks_80x24", shot(&app_at(broken.last(), COLOUR, (80, 24))));
}

#[test]
fn without_colour_and_without_unicode() {
    let all = tunings(f64::INFINITY);
    let ascii = Theme { colour: false, unicode: false };
    let shown = shot(&app_at(all.last(), ascii, (100, 40)));
    assert!(shown.is_ascii(), "{shown}");
    insta::assert_snapshot!("tune_no_unicode_100x40", shown);
    let buffer = screen(&app_at(all.last(), Theme { colour: false, unicode: true }, (120, 40)));
    let plain = |cell: &ratatui::buffer::Cell| {
        (cell.fg, cell.bg) == (ratatui::style::Color::Reset, ratatui::style::Color::Reset)
    };
    assert!(buffer.content.iter().all(plain));
}

#[test]
fn where_there_is_no_room_tab_turns_to_the_rest() {
    let mut app = at_its_end((80, 24));
    press(&mut app, "<tab>");
    insta::assert_snapshot!("tune_level_80x24", shot(&app));
    press(&mut app, "<tab>");
    insta::assert_snapshot!("tune_answer_80x24", shot(&app));
    press(&mut app, "<tab>");
    assert!(shot(&app).contains("tasks a second"));
    press(&mut app, "?");
    insta::assert_snapshot!("tune_help_80x24", shot(&app));
}

#[test]
fn a_level_is_chosen_and_stays_chosen_when_others_come() {
    let all = tunings(f64::INFINITY);
    let mut app = app_at(Some(&all[18]), COLOUR, (120, 40));
    press(&mut app, "<up><up><up><up><up><up><down>");
    assert!(shot(&app).contains(" 2 workers\n") || shot(&app).contains("   2 workers"), "{}", shot(&app));
    app.update(Msg::Told(Told::Known(Box::new(all.last().expect("it ended").clone()))));
    assert!(shot(&app).contains("   2 workers"), "{}", shot(&app));
    press(&mut app, "<right>");
    assert!(shot(&app).contains("   4 workers"), "{}", shot(&app));
    press(&mut app, "<esc>");
    assert!(!shot(&app).contains("   4 workers"), "{}", shot(&app));
}

#[test]
fn enter_opens_a_recorded_run_in_which_nothing_can_be_changed() {
    let mut app = at_its_end((120, 40));
    press(&mut app, "<down><enter>");
    let opened = shot(&app);
    assert!(opened.contains("recorded") && opened.contains("worker-1") && opened.contains("esc goes back"), "{opened}");
    press(&mut app, "<left><left><left>");
    assert!(shot(&app) != opened, "the cursor moves");
    for key in ["r", "+", "s", "x", "1", " ", "p"] {
        for event in events(key) {
            assert_eq!(app.update(Msg::Typed(event)), [], "{key} starts and sends nothing");
        }
        assert!(shot(&app).contains("a recorded run"), "{key}");
    }
    app.update(Msg::Tick { now: Stamp(0) + Span::millis(90_000), late: Span::ZERO });
    press(&mut app, "<esc><esc>");
    assert!(shot(&app).contains("tasks a second"), "{}", shot(&app));
}

#[test]
fn measuring_is_ended_by_hand_and_not_stopped_half_way() {
    let all = tunings(f64::INFINITY);
    let mut app = app_at(Some(&all[18]), COLOUR, (120, 40));
    assert!(app.moves());
    assert_eq!(app.update(Msg::Typed(events("<c-z>").remove(0))), []);
    assert!(shot(&app).contains("not while it measures"));
    assert_eq!(app.update(Msg::Typed(events("s").remove(0))), [Effect::Enough]);
    app.update(Msg::Told(Told::Known(Box::new(all.last().expect("it ended").clone()))));
    assert_eq!(app.update(Msg::Measured), [], "the answer stays on the screen");
    assert!(!app.moves());
    assert_eq!(app.update(Msg::Typed(events("<c-z>").remove(0))), [Effect::Suspend]);
    assert_eq!(app.update(Msg::Typed(events("q").remove(0))), [Effect::Quit { interrupted: false }]);
    assert_eq!(app.update(Msg::Typed(events("<c-c>").remove(0))), [Effect::Quit { interrupted: true }]);
}

#[test]
fn who_cannot_measure_ends_the_screen() {
    let mut app = app_at(None, COLOUR, (80, 24));
    assert_eq!(app.update(Msg::Measured), [Effect::Quit { interrupted: false }]);
}

#[test]
fn seconds_that_are_left_are_counted_down() {
    let mut app = app_at(None, COLOUR, (80, 24));
    app.update(Msg::Tick { now: Stamp(0) + Span::millis(30_200), late: Span::ZERO });
    assert!(app.take_dirty() && shot(&app).contains("59 s left at most"), "{}", shot(&app));
    app.update(Msg::Tick { now: Stamp(0) + Span::millis(30_300), late: Span::ZERO });
    assert!(!app.take_dirty(), "nothing to be seen changed");
}

#[test]
fn a_click_chooses_a_level_and_another_opens_it() {
    let mut app = at_its_end((120, 40));
    let shown = shot(&app);
    let line = shown.lines().position(|line| line.contains("       4      398")).expect("a line of a level") as u16;
    let click = |row| {
        let kind = MouseEventKind::Down(MouseButton::Left);
        Event::Mouse(MouseEvent { kind, column: 10, row, modifiers: KeyModifiers::NONE })
    };
    app.update(Msg::Typed(click(line)));
    assert!(shot(&app).contains("   4 workers"), "{}", shot(&app));
    app.update(Msg::Typed(click(line)));
    assert!(shot(&app).contains("recorded"), "{}", shot(&app));
}

#[test]
fn no_size_is_too_odd() {
    let all = tunings(16.0);
    for tuning in [None, all.get(3), all.last()] {
        let mut app = app_at(tuning, COLOUR, (120, 40));
        for keys in ["", "<tab>", "<tab>"] {
            press(&mut app, keys);
            for width in [0, 1, 7, 20, 59, 80, 110, 300] {
                for height in [0, 1, 2, 5, 9, 13, 19, 29, 100] {
                    app.update(Msg::Resized(Rect::new(0, 0, width, height)));
                    screen(&app);
                    press(&mut app, "<down>");
                }
            }
        }
    }
}
