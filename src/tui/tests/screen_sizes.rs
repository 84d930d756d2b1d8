//! Screens of every size: the title is visible, nothing is drawn outside of the screen, and no two parts overlap.

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::app_screen::{COLOUR_THEME, app_after, press_keys, screen, screen_text};
use super::script::{Script, contention, deadlock, everything_wrong, knob_turned, many_workers, pool};
use super::typing::inputs;
use crate::tui::app::{App, AppEvent, CurrentView, Mode};
use crate::tui::draw;
use crate::tui::layout::{PickerLayout, RunLayout};
use crate::tui::picker::Picker;
use crate::tui::text::cuts;
use crate::tui::tune_view::TuneLayout;

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

/// Draws the screen into a larger buffer. Asserts that nothing is drawn outside of the screen, that no wide character
/// crosses its right edge, and that the parts of the layout do not overlap.
pub(super) fn checked_screen(app: &App) -> Buffer {
    const MARGIN: u16 = 3;
    const OUTSIDE: &str = "\u{2591}\u{301}"; // a symbol that the dashboard does not use
    let area = app.size();
    if area.width < 2 || area.height == 0 {
        return screen(app); // must not panic, but shows nothing
    }
    let (width, height) = (area.width.saturating_add(MARGIN), area.height.saturating_add(MARGIN));
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    let right = Rect { x: area.right(), width: width - area.width, ..area };
    let below = Rect::new(0, area.bottom(), width, height - area.height);
    let outside = || right.positions().chain(below.positions());
    for position in outside() {
        buffer[position].set_symbol(OUTSIDE);
    }
    draw::draw_screen(app, area, &mut buffer);
    for position in outside() {
        assert_eq!(buffer[position].symbol(), OUTSIDE, "{position} is outside of {area}");
    }
    let mut screen = Buffer::empty(area);
    let rows = buffer.content.chunks(usize::from(width));
    for (visible, row) in screen.content.chunks_mut(usize::from(area.width)).zip(rows) {
        visible.clone_from_slice(&row[..visible.len()]);
        let last = visible[visible.len() - 1].symbol();
        assert!(last.width() <= 1, "{last:?} crosses the right edge of {area}");
    }
    assert_parts_are_separate(app, area);
    screen
}

/// Asserts that all parts of the current layout lie on the screen, and no two of them overlap.
fn assert_parts_are_separate(app: &App, area: Rect) {
    let parts: Vec<Rect> = match &app.current_view {
        _ if app.question.is_some() => return,
        CurrentView::Picker => {
            let PickerLayout { head, list, about, foot } = PickerLayout::compute(area);
            vec![head, list, about, foot]
        }
        CurrentView::Tune => {
            let Some(view) = &app.tune_view else { return };
            let layout = TuneLayout::compute(view, area);
            let TuneLayout { header, band, phases, upper, detail, levels, answer, marks, legend, .. } = layout;
            vec![header, band, phases, upper, detail, levels, answer, marks, legend]
        }
        CurrentView::Run(view) => {
            let layout = RunLayout::compute(view, area);
            assert!(layout.rows.len() <= usize::from(layout.body.height), "{} rows on {area}", layout.rows.len());
            let panes = layout.panes.iter().map(|(_, pane)| *pane);
            let lines = [layout.header, layout.axis, layout.body, layout.band, layout.legend, layout.tabs];
            lines.into_iter().chain(panes).collect()
        }
    };
    let parts: Vec<Rect> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    for (at, part) in parts.iter().enumerate() {
        assert_eq!(part.intersection(area), *part, "a part is outside of {area}");
        for other in &parts[..at] {
            assert!(!part.intersects(*other), "{part} and {other} overlap on {area}");
        }
    }
}

/// Asserts that the first line begins with this text, as far as the screen is wide.
fn assert_first_line(screen: &Buffer, text: &str) {
    let Some(line) = screen_text(screen).lines().next().map(str::to_owned) else { return };
    let visible: String = format!(" {text}").chars().take(usize::from(screen.area.width)).collect();
    assert!(line.starts_with(visible.trim_end()), "{line:?} does not begin with {visible:?} on {}", screen.area);
}

fn run_title(script: &Script, screen: &Buffer) -> String {
    let name = &script.scenario.name;
    if screen.area.width >= 100 { format!("contend {name}") } else { name.clone() }
}

#[test]
fn every_small_screen_shows_the_scenario_name_without_overlap() {
    for script in scripts() {
        let mut app = app_after(&script, COLOUR_THEME, 120, 40);
        for width in 0..40 {
            for height in 0..20 {
                app.update(AppEvent::Resized(Rect::new(0, 0, width, height)));
                let screen = checked_screen(&app);
                assert_first_line(&screen, &run_title(&script, &screen));
            }
        }
    }
}

#[test]
fn every_pane_and_overlay_fits_small_screens() {
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
                    let screen = checked_screen(&app);
                    let is_plain = matches!(app.mode, Mode::Browse | Mode::Filter);
                    if is_plain && app.question.is_none() {
                        assert_first_line(&screen, &run_title(&script, &screen));
                    } else if !is_plain && width >= 2 && height >= 2 {
                        let text = screen_text(&screen);
                        let corners = ["┌", "┐", "└", "┘"];
                        assert!(corners.iter().all(|corner| text.contains(corner)), "{keys}: no frame in\n{text}");
                    }
                }
            }
        }
    }
}

#[test]
fn picker_fits_every_small_screen() {
    let step = inputs(3, 1);
    let mut app = App::new(Picker::catalogue(), COLOUR_THEME, Rect::new(0, 0, 80, 24));
    for keys in ["", "?", "e", "zz"] {
        press_keys(&mut app, keys);
        for width in (0..40).step_by(step) {
            for height in (0..20).step_by(step) {
                app.update(AppEvent::Resized(Rect::new(0, 0, width, height)));
                let screen = checked_screen(&app);
                if matches!(app.mode, Mode::Browse | Mode::Filter) {
                    assert_first_line(&screen, "contend");
                }
            }
        }
    }
}

#[test]
fn widest_and_highest_screens_show_the_scenario_name() {
    for (width, height) in [(u16::MAX, 1), (u16::MAX, 7), (1, u16::MAX), (7, u16::MAX), (1_000, 300)] {
        for script in [contention(), deadlock(5), pool()] {
            let screen = checked_screen(&app_after(&script, COLOUR_THEME, width, height));
            assert_first_line(&screen, &run_title(&script, &screen));
        }
    }
}

#[test]
fn no_text_of_a_pane_or_an_overlay_is_cut_without_an_ellipsis() {
    const SIZES: [(u16, u16); 6] = [(80, 24), (100, 30), (120, 40), (160, 50), (200, 60), (240, 67)];
    cuts::take();
    let mut found = BTreeSet::new();
    for script in [contention(), knob_turned(), deadlock(9), pool(), everything_wrong()] {
        for keys in ["", "<tab>", "<tab><tab><tab>", "C", "d<enter>", "j<enter>", "<left>", "?", "i", "a", "P"] {
            let mut app = app_after(&script, COLOUR_THEME, 80, 24);
            press_keys(&mut app, keys);
            for (width, height) in SIZES {
                app.update(AppEvent::Resized(Rect::new(0, 0, width, height)));
                screen(&app);
                let name = &script.scenario.name;
                found.extend(cuts::take().iter().map(|cut| format!("{name} {width}x{height} {keys}: {cut}")));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn pane_that_replaces_the_rows_closes_again() {
    let mut app = app_after(&deadlock(2), COLOUR_THEME, 80, 24);
    press_keys(&mut app, "<tab><tab>");
    press_keys(&mut app, "<tab>");
    assert!(screen_text(&screen(&app)).contains("THE RING"), "{}", screen_text(&screen(&app)));
    press_keys(&mut app, "<esc>");
    assert!(screen_text(&screen(&app)).contains("seat-1 L"), "{}", screen_text(&screen(&app)));
}
