//! Tests of the header: which knob is marked as the one that the keys turn, and the state of the run.

use super::app_screen::{AT_END, COLOUR_THEME, app_after, app_with_recording, press_keys, screen, screen_text};
use super::harness::Harness;
use super::script::{Script, contention, in_delivery_order, knob_turned};
use crate::trace::{Message, Sample};
use crate::tui::app::App;
use crate::tui::theme::Role;

/// Returns the words of the first line on the background of this role.
fn words_on(role: Role, app: &App) -> String {
    let buffer = screen(app);
    let line = buffer.content.iter().take(usize::from(buffer.area.width));
    let background = COLOUR_THEME.pill_style(role).bg;
    let on_it = line.filter(|cell| Some(cell.bg) == background);
    on_it.map(ratatui::buffer::Cell::symbol).collect::<String>().trim().to_owned()
}

#[test]
fn chosen_knob_is_highlighted_only_where_it_can_be_turned() {
    for size in [(80, 24), (120, 40)] {
        let live = app_after(&contention(), COLOUR_THEME, size.0, size.1);
        assert_eq!(words_on(Role::Selection, &live), "hold ◂ 20 ms ▸", "{size:?}");
        assert_eq!(words_on(Role::Good, &live), "● LIVE 5.0 s", "{size:?}");
        let mut replay = app_with_recording(&in_delivery_order(knob_turned()), AT_END, size);
        for keys in ["", "0"] {
            press_keys(&mut replay, keys);
            assert_eq!(words_on(Role::Selection, &replay), "", "{size:?}");
            assert!(words_on(Role::Tab, &replay).starts_with("\u{2016} 1×"), "{}", screen_text(&screen(&replay)));
        }
    }
}

#[test]
fn knobs_without_room_are_counted() {
    let narrow = screen_text(&screen(&app_after(&contention(), COLOUR_THEME, 60, 16)));
    assert!(narrow.lines().next().is_some_and(|line| line.contains("+2")), "{narrow}");
}

#[test]
fn knob_is_highlighted_again_after_slow_motion() {
    let mut harness = Harness::after_run(&contention());
    let live = words_on(Role::Selection, harness.app());
    assert!(!live.is_empty());
    harness.press_keys("m");
    assert_eq!(words_on(Role::Selection, harness.app()), "");
    assert!(words_on(Role::Tab, harness.app()).contains("SLOW MOTION"), "{}", harness.screen_text());
    harness.press_keys("m");
    assert_eq!(words_on(Role::Selection, harness.app()), live);
}

#[test]
fn error_of_other_machines_clocks_is_shown() {
    let first_line = |script: &Script| {
        let text = screen_text(&screen(&app_after(script, COLOUR_THEME, 120, 40)));
        text.lines().next().unwrap_or_default().to_owned()
    };
    let mut script = contention();
    assert!(!first_line(&script).contains("clock error"));
    for nanos in [1_200_000, 300_000] {
        script.messages.insert(0, Message::Sample(Sample::ClockError { nanos }));
    }
    let line = first_line(&script);
    assert!(line.contains("0 lost   1.2 ms clock error"), "{line}");
}
