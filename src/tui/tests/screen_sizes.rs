//! Tests of small and large screens: everything is drawn without a panic.

use ratatui::layout::Rect;

use super::harness::{COLOUR_THEME, app_after, press_keys, screen, screen_text};
use super::script::{Script, contention, deadlock, everything_wrong, knob_turned, many_workers, pool};
use crate::tui::app::{App, AppEvent};
use crate::tui::picker::Picker;

fn scripts() -> Vec<Script> {
    vec![
        contention(),
        knob_turned(),
        deadlock(2),
        deadlock(5),
        deadlock(9),
        pool(),
        everything_wrong(),
        many_workers(40),
    ]
}

#[test]
fn every_small_screen_is_drawn() {
    for script in scripts() {
        let mut app = app_after(&script, COLOUR_THEME, 120, 40);
        for width in 0..40 {
            for height in 0..20 {
                app.update(AppEvent::Resized(Rect::new(0, 0, width, height)));
                screen(&app);
            }
        }
    }
}

#[test]
fn every_overlay_fits_every_small_screen() {
    for script in [knob_turned(), deadlock(5), pool()] {
        for keys in [
            "?",
            "i",
            "a",
            "p",
            "p2",
            "p?",
            "j<enter>",
            "<tab><enter>",
            "/t",
            "<left>",
            "<tab><tab><tab>",
            "[[[[",
            "]]]]]]",
        ] {
            let mut app = app_after(&script, COLOUR_THEME, 120, 40);
            press_keys(&mut app, keys);
            for width in [0, 1, 2, 5, 9, 14, 21, 33, 39, 64, 110] {
                for height in [0, 1, 2, 3, 5, 8, 13, 19] {
                    app.update(AppEvent::Resized(Rect::new(0, 0, width, height)));
                    screen(&app);
                }
            }
        }
    }
}

#[test]
fn picker_fits_every_small_screen() {
    let mut app = App::new(Picker::catalogue(), COLOUR_THEME, Rect::new(0, 0, 80, 24));
    for keys in ["", "?", "e", "zz"] {
        press_keys(&mut app, keys);
        for width in 0..40 {
            for height in 0..20 {
                app.update(AppEvent::Resized(Rect::new(0, 0, width, height)));
                screen(&app);
            }
        }
    }
}

#[test]
fn largest_screens_are_drawn() {
    for (width, height) in [(u16::MAX, 1), (u16::MAX, 7), (1, u16::MAX), (7, u16::MAX), (1_000, 300)] {
        for script in [contention(), deadlock(5), pool()] {
            screen(&app_after(&script, COLOUR_THEME, width, height));
        }
    }
}

#[test]
fn pane_in_place_of_the_rows_closes_again() {
    let mut app = app_after(&deadlock(2), COLOUR_THEME, 80, 24);
    press_keys(&mut app, "<tab><tab>");
    press_keys(&mut app, "<tab>");
    assert!(screen_text(&screen(&app)).contains("Deadlock"), "{}", screen_text(&screen(&app)));
    press_keys(&mut app, "<esc>");
    assert!(screen_text(&screen(&app)).contains("seat-1 L"), "{}", screen_text(&screen(&app)));
}
