//! What is drawn, as pictures in text; with styles where colour matters.

use super::desk::{COLOUR, app, press, screen, text};
use super::script::{Script, contention, crowd, deadlock, pool, turned, wreck};
use crate::tui::app::App;
use crate::tui::picker::Picker;
use crate::tui::theme::Theme;
use ratatui::layout::Rect;

const PLAIN: Theme = Theme { colour: false, unicode: true };
const ASCII: Theme = Theme { colour: false, unicode: false };

fn shot(script: &Script, theme: Theme, (width, height): (u16, u16), keys: &str) -> String {
    let mut app = app(script, theme, width, height);
    press(&mut app, keys);
    text(&screen(&app))
}

const SMALL: (u16, u16) = (80, 24);
const MIDDLE: (u16, u16) = (120, 40);
const LARGE: (u16, u16) = (200, 60);

#[test]
fn whole_screens() {
    insta::assert_snapshot!("contention_80x24", shot(&contention(), COLOUR, SMALL, ""));
    insta::assert_snapshot!("contention_120x40", shot(&turned(), COLOUR, MIDDLE, ""));
    insta::assert_snapshot!("deadlock_120x40", shot(&deadlock(2), COLOUR, MIDDLE, ""));
    insta::assert_snapshot!("deadlock_200x60", shot(&deadlock(5), COLOUR, LARGE, ""));
    insta::assert_snapshot!("pool_80x24", shot(&pool(), COLOUR, SMALL, ""));
    insta::assert_snapshot!("pool_200x60", shot(&pool(), COLOUR, LARGE, ""));
    insta::assert_snapshot!("wreck_80x24", shot(&wreck(), COLOUR, SMALL, ""));
    insta::assert_snapshot!("crowd_80x24", shot(&crowd(200), COLOUR, SMALL, ""));
    insta::assert_snapshot!("tiny_20x6", shot(&contention(), COLOUR, (20, 6), ""));
}

#[test]
fn without_colour_and_without_unicode() {
    insta::assert_snapshot!("no_unicode_120x40", shot(&deadlock(2), ASCII, MIDDLE, ""));
    let mut app = app(&turned(), PLAIN, 100, 12);
    press(&mut app, "j");
    insta::assert_debug_snapshot!("no_colour_100x12", screen(&app));
}

#[test]
fn colours() {
    insta::assert_debug_snapshot!("colours_80x10", screen(&app(&contention(), COLOUR, 80, 10)));
}

#[test]
fn overlays() {
    insta::assert_snapshot!("help_80x24", shot(&contention(), COLOUR, SMALL, "?"));
    insta::assert_snapshot!("about_80x24", shot(&contention(), COLOUR, SMALL, "i"));
    insta::assert_snapshot!("worker_80x24", shot(&contention(), COLOUR, SMALL, "j<enter>"));
    insta::assert_snapshot!("lock_80x24", shot(&contention(), COLOUR, SMALL, "<tab><enter>"));
    insta::assert_snapshot!("cursor_80x24", shot(&contention(), COLOUR, SMALL, "<left><left><left><left>"));
}

#[test]
fn the_log_shows_no_escape_sequence() {
    let log = shot(&wreck(), COLOUR, (80, 8), "<tab><tab>");
    assert!(log.contains("thread panicked at step 3"), "{log}");
    assert!(!log.contains(['\x1b', '\u{202e}']), "{log}");
}

#[test]
fn rings_of_every_size() {
    for members in [2, 3, 4, 7, 8, 9] {
        let ring = shot(&deadlock(members), COLOUR, (160, 50), "");
        let pane: Vec<String> = ring.lines().skip(1).map(|l| l.chars().skip(99).collect()).collect();
        insta::assert_snapshot!(format!("ring_of_{members}"), pane.join("\n").trim_end());
    }
}

#[test]
fn the_picker() {
    let app = App::new(Picker::catalogue(), COLOUR, Rect::new(0, 0, 100, 8));
    let shown = text(&screen(&app));
    assert!(shown.contains("Pools") && shown.contains("enter run"), "{shown}");
}
