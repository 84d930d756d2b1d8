//! Texts on narrow screens: whole clauses in the band, whole entries in the legend, loads up to the present.

use ratatui::layout::Rect;

use super::app_screen::{COLOUR_THEME, app_after, run_view_of, screen, screen_text};
use super::script::{contention, deadlock, everything_wrong, in_delivery_order, pool};
use crate::trace::{Span, State};
use crate::tui::app::AppEvent;
use crate::tui::run_view::Zoom;

#[test]
fn fix_in_the_band_is_not_cut_on_the_smallest_screens() {
    for script in [contention(), deadlock(5), pool(), everything_wrong()].map(in_delivery_order) {
        for (width, height) in [(60, 16), (80, 16), (80, 24)] {
            let text = screen_text(&screen(&app_after(&script, COLOUR_THEME, width, height)));
            let fix = text.lines().take(4).find(|line| line.contains('→')).unwrap_or_else(|| panic!("no fix: {text}"));
            assert!(!fix.contains('…'), "{fix}");
        }
    }
}

#[test]
fn legend_leaves_out_whole_entries_and_keeps_the_states_in_view() {
    for width in 60..150 {
        let mut app = app_after(&in_delivery_order(contention()), COLOUR_THEME, 200, 30);
        let view = run_view_of(&mut app);
        view.states.add(&State::ALL);
        app.update(AppEvent::Resized(Rect::new(0, 0, width, 30)));
        let text = screen_text(&screen(&app));
        let legend = text.lines().nth(28).expect("a legend").trim_end();
        assert!(legend.contains("R running") && legend.contains("L lock"), "{legend}");
        let last = legend.trim_end_matches('…').trim_end().rsplit("██ ").next().unwrap_or_default();
        let mut words =
            State::ALL.into_iter().map(State::word).chain(["off core", "GIL", "hand-over", "no work", "both"]);
        assert!(words.any(|word| last.ends_with(word)), "{width}: {legend}");
    }
}

#[test]
fn load_of_the_cores_goes_up_to_the_present_in_a_window_shorter_than_a_sample() {
    let mut app = app_after(&in_delivery_order(contention()), COLOUR_THEME, 120, 40);
    let view = run_view_of(&mut app);
    (view.cell, view.zoom) = (Span::from_millis(1), Zoom::User);
    view.refresh();
    app.update(AppEvent::Resized(app.size()));
    let text = screen_text(&screen(&app));
    let row = text.lines().find(|line| line.starts_with(" cpu 0")).unwrap_or_else(|| panic!("no cores: {text}"));
    assert!(row.contains("▅▅▅▅▅▅▅▅▅▅"), "{row}");
}
