//! Themes on real screens: each style of a picture, and the key that goes through them.

use std::collections::BTreeSet;

use ratatui::style::{Color, Modifier};

use super::app_screen::{app_after, press_keys, screen, screen_text};
use super::harness::Harness;
use super::script::{Script, contention, deadlock, everything_wrong, pool};
use crate::tui::app::App;
use crate::tui::theme::{Depth, Ground, Theme, ThemeName};

/// Returns every theme with either background of the terminal.
fn names_and_grounds() -> impl Iterator<Item = (ThemeName, Ground)> {
    ThemeName::ALL.into_iter().flat_map(|name| [(name, Ground::Dark), (name, Ground::Light)])
}

fn screens(script: &Script, theme: Theme) -> App {
    app_after(script, theme, 120, 40)
}

/// Returns the pairs of colours on a screen, each once.
fn styles(app: &App) -> BTreeSet<String> {
    let screen = screen(app);
    let visible = screen.content.iter().filter(|cell| cell.symbol() != " " || cell.bg != Color::Reset);
    visible.map(|cell| format!("{:?} on {:?} {:?}", cell.fg, cell.bg, cell.modifier)).collect()
}

/// Returns those of all kinds of screens: runs with a lock, a pool, a deadlock and everything wrong, and overlays.
fn styles_of_all_screens(theme: Theme) -> String {
    let mut all = BTreeSet::new();
    for script in [everything_wrong(), contention(), pool(), deadlock(5)] {
        for keys in ["", "<tab>", "j<enter>", "<left>", "?"] {
            let mut app = screens(&script, theme);
            press_keys(&mut app, keys);
            all.extend(styles(&app));
        }
    }
    all.into_iter().collect::<Vec<_>>().join("\n")
}

#[test]
fn styles_of_every_theme() {
    for (of, ground) in names_and_grounds() {
        let theme = Theme::new(of, ground, Depth::TrueColor, true);
        let name = format!("styles_{of:?}_on_{ground:?}").to_lowercase();
        insta::assert_snapshot!(name, styles_of_all_screens(theme));
    }
}

#[test]
fn every_colour_of_a_screen_has_the_depth_of_the_terminal() {
    let is_shown = |depth, colour| match (depth, colour) {
        (_, Color::Reset) | (Depth::TrueColor, _) => true,
        (Depth::None, _) => false,
        (Depth::Indexed256, colour) => matches!(colour, Color::Indexed(16..)),
        (Depth::Ansi16, colour) => !matches!(colour, Color::Rgb(..) | Color::Indexed(_)),
    };
    for depth in [Depth::None, Depth::Ansi16, Depth::Indexed256] {
        for name in ThemeName::ALL.into_iter().filter(|name| *name != ThemeName::Ansi) {
            for script in [contention(), pool(), deadlock(3), everything_wrong()] {
                let mut app = screens(&script, Theme::new(name, Ground::Light, depth, true));
                for keys in ["", "<tab>", "<tab>", "?"] {
                    press_keys(&mut app, keys);
                    for cell in &screen(&app).content {
                        let fits = is_shown(depth, cell.fg) && is_shown(depth, cell.bg);
                        assert!(fits, "{name:?} {depth:?}: {cell:?}\n{}", screen_text(&screen(&app)));
                    }
                }
            }
        }
    }
}

#[test]
fn theme_of_another_background_paints_every_cell() {
    let theme = Theme::new(ThemeName::Light, Ground::Dark, Depth::TrueColor, true);
    for cell in &screen(&screens(&contention(), theme)).content {
        let is_painted = cell.bg != Color::Reset && cell.fg != Color::Reset;
        assert!(is_painted || cell.modifier.contains(Modifier::REVERSED), "{cell:?}");
    }
}

#[test]
fn key_goes_through_the_themes_and_names_each() {
    let mut harness = Harness::after_run(&contention());
    let first = harness.app().theme;
    for name in ["light", "colorblind", "high-contrast", "ansi", "mono", "dark"] {
        harness.press_keys("T");
        assert!(harness.contains(&format!("Theme {name}")), "{name}: {}", harness.screen_text());
    }
    assert_eq!(harness.app().theme, first);
    harness.press_keys("?T");
    assert!(harness.app().theme != first, "it works below an overlay");
    harness.press_keys("<esc>/T");
    assert!(harness.contains("Filter: T"), "a filter takes the letter: {}", harness.screen_text());
}

#[test]
fn key_works_in_the_picker() {
    let mut harness = Harness::in_picker(&contention());
    harness.press_keys("T");
    assert!(harness.contains("Theme light"), "{}", harness.screen_text());
}
