//! The tuning screen, with a simulated experiment runner.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use super::app_screen::{COLOUR_THEME, press_keys, screen, screen_text};
use super::screen_sizes::checked_screen;
use super::script;
use super::typed_keys::events_from;
use crate::model::{Budget, Model, StateTimes};
use crate::scenario::check;
use crate::trace::{ResourceId, Span, Stamp, State};
use crate::tui::app::{App, AppEvent, Effect};
use crate::tui::picker::Picker;
use crate::tui::theme::Theme;
use crate::tui::tune_view::{TuneSetup, TuneUpdate};
use crate::tune::{
    Demands, Experiment, ExperimentRunner, Goal, LoadProfile, LockUsage, Preflight, Repetition, RepetitionPercentiles,
    TrialOutcome, Tuning, TuningRequest, WorkUnit, tune,
};

/// An experiment runner in which ten workers saturate one lock: 10 ms per task, 1 ms of it inside the lock.
struct SimulatedLab {
    dice: fastrand::Rng,
    clock: Duration,
    /// Levels from this one on deadlock.
    deadlocks_from: f64,
}

fn model() -> Box<Model> {
    let script = script::pool();
    let mut model = Model::new(Arc::clone(&script.registry), Budget::default());
    script.messages.iter().for_each(|message| model.apply(message));
    Box::new(model)
}

impl ExperimentRunner for SimulatedLab {
    fn run(&mut self, Experiment { level, load, .. }: Experiment) -> TrialOutcome {
        let rate = match load {
            LoadProfile::FixedRate(rate) => Some(rate),
            LoadProfile::AsWritten => Some((level * 100.0).min(350.0)),
            LoadProfile::Saturated => None,
        };
        self.clock += Duration::from_millis(900);
        if level >= self.deadlocks_from {
            return TrialOutcome::Failed("deadlock of worker-1 and worker-2".into(), model());
        }
        let exact = rate.unwrap_or((level * 100.0).min(1_000.0));
        let throughput = exact * (0.98 + 0.04 * self.dice.f64());
        let done = (throughput / 2.0) as u64;
        let waits = (level - 10.0).max(0.1) * 1e6;
        let mut spent = StateTimes::default();
        for (state, each) in
            [(State::Running, 1.2e6), (State::Ready, 0.2e6), (State::Lock, waits), (State::Sleep, 8.8e6)]
        {
            spent.add_ns(state, (each * done as f64) as u64);
        }
        let at = |ns: f64| RepetitionPercentiles { p50: ns, p90: ns * 1.2, p99: ns * 1.5, max: ns * 2.0 };
        let held = (level / 10.0).min(0.99);
        let lock = |name: &str, part: f64| LockUsage {
            name: name.into(),
            id: ResourceId(0),
            capacity: 1,
            held_share: held * part,
            wait_ns_per_unit: waits * part,
        };
        let repetition = Repetition {
            secs: 0.5,
            run_secs: None,
            done,
            failed: 0,
            throughput,
            slice_rates: vec![throughput; 2],
            service: Some(at(10.2e6 + waits)),
            response: rate.map(|_| at(12e6 + waits)),
            late_share: rate.map(|_| 0.0),
            time_by_state: spent,
            lock_usages: vec![lock("ledger", 1.0), lock("log", 0.2)],
            cores_used: 0.02 * level.min(10.0),
            others_cores: Some(0.02),
            core_speed: None,
            switches: (3.5, 0.25),
            memory: 14 << 20,
            lost: 0,
        };
        TrialOutcome::Measured(Box::new(repetition), model())
    }

    fn elapsed(&self) -> Duration {
        self.clock
    }

    fn is_stopped(&self) -> bool {
        false
    }
}

pub(super) fn tuned() -> TuneSetup {
    let source = crate::catalogue::find("tune-lock").expect("it is in the catalogue");
    let scenario = Arc::new(check(&source).expect("it has no mistakes").scenario);
    let question = TuningRequest {
        replay: None,
        range: (1.0, 32.0),
        is_whole: true,
        usable_cores: 2.0,
        demands: Demands { goal: Goal::MaxThroughput, epsilon: 0.05, max_p99_ns: Some(40e6), max_memory: None },
        budget: Duration::from_secs(90),
        has_open_loop: true,
        keep_disturbed: false,
        seed: 3,
    };
    let settings = scenario.default_settings();
    let knob = scenario.worker_count_knob().expect("it has one");
    TuneSetup { scenario, settings, knob, work: WorkUnit::Tasks(crate::trace::PoolId(0)), question }
}

/// Returns every progress report of a tuning.
pub(super) fn tunings(fails_from: f64) -> Vec<Tuning> {
    let mut law = SimulatedLab { dice: fastrand::Rng::with_seed(1), clock: Duration::ZERO, deadlocks_from: fails_from };
    let mut all = Vec::new();
    tune(&mut law, &tuned().question, |tuning| all.push(tuning.clone()));
    all
}

fn app_showing(tuning: Option<&Tuning>, theme: Theme, (width, height): (u16, u16)) -> App {
    let mut app = App::new(Picker::default(), theme, Rect::new(0, 0, width, height));
    app.show_tuning(tuned());
    if let Some(tuning) = tuning {
        app.update(AppEvent::TuneUpdate(TuneUpdate::Preflight(Preflight {
            others_cores: Some(0.02),
            clock_range: None,
        })));
        app.update(AppEvent::TuneUpdate(TuneUpdate::Progress(Box::new(tuning.clone()))));
    }
    app
}

pub(super) fn app_at_end(size: (u16, u16)) -> App {
    app_showing(tunings(f64::INFINITY).last(), COLOUR_THEME, size)
}

/// Returns an app with a tuning for 350 arrivals per second.
fn arrivals_app(size: (u16, u16)) -> App {
    let mut tuned = tuned();
    tuned.question.demands.goal = Goal::Arrivals(350.0);
    let mut law =
        SimulatedLab { dice: fastrand::Rng::with_seed(1), clock: Duration::ZERO, deadlocks_from: f64::INFINITY };
    let tuning = tune(&mut law, &tuned.question, |_| {});
    let mut app = App::new(Picker::default(), COLOUR_THEME, Rect::new(0, 0, size.0, size.1));
    app.show_tuning(tuned);
    app.update(AppEvent::TuneUpdate(TuneUpdate::Preflight(Preflight { others_cores: Some(0.02), clock_range: None })));
    app.update(AppEvent::TuneUpdate(TuneUpdate::Progress(Box::new(tuning))));
    app
}

fn screenshot(app: &App) -> String {
    screen_text(&screen(app))
}

#[test]
fn tuning_screens_match_their_snapshots() {
    for (name, size) in [("80x24", (80, 24)), ("120x40", (120, 40)), ("200x60", (200, 60))] {
        insta::assert_snapshot!(format!("tune_{name}"), screenshot(&app_at_end(size)));
    }
    for (name, size) in [("80x24", (80, 24)), ("120x40", (120, 40))] {
        insta::assert_snapshot!(format!("tune_arrivals_{name}"), screenshot(&arrivals_app(size)));
    }
    let half_way = &tunings(f64::INFINITY)[18];
    insta::assert_snapshot!("tune_under_way_120x40", screenshot(&app_showing(Some(half_way), COLOUR_THEME, (120, 40))));
    insta::assert_snapshot!("tune_begins_80x24", screenshot(&app_showing(None, COLOUR_THEME, (80, 24))));
    let broken = tunings(16.0);
    insta::assert_snapshot!(
        "tune_with_deadlocks_80x24",
        screenshot(&app_showing(broken.last(), COLOUR_THEME, (80, 24)))
    );
}

#[test]
fn tuning_screen_without_colour_and_without_unicode() {
    let all = tunings(f64::INFINITY);
    let ascii = Theme::plain(false);
    let shown = screenshot(&app_showing(all.last(), ascii, (100, 40)));
    assert!(shown.is_ascii(), "{shown}");
    insta::assert_snapshot!("tune_no_unicode_100x40", shown);
    let buffer = screen(&app_showing(all.last(), Theme::plain(true), (120, 40)));
    let plain = |cell: &ratatui::buffer::Cell| {
        (cell.fg, cell.bg) == (ratatui::style::Color::Reset, ratatui::style::Color::Reset)
    };
    assert!(buffer.content.iter().all(plain));
}

#[test]
fn tab_switches_panes_on_a_small_screen() {
    let mut app = app_at_end((80, 24));
    press_keys(&mut app, "<tab>");
    insta::assert_snapshot!("tune_level_80x24", screenshot(&app));
    press_keys(&mut app, "<tab>");
    insta::assert_snapshot!("tune_answer_80x24", screenshot(&app));
    press_keys(&mut app, "<tab>");
    assert!(screenshot(&app).contains("tasks per second"));
    press_keys(&mut app, "?");
    insta::assert_snapshot!("tune_help_80x24", screenshot(&app));
}

#[test]
fn chosen_level_stays_chosen_when_levels_are_added() {
    let all = tunings(f64::INFINITY);
    let mut app = app_showing(Some(&all[18]), COLOUR_THEME, (120, 40));
    press_keys(&mut app, "<up><up><up><up><up><up><down>");
    assert!(
        screenshot(&app).contains(" 2 workers\n") || screenshot(&app).contains("   2 workers"),
        "{}",
        screenshot(&app)
    );
    app.update(AppEvent::TuneUpdate(TuneUpdate::Progress(Box::new(all.last().expect("it ended").clone()))));
    assert!(screenshot(&app).contains("   2 workers"), "{}", screenshot(&app));
    press_keys(&mut app, "<right>");
    assert!(screenshot(&app).contains("   4 workers"), "{}", screenshot(&app));
    press_keys(&mut app, "<esc>");
    assert!(!screenshot(&app).contains("   4 workers"), "{}", screenshot(&app));
}

#[test]
fn enter_opens_a_recorded_run_that_is_read_only() {
    let mut app = app_at_end((120, 40));
    press_keys(&mut app, "<down><enter>");
    let opened = screenshot(&app);
    assert!(opened.contains("RECORDED") && opened.contains("worker-1") && opened.contains("Esc goes back"), "{opened}");
    press_keys(&mut app, "<left><left><left>");
    assert!(screenshot(&app) != opened, "the cursor moves");
    for key in ["r", "+", "s", "x", "1", " ", "p"] {
        for event in events_from(key) {
            assert_eq!(app.update(AppEvent::Input(event)), [], "{key} starts and sends nothing");
        }
        assert!(screenshot(&app).contains("Recorded run"), "{key}");
    }
    app.update(AppEvent::Tick { now: Stamp(0) + Span::from_millis(90_000), late: Span::ZERO });
    press_keys(&mut app, "<esc><esc>");
    assert!(screenshot(&app).contains("tasks per second"), "{}", screenshot(&app));
}

#[test]
fn s_stops_measuring_and_control_z_waits_for_its_end() {
    let all = tunings(f64::INFINITY);
    let mut app = app_showing(Some(&all[18]), COLOUR_THEME, (120, 40));
    assert!(app.is_animating());
    assert_eq!(app.update(AppEvent::Input(events_from("<c-z>").remove(0))), []);
    assert!(screenshot(&app).contains("Not during a measurement"));
    assert_eq!(app.update(AppEvent::Input(events_from("s").remove(0))), [Effect::StopMeasuring]);
    app.update(AppEvent::TuneUpdate(TuneUpdate::Progress(Box::new(all.last().expect("it ended").clone()))));
    assert_eq!(app.update(AppEvent::MeasuringEnded), [], "the answer stays on the screen");
    assert!(!app.is_animating());
    assert_eq!(app.update(AppEvent::Input(events_from("<c-z>").remove(0))), [Effect::Suspend]);
    assert_eq!(app.update(AppEvent::Input(events_from("q").remove(0))), [Effect::Quit { interrupted: false }]);
    assert_eq!(app.update(AppEvent::Input(events_from("<c-c>").remove(0))), [Effect::Quit { interrupted: true }]);
}

#[test]
fn failed_measurement_closes_the_screen() {
    let mut app = app_showing(None, COLOUR_THEME, (80, 24));
    assert_eq!(app.update(AppEvent::MeasuringEnded), [Effect::Quit { interrupted: false }]);
}

#[test]
fn remaining_seconds_count_down() {
    let mut app = app_showing(None, COLOUR_THEME, (80, 24));
    app.update(AppEvent::Tick { now: Stamp(0) + Span::from_millis(30_200), late: Span::ZERO });
    assert!(app.take_dirty() && screenshot(&app).contains("at most 59 s left"), "{}", screenshot(&app));
    app.update(AppEvent::Tick { now: Stamp(0) + Span::from_millis(30_300), late: Span::ZERO });
    assert!(!app.take_dirty(), "nothing visible changed");
}

#[test]
fn click_chooses_a_level_and_a_second_click_opens_it() {
    let mut app = app_at_end((120, 40));
    let shown = screenshot(&app);
    let line = shown.lines().position(|line| line.contains("       4      398")).expect("a line of a level") as u16;
    let click = |row| {
        let kind = MouseEventKind::Down(MouseButton::Left);
        Event::Mouse(MouseEvent { kind, column: 10, row, modifiers: KeyModifiers::NONE })
    };
    app.update(AppEvent::Input(click(line)));
    assert!(screenshot(&app).contains("   4 workers"), "{}", screenshot(&app));
    app.update(AppEvent::Input(click(line)));
    assert!(screenshot(&app).contains("RECORDED"), "{}", screenshot(&app));
}

#[test]
fn tuning_screen_of_every_size_shows_its_title_and_time() {
    let all = tunings(16.0);
    for (tuning, time) in [(None, "s left"), (all.get(3), "s left"), (all.last(), "done in")] {
        let mut app = app_showing(tuning, COLOUR_THEME, (120, 40));
        for keys in ["", "<tab>", "<tab>"] {
            press_keys(&mut app, keys);
            for width in [0, 1, 7, 20, 59, 80, 110, 300] {
                for height in [0, 1, 2, 5, 9, 13, 19, 29, 100] {
                    app.update(AppEvent::Resized(Rect::new(0, 0, width, height)));
                    let shown = screen_text(&checked_screen(&app));
                    if width >= 20 && height > 0 {
                        let title = shown.lines().next().unwrap_or_default();
                        assert!(title.contains(time), "{width}x{height}: {title:?}");
                        assert!(width < 59 || title.contains("tune tune-lock  workers"), "{width}x{height}: {title:?}");
                    }
                    press_keys(&mut app, "<down>");
                }
            }
        }
    }
}
