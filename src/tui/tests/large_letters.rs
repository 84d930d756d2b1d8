//! Large letters for projectors.

use super::app_screen::{COLOUR_THEME, app_after, press_keys, run_view_of, screen, screen_text};
use super::script::{contention, deadlock, everything_wrong, many_workers, pool, signals};
use crate::tui::theme::Theme;

#[test]
fn large_letters_show_verdict_and_lanes_and_go_away_again() {
    let mut app = app_after(&contention(), COLOUR_THEME, 80, 24);
    let small = screen_text(&screen(&app));
    press_keys(&mut app, "P");
    let large = screen_text(&screen(&app));
    for words in ["teller-1", "teller-3", "P small letters", "▀"] {
        assert!(large.contains(words), "{words}: {large}");
    }
    assert!(!large.contains("w.p99"), "no small figures: {large}");
    press_keys(&mut app, "P");
    assert_eq!(screen_text(&screen(&app)), small);
}

#[test]
fn large_letters_need_neither_colour_nor_unicode_and_fit_any_size() {
    let scripts = [contention(), deadlock(5), pool(), many_workers(300), everything_wrong(), signals(3)];
    for script in scripts {
        for (width, height) in [(20, 5), (40, 10), (60, 16), (80, 24), (120, 40), (240, 67)] {
            for theme in [COLOUR_THEME, Theme::plain(false)] {
                let mut app = app_after(&script, theme, width, height);
                press_keys(&mut app, "P");
                let shown = screen_text(&screen(&app));
                assert_eq!(shown.lines().count(), usize::from(height));
                assert!(theme.has_unicode || shown.is_ascii(), "{shown}");
            }
        }
    }
}

#[test]
fn chosen_pane_takes_the_place_of_the_rows() {
    let mut app = app_after(&deadlock(2), COLOUR_THEME, 80, 24);
    press_keys(&mut app, "PC");
    let shown = screen_text(&screen(&app));
    assert!(shown.contains("Who costs whom") || shown.to_lowercase().contains("costs"), "{shown}");
}

#[test]
fn headline_is_the_verdict_of_the_band() {
    for script in [contention(), deadlock(2), pool(), signals(3)] {
        let mut app = app_after(&script, COLOUR_THEME, 120, 40);
        let sentence = run_view_of(&mut app).verdict().sentence;
        press_keys(&mut app, "P");
        let shown: String = screen_text(&screen(&app)).split_whitespace().collect::<Vec<_>>().join(" ");
        let start: Vec<&str> = sentence.split_whitespace().take(6).collect();
        assert!(shown.contains(&start.join(" ")), "{sentence}: {shown}");
    }
}
