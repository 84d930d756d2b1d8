//! Tours: captions, the presenter's keys, waits, failures, leaving and coming back.

use std::sync::Arc;

use crossterm::event::{Event, KeyCode, KeyEvent};

use super::app_screen::{COLOUR_THEME, screen, screen_text};
use super::harness::Harness;
use super::script::{contention, deadlock, ms};
use crate::demo;
use crate::scenario::{Source, Tour};
use crate::tui::app::{App, AppEvent, Effect};
use crate::tui::picker::Picker;
use crate::tui::{InitialScreen, TourSetup};
use ratatui::layout::Rect;

const TOUR: &str = r#"
tour "Two scenes" {
    scene lock-contention {
        caption "The *first* words"
        wait key
        point lane=teller-2
        caption "The second words"
        wait key
    }
    scene lock-contention tellers=2 {
        caption "The third words"
        wait finding=deadlock within="1h"
        caption "The fourth words"
    }
}
"#;

fn setup(text: &str, auto_pace: Option<f64>) -> TourSetup {
    let source = Source { name: "mine".into(), path: None, text: text.into() };
    let tour: Tour = demo::check(&source).expect("no mistakes");
    TourSetup { tour: Arc::new(tour), auto_pace }
}

fn in_tour(auto_pace: Option<f64>) -> Harness {
    let mut harness = Harness::in_picker(&contention());
    harness.start(InitialScreen::Tour(setup(TOUR, auto_pace)));
    harness
}

#[test]
fn lane_is_pointed_at_from_the_start_of_its_run() {
    let script = contention();
    let mut harness = Harness::in_picker(&script);
    let tour = TOUR.replacen("scene lock-contention {", "scene lock-contention {\n point lane=teller-2", 1);
    harness.start(InitialScreen::Tour(setup(&tour, None)));
    harness.tick(ms(20));
    harness.play(&script);
    let text = harness.screen_text();
    assert!(text.lines().any(|line| line.contains("▶teller-2") || line.contains("▶ teller-2")), "{text}");
}

#[test]
fn keys_go_forward_back_and_repeat() {
    let mut harness = in_tour(None);
    assert!(harness.contains("The first words") && harness.contains("1/4"), "{}", harness.screen_text());
    assert!(harness.contains("Space next") && harness.contains("Esc leave"), "{}", harness.screen_text());
    harness.press_keys(" ");
    assert!(harness.contains("The second words") && harness.contains("2/4"), "{}", harness.screen_text());
    harness.play(&contention());
    assert!(harness.contains("▶"), "the lane is pointed at: {}", harness.screen_text());
    assert_eq!(harness.run_count(), 1);
    harness.press_keys(" ");
    assert!(harness.contains("The third words") && harness.contains("waits for deadlock"), "{}", harness.screen_text());
    assert_eq!(harness.run_count(), 2, "each scene has its own run");
    harness.press_keys("<pgup>");
    assert!(harness.contains("The first words") && harness.contains("1/4"), "back: {}", harness.screen_text());
    assert_eq!(harness.run_count(), 3);
    harness.press_keys(" r");
    assert!(harness.contains("The first words"), "repeat: {}", harness.screen_text());
    assert_eq!(harness.run_count(), 4);
    harness.press_keys("  ");
    harness.press_keys(" ");
    assert!(harness.contains("The fourth words"), "the key ends any wait: {}", harness.screen_text());
    harness.press_keys(" ");
    assert!(harness.contains("4/4  end of the tour"), "{}", harness.screen_text());
    assert_eq!(harness.ending(), "running");
    harness.press_keys("<pgup>");
    assert!(harness.contains("The first words"), "{}", harness.screen_text());
    harness.press_keys("q");
    assert_eq!(harness.ending(), "quit");
}

#[test]
fn finding_of_the_run_ends_the_wait() {
    let script = deadlock(2);
    let mut harness = Harness::in_picker(&script);
    harness.start(InitialScreen::Tour(setup(TOUR, None)));
    harness.press_keys("  ");
    assert!(harness.contains("The third words"), "{}", harness.screen_text());
    harness.play(&script);
    harness.wait_for("The fourth words");
    assert!(harness.contains("4/4"), "{}", harness.screen_text());
}

#[test]
fn tour_can_be_left_for_the_dashboard_and_continued() {
    let mut harness = in_tour(None);
    harness.press_keys(" <esc>");
    assert!(!harness.contains("The second words") && harness.contains("B comes back"), "{}", harness.screen_text());
    harness.press_keys(" ");
    assert!(harness.contains("frozen") || harness.contains("FROZEN"), "Space freezes again: {}", harness.screen_text());
    harness.press_keys(" B");
    assert!(harness.contains("The second words") && harness.run_count() == 1, "{}", harness.screen_text());
    harness.press_keys("<esc><esc><esc>");
    assert!(harness.contains("see threads and processes contend"), "the picker: {}", harness.screen_text());
    harness.press_keys("<f5>");
    assert!(harness.contains("The first words"), "the scene from its start: {}", harness.screen_text());
    assert_eq!(harness.run_count(), 2);
}

#[test]
fn overlays_and_typed_text_have_their_keys_during_a_tour() {
    let mut harness = in_tour(None);
    harness.press_keys("?");
    assert!(harness.contains("Keys"), "{}", harness.screen_text());
    harness.press_keys("<esc>");
    assert!(!harness.contains("Turn the chosen knob up") && harness.contains("The first words"), "Esc closes it");
    harness.press_keys("/n <enter>");
    assert!(harness.contains("The first words"), "letters go into the filter: {}", harness.screen_text());
    harness.press_keys("?n");
    assert!(harness.contains("The second words") && !harness.contains("Keys ─"), "{}", harness.screen_text());
}

#[test]
fn tour_without_keys_goes_to_its_end_and_quits() {
    let script = deadlock(2);
    let mut harness = Harness::in_picker(&script);
    harness.start(InitialScreen::Tour(setup(TOUR, Some(100.0))));
    harness.wait_for("The second words");
    harness.wait_for("The third words");
    harness.play(&script);
    harness.wait_for_end();
    assert_eq!(harness.ending(), "quit");
}

#[test]
fn scene_that_cannot_start_is_explained_and_skipped() {
    let mut app = App::new(Picker::from_entries(Vec::new()), COLOUR_THEME, Rect::new(0, 0, 80, 24));
    let first = app.initial_effects(InitialScreen::Tour(setup(TOUR, None)));
    assert!(matches!(first.as_slice(), [Effect::StartRun(..)]), "{first:?}");
    app.update(AppEvent::StartFailed("No memory is left.".into()));
    let shown = screen_text(&screen(&app));
    assert!(shown.contains("This scene cannot be shown: No memory is left."), "{shown}");
    let next = app.update(AppEvent::Input(Event::Key(KeyEvent::from(KeyCode::PageDown))));
    let [Effect::StartRun(_, settings)] = next.as_slice() else { panic!("{next:?}") };
    assert_eq!(settings.numbers[0].to_bits(), 2.0_f64.to_bits(), "that of the second scene");
    let failures = app.tour.take().expect("a tour").failures();
    assert_eq!(failures, ["Scene 1: No memory is left."]);
}

#[test]
fn caption_never_covers_the_run_and_nothing_moves_within_a_scene() {
    let mut harness = in_tour(None);
    harness.play(&contention());
    let before = harness.screen_text();
    let bottom = before.lines().nth(37).unwrap_or_default().to_owned();
    harness.press_keys(" ");
    harness.tick(ms(5_000));
    let after = harness.screen_text();
    assert_eq!(before.lines().count(), after.lines().count());
    assert_eq!(after.lines().nth(37).unwrap_or_default().is_empty(), bottom.is_empty(), "{after}");
    let captions = after.lines().filter(|line| line.starts_with('▌')).count();
    assert!(captions >= 2, "{after}");
}

const MEASURED: &str = r#"
tour "A condition" {
    scene lock-contention {
        caption "Do they wait?"
        wait "share(lock) > 5%" within="1h"
        caption "They wait"
        wait "share(lock) > 99%" within="100ms"
        caption "And it stays so"
        wait key
    }
}
"#;

#[test]
fn condition_of_the_run_ends_the_wait_and_a_late_one_is_told() {
    let mut harness = Harness::in_picker(&contention());
    harness.start(InitialScreen::Tour(setup(MEASURED, None)));
    assert!(harness.contains("waits for share(lock) > 5%…"), "{}", harness.screen_text());
    harness.play(&contention());
    harness.wait_for("And it stays so");
    assert!(harness.contains("not share(lock) > 99% within 100 ms"), "{}", harness.screen_text());
    harness.press_keys(" ");
    assert!(!harness.contains("within 100 ms"), "until the next key: {}", harness.screen_text());
    let failures = harness.app().tour.take().expect("a tour").failures();
    assert_eq!(failures, ["Scene 1: not share(lock) > 99% within 100 ms"]);
}
