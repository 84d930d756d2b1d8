//! Tests of the header: which knob is marked as the one that the keys turn.

use super::app_screen::{AT_END, COLOUR_THEME, app_after, app_with_recording, press_keys, screen};
use super::harness::Harness;
use super::script::{contention, in_delivery_order, knob_turned};
use crate::tui::app::App;

/// Returns the highlighted words of the first line.
fn highlighted(app: &App) -> String {
    let buffer = screen(app);
    let line = buffer.content.iter().take(usize::from(buffer.area.width));
    let marked = app.theme.selection_style().bg;
    line.filter(|cell| cell.style().bg == marked).map(ratatui::buffer::Cell::symbol).collect()
}

#[test]
fn chosen_knob_is_highlighted_only_where_it_can_be_turned() {
    for size in [(80, 24), (120, 40)] {
        let live = app_after(&contention(), COLOUR_THEME, size.0, size.1);
        assert_eq!(highlighted(&live), "hold 20ms", "{size:?}");
        let mut replay = app_with_recording(&in_delivery_order(knob_turned()), AT_END, size);
        assert_eq!(highlighted(&replay), "\u{2016} 1×", "{size:?}");
        press_keys(&mut replay, "0");
        assert_eq!(highlighted(&replay), "\u{2016} 1×", "{size:?}");
    }
}

#[test]
fn knob_is_highlighted_again_after_slow_motion() {
    let mut harness = Harness::after_run(&contention());
    let live = highlighted(harness.app());
    assert!(!live.is_empty());
    harness.press_keys("m");
    let slow = highlighted(harness.app());
    assert!(slow.contains("slow motion") && !slow.contains(&live), "{slow}");
    harness.press_keys("m");
    assert_eq!(highlighted(harness.app()), live);
}
