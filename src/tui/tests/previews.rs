//! The previews of the picker.

use std::path::PathBuf;
use std::rc::Rc;

use ratatui::layout::Rect;

use super::app_screen::{screen, screen_text};
use super::harness::Harness;
use super::script::contention;
use crate::catalogue;
use crate::scenario::Source;
use crate::trace::State;
use crate::tui::app::App;
use crate::tui::picker::{Picker, PickerEntry};
use crate::tui::theme::Theme;

/// Returns the picker's screen with this scenario chosen.
fn screen_of(picker: Picker, name: &str, (width, height): (u16, u16)) -> String {
    let mut app = App::new(picker, Theme::plain(true), Rect::new(0, 0, width, height));
    app.picker.choose_name(name);
    screen_text(&screen(&app))
}

/// Returns the lane of a worker in the preview, without its name.
fn lane<'a>(screen: &'a str, worker: &str) -> &'a str {
    let line = screen.lines().rfind(|line| line.contains(&format!(" {worker} "))).unwrap_or_else(|| panic!("{screen}"));
    line.rsplit_once(&format!(" {worker} ")).map_or("", |(_, lane)| lane.trim())
}

#[test]
fn picker_shows_the_lanes_of_a_recorded_run() {
    let screen = screen_of(Picker::catalogue(), "deadlock", (120, 40));
    assert!(screen.contains("ms of a run"), "{screen}");
    let wait = Theme::plain(true).cell_glyph(State::Lock);
    for worker in ["left", "right"] {
        let lane = lane(&screen, worker);
        assert!(lane.ends_with(&wait.repeat(8)), "both wait for a lock at the end: {lane}\n{screen}");
    }
    let screen = screen_of(Picker::catalogue(), "hold-time", (120, 40));
    assert!(screen.contains("of a run, 8 of 16 workers"), "{screen}");
    assert!(!lane(&screen, "cashier-8").is_empty() && !screen.contains("cashier-9"), "{screen}");
}

#[test]
fn preview_has_room_on_a_small_screen_and_explains_its_states() {
    let screen = screen_of(Picker::catalogue(), "deadlock", (80, 24));
    assert!(screen.contains("of a run"), "{screen}");
    let lane = lane(&screen, "left");
    assert!(lane.chars().count() >= 30, "{lane}");
    assert!(screen.contains(" running ") && screen.contains(" lock"), "the legend of the states: {screen}");
}

#[test]
fn file_of_the_user_has_no_preview_but_a_list_of_its_members() {
    let entry = catalogue::get("deadlock").expect("a scenario");
    let path = Some(PathBuf::from("./deadlock.kdl"));
    let source = Source { name: "deadlock".into(), path, text: entry.text.into() };
    let screen = screen_of(Picker::from_entries(vec![PickerEntry::new(source)]), "deadlock", (120, 40));
    assert!(!screen.contains("of a run"), "{screen}");
    assert!(screen.contains("Workers        left (thread), right (thread)"), "{screen}");
    assert!(screen.contains("Shared         a (mutex), b (mutex)"), "{screen}");
}

#[test]
fn preview_is_made_once_for_each_scenario_and_width() {
    let picker = Picker::catalogue();
    let rows = picker.visible_rows();
    let preview = |at: usize, cells| picker.preview(rows[at].entry, cells).expect("a preview");
    let first = preview(0, 40);
    assert!(Rc::ptr_eq(&first, &preview(0, 40)));
    assert_eq!(first.lanes[0].cells.len(), 40);
    assert_eq!(preview(0, 50).lanes[0].cells.len(), 50);
    assert!(!Rc::ptr_eq(&preview(1, 50), &preview(0, 50)));
}

#[test]
fn picker_without_input_draws_no_frame() {
    let mut harness = Harness::in_picker(&contention());
    harness.app().picker = Picker::catalogue();
    harness.press_keys("<down>");
    let frames = harness.frame_count();
    assert!(!harness.app().is_animating());
    for _ in 0..3 {
        harness.tick_without_run();
    }
    assert_eq!(harness.frame_count(), frames);
    harness.press_keys("<down>");
    assert!(harness.frame_count() > frames);
}
