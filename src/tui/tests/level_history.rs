//! Tests of a pool that is resized during a run: the figures of each level are kept.

use std::sync::Arc;

use ratatui::layout::Rect;

use super::app_screen::{COLOUR_THEME, press_keys, screen, screen_text};
use super::script::{Script, contention, ms, pool};
use crate::trace::{KnobId, Message, Notice, PoolId, Span};
use crate::tui::app::{App, AppEvent};
use crate::tui::picker::Picker;

fn started(script: &Script, (width, height): (u16, u16)) -> App {
    let mut app = App::new(Picker::default(), COLOUR_THEME, Rect::new(0, 0, width, height));
    start(&mut app, script);
    app
}

fn start(app: &mut App, script: &Script) {
    let (scenario, settings) = (Arc::clone(&script.scenario), script.settings.clone());
    app.update(AppEvent::RunStarted { scenario, settings, registry: Arc::clone(&script.registry) });
}

/// Plays the script from one moment to another, with a frame every 100 ms.
fn play(app: &mut App, script: &Script, from: u64, to: u64) {
    for now in (from..to).step_by(100) {
        let due = |message: &&Message| match message {
            Message::Events(events) => events[0].at >= ms(now) && events[0].at < ms(now + 100),
            _ => now == 0,
        };
        for message in script.messages.iter().filter(due) {
            app.update(AppEvent::RunMessage(message.clone()));
        }
        app.update(AppEvent::Tick { now: ms(now + 100), late: Span::ZERO });
    }
}

fn resize(app: &mut App, at: u64, workers: u32) {
    let turned = Notice::KnobSet { knob: KnobId(0), name: "workers".into(), value_text: workers.to_string() };
    for notice in [turned, Notice::Resized { pool: PoolId(0), workers }] {
        app.update(AppEvent::RunMessage(Message::Notice { at: ms(at), notice }));
    }
}

/// Returns the figures in the line of a number of workers.
fn level(app: &App, workers: &str) -> Vec<String> {
    let shown = screen_text(&screen(app));
    let is_bar = |word: &&str| word.chars().all(|c| "┊▏▎▍▌▋▊▉█".contains(c));
    let words = |line: &str| {
        let words = line.trim_start_matches([' ', '▸']).split_whitespace();
        words.filter(|word| !is_bar(word) && *word != "knee").map(str::to_owned).collect()
    };
    let all: Vec<Vec<String>> = shown.lines().map(words).collect();
    all.into_iter().find(|line| line.first().is_some_and(|first| first == workers)).unwrap_or_default()
}

#[test]
fn each_level_keeps_its_figures() {
    let script = pool();
    let mut app = started(&script, (80, 24));
    play(&mut app, &script, 0, 2_000);
    press_keys(&mut app, "t");
    assert!(screen_text(&screen(&app)).contains("each level is kept"), "{}", screen_text(&screen(&app)));
    resize(&mut app, 2_000, 3);
    play(&mut app, &script, 2_000, 4_000);
    let shown = screen_text(&screen(&app));
    let heads = ["workers", "tasks/s", "p99", "busy", "p50", "for"];
    let has_heads = |line: &str| heads.iter().all(|head| line.contains(head));
    assert!(shown.lines().any(has_heads), "{shown}");
    assert!(shown.contains("\n       2 ") && shown.contains("\n ▸     3 "), "{shown}");
    let two = level(&app, "2");
    assert!(two.get(1).is_some_and(|rate| rate.starts_with("5.")), "five tasks a second are done: {two:?}");
    resize(&mut app, 4_000, 2);
    play(&mut app, &script, 4_000, 5_000);
    let after = level(&app, "2");
    assert_ne!(two, after, "time is added when the level is set again: {after:?}");
    press_keys(&mut app, "t");
    assert!(screen_text(&screen(&app)).contains("worker-1"), "and back to the lanes");
}

#[test]
fn level_excludes_tasks_of_earlier_levels_and_shows_their_backlog() {
    let script = pool();
    let mut app = started(&script, (80, 24));
    play(&mut app, &script, 0, 2_000);
    press_keys(&mut app, "t");
    let two = level(&app, "2");
    assert!(two[2] != "-", "tasks of this level: {two:?}");
    resize(&mut app, 2_000, 3);
    play(&mut app, &script, 2_000, 4_000);
    // Every task waits for half of the elapsed time: all that have ended were due before.
    let three = level(&app, "3");
    assert_eq!(three.iter().filter(|word| *word == "-").count(), 2, "neither p50 nor p99: {three:?}");
    let shown = screen_text(&screen(&app));
    assert!(shown.contains("11 tasks waited at the change, 18 now: this backlog lengthens p50 and p99"), "{shown}");
    resize(&mut app, 4_000, 4);
    play(&mut app, &script, 4_000, 5_000);
    let shown = screen_text(&screen(&app));
    assert_eq!(shown.matches("tasks waited at the change").count(), 1, "of the current level only: {shown}");
}

#[test]
fn levels_survive_a_restart_of_the_scenario() {
    let script = pool();
    let mut app = started(&script, (200, 60));
    play(&mut app, &script, 0, 2_000);
    assert!(!screen_text(&screen(&app)).contains("SIZES"), "one level cannot be compared");
    resize(&mut app, 2_000, 3);
    play(&mut app, &script, 2_000, 4_000);
    assert!(screen_text(&screen(&app)).contains("SIZES"), "{}", screen_text(&screen(&app)));
    start(&mut app, &script);
    assert!(screen_text(&screen(&app)).contains("SIZES"), "{}", screen_text(&screen(&app)));
}

#[test]
fn levels_pane_needs_a_pool() {
    let mut app = started(&contention(), (80, 24));
    press_keys(&mut app, "t");
    assert!(screen_text(&screen(&app)).contains("This scenario has no pool"));
}
