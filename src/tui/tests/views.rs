//! Snapshot tests of the screen as text; with styles where colour matters.

use std::sync::Arc;

use super::app_screen::{COLOUR_THEME, app_after, press_keys, screen, screen_text};
use super::script::{
    self, Script, contention, deadlock, everything_wrong, in_delivery_order, knob_turned, knob_turned_at, many_workers,
    on_cores, pool, signals,
};
use super::tuning::app_at_end;
use crate::scenario::Guess;
use crate::trace::{Message, Sample};
use crate::tui::app::{App, AppEvent};
use crate::tui::picker::Picker;
use crate::tui::question_page::QuestionPage;
use crate::tui::theme::Theme;
use ratatui::layout::Rect;

const PLAIN: Theme = Theme::plain(true);
const ASCII: Theme = Theme::plain(false);

fn screenshot(script: &Script, theme: Theme, (width, height): (u16, u16), keys: &str) -> String {
    let mut app = app_after(script, theme, width, height);
    press_keys(&mut app, keys);
    screen_text(&screen(&app))
}

const SMALL: (u16, u16) = (80, 24);
const MIDDLE: (u16, u16) = (120, 40);
const LARGE: (u16, u16) = (200, 60);

#[test]
fn whole_screens() {
    insta::assert_snapshot!("contention_80x24", screenshot(&contention(), COLOUR_THEME, SMALL, ""));
    insta::assert_snapshot!("contention_120x40", screenshot(&knob_turned(), COLOUR_THEME, MIDDLE, ""));
    insta::assert_snapshot!("deadlock_120x40", screenshot(&deadlock(2), COLOUR_THEME, MIDDLE, ""));
    insta::assert_snapshot!("deadlock_200x60", screenshot(&deadlock(5), COLOUR_THEME, LARGE, ""));
    insta::assert_snapshot!("pool_80x24", screenshot(&pool(), COLOUR_THEME, SMALL, ""));
    insta::assert_snapshot!("pool_200x60", screenshot(&pool(), COLOUR_THEME, LARGE, ""));
    insta::assert_snapshot!("wreck_80x24", screenshot(&everything_wrong(), COLOUR_THEME, SMALL, ""));
    insta::assert_snapshot!("crowd_80x24", screenshot(&many_workers(200), COLOUR_THEME, SMALL, ""));
    insta::assert_snapshot!("tiny_20x6", screenshot(&contention(), COLOUR_THEME, (20, 6), ""));
}

#[test]
fn offline_missing_and_many_cores_are_drawn() {
    insta::assert_snapshot!("cores_gone_120x40", screenshot(&on_cores(5), COLOUR_THEME, MIDDLE, ""));
    let small = screenshot(&on_cores(256), COLOUR_THEME, SMALL, "");
    assert!(small.lines().any(|line| line.starts_with(" cores ") && line.contains(" %")), "{small}");
    insta::assert_snapshot!("cores_256_80x24", small);
    let large = screenshot(&on_cores(256), COLOUR_THEME, LARGE, "");
    assert!(large.contains("254 cores") && large.contains("0 % to 100 %"), "{large}");
    insta::assert_snapshot!("cores_256_200x60", large);
}

#[test]
fn signals_have_rows_with_their_waiting_workers_and_unused_signals() {
    insta::assert_snapshot!("signals_80x24", screenshot(&signals(0), COLOUR_THEME, SMALL, ""));
    insta::assert_snapshot!("signals_120x40", screenshot(&signals(0), COLOUR_THEME, MIDDLE, ""));
    let crowded = screenshot(&signals(40), COLOUR_THEME, SMALL, "");
    let ready = crowded.lines().find(|line| line.starts_with(" ready "));
    assert!(ready.is_some_and(|line| line.contains("count 1") && line.contains("█")), "{crowded}");
}

#[test]
fn heading_says_that_running_includes_unknown_ready_times() {
    let has_heading = |script: &Script, heading| screenshot(script, COLOUR_THEME, MIDDLE, "").contains(heading);
    let mut script = contention();
    assert!(has_heading(&script, "last 3.5 s: ran, waited"));
    script.messages.push(Message::Sample(Sample::SchedUnavailable));
    assert!(has_heading(&script, "ran or ready, waited"));
}

#[test]
fn without_colour_and_without_unicode() {
    insta::assert_snapshot!("no_unicode_120x40", screenshot(&deadlock(2), ASCII, MIDDLE, ""));
    let mut app = app_after(&knob_turned(), PLAIN, 100, 16);
    press_keys(&mut app, "j");
    insta::assert_debug_snapshot!("no_colour_100x16", screen(&app));
}

#[test]
fn colours() {
    insta::assert_debug_snapshot!("colours_80x16", screen(&app_after(&contention(), COLOUR_THEME, 80, 16)));
}

#[test]
fn overlays() {
    insta::assert_snapshot!("help_80x24", screenshot(&contention(), COLOUR_THEME, SMALL, "?"));
    insta::assert_snapshot!("about_80x24", screenshot(&contention(), COLOUR_THEME, SMALL, "i"));
    insta::assert_snapshot!("question_80x24", screenshot(&contention(), COLOUR_THEME, SMALL, "p2"));
    insta::assert_snapshot!("answer_80x24", screenshot(&contention(), COLOUR_THEME, SMALL, "a"));
    insta::assert_snapshot!("worker_80x24", screenshot(&contention(), COLOUR_THEME, SMALL, "j<enter>"));
    insta::assert_snapshot!("lock_80x24", screenshot(&contention(), COLOUR_THEME, SMALL, "<tab><enter>"));
    insta::assert_snapshot!(
        "cursor_80x24",
        screenshot(&in_delivery_order(contention()), COLOUR_THEME, SMALL, "<left><left><left><left>")
    );
}

#[test]
fn log_shows_no_escape_sequence() {
    let log = screenshot(&everything_wrong(), COLOUR_THEME, (80, 16), "<tab><tab>");
    assert!(log.contains("thread panicked at step 3"), "{log}");
    assert!(!log.contains(['\x1b', '\u{202e}']), "{log}");
}

#[test]
fn label_of_a_mark_is_never_cut() {
    for at in (3_000..=4_900).step_by(100) {
        let shown = screenshot(&knob_turned_at(at), COLOUR_THEME, SMALL, "");
        assert!(shown.contains("hold 20ms→50ms"), "{at} ms: {shown}");
    }
}

#[test]
fn few_lanes_fill_a_large_screen_and_many_take_one_line_each() {
    let lines = |script: &Script| {
        let shown = screenshot(script, COLOUR_THEME, LARGE, "");
        shown.lines().filter(|line| line.chars().skip(24).take(80).any(|c| "\u{2588}\u{2592}".contains(c))).count()
    };
    assert!(lines(&deadlock(5)) >= 2 * 6, "two lines for each of the six");
    let crowd = screenshot(&many_workers(40), COLOUR_THEME, LARGE, "");
    let rows: Vec<usize> = crowd.lines().enumerate().filter(|(_, l)| l.starts_with("▎w-")).map(|(i, _)| i).collect();
    assert!(rows.windows(2).all(|pair| pair[1] == pair[0] + 1) && rows.len() == 40, "{crowd}");
}

#[test]
fn every_ring_is_drawn_or_described_in_words() {
    insta::assert_snapshot!("two_rings_80x24", screenshot(&script::pairs(2), COLOUR_THEME, SMALL, "<tab><tab><tab>"));
    insta::assert_snapshot!("two_rings_120x40", screenshot(&script::pairs(2), COLOUR_THEME, MIDDLE, ""));
    insta::assert_snapshot!("two_rings_no_colour_160x50", screenshot(&script::pairs(2), PLAIN, (160, 50), ""));
    for (count, size) in [(2, SMALL), (3, SMALL), (3, MIDDLE), (4, MIDDLE), (6, LARGE)] {
        let shown =
            screenshot(&script::pairs(count), COLOUR_THEME, size, if size == SMALL { "<tab><tab><tab>" } else { "" });
        assert!(shown.contains(&format!("{count} deadlocks")), "{shown}");
        for n in 1..=count {
            let in_words = shown.contains(&format!("has x{n}, wants y{n}"));
            let drawn = shown.contains(&format!("╰─ x{n} ─")) && shown.contains(&format!("╰─ y{n} ─"));
            assert!(drawn || in_words, "ring {n} of {count}: {shown}");
        }
    }
    let many = screenshot(&script::pairs(30), COLOUR_THEME, SMALL, "<tab><tab><tab>");
    assert!(many.contains("more deadlocks"), "{many}");
}

#[test]
fn rings_of_every_size() {
    for members in [1, 2, 3, 4, 5, 8, 12] {
        let ring = screenshot(&deadlock(members), COLOUR_THEME, (160, 50), "");
        let pane: Vec<String> = ring.lines().skip(1).map(|l| l.chars().skip(96).collect()).collect();
        insta::assert_snapshot!(format!("ring_of_{members}"), pane.join("\n").trim_end());
    }
}

/// An arrow's head for each member of a ring, whether it is drawn as boxes or as a list.
#[test]
fn no_head_of_an_arrow_is_cut() {
    for members in [1, 2, 3, 5, 8, 12, 16] {
        for size in [(104, 30), (120, 40), (160, 50), (200, 60), (240, 67)] {
            let shown = screenshot(&deadlock(members), COLOUR_THEME, size, "");
            let heads = shown.chars().filter(|c| "▶◀▲▼".contains(*c)).count();
            let is_counted = shown.contains("more in between");
            assert!(heads >= members || is_counted, "{members} on {size:?}, {heads} heads: {shown}");
        }
    }
}

#[test]
fn waiters_lead_to_the_worker_that_holds_the_lock_the_longest_wait_first() {
    let shown = screenshot(&many_workers(40), COLOUR_THEME, (160, 50), "");
    let pane: Vec<String> = shown.lines().map(|line| line.chars().skip(96).collect()).collect();
    let text = pane.join("\n");
    assert!(text.contains("WHO WAITS") && text.contains("╰─ door ─"), "{shown}");
    let lines: Vec<&String> = pane.iter().filter(|line| line.contains("▎w-")).collect();
    assert!(lines.iter().any(|line| line.contains("▎w-11")) && text.contains("│ w-1 "), "{shown}");
    assert_eq!(text.matches("──▶").count(), 1, "one arrow for one lock: {shown}");
}

#[test]
fn side_column_shows_what_matters_in_each_run() {
    let has = |script: &Script, size, titles: &[&str]| {
        let shown = screenshot(script, COLOUR_THEME, size, "");
        for title in titles {
            assert!(shown.contains(title), "{title} on {size:?}: {shown}");
        }
    };
    for size in [(160, 50), (200, 60), (240, 67)] {
        has(&contention(), size, &["WHO COSTS WHOM", "WHO WAITS", "EVENTS"]);
        has(&deadlock(5), size, &["THE RING", "HOW IT CLOSED", "ring closed", "EVENTS"]);
        has(&pool(), size, &["RESPONSE TIME", "EVENTS"]);
    }
    insta::assert_snapshot!("contention_240x67", screenshot(&contention(), COLOUR_THEME, (240, 67), ""));
    insta::assert_snapshot!("deadlock_160x50", screenshot(&deadlock(5), COLOUR_THEME, (160, 50), ""));
    insta::assert_snapshot!("pool_160x50", screenshot(&pool(), COLOUR_THEME, (160, 50), ""));
    insta::assert_snapshot!("waits_ascii_160x50", screenshot(&many_workers(40), ASCII, (160, 50), ""));
}

#[test]
fn picker_shows_groups_and_hints() {
    let app = App::new(Picker::catalogue(), COLOUR_THEME, Rect::new(0, 0, 100, 8));
    let shown = screen_text(&screen(&app));
    assert!(shown.contains("START HERE") && shown.contains("Enter run"), "{shown}");
}

#[test]
fn missing_guardian_is_shown_on_every_screen() {
    let (width, height) = SMALL;
    let picker = App::new(Picker::catalogue(), COLOUR_THEME, Rect::new(0, 0, width, height));
    let mut question = app_after(&contention(), COLOUR_THEME, width, height);
    press_keys(&mut question, "p2");
    let screens = [picker, question, app_after(&contention(), COLOUR_THEME, width, height), app_at_end(SMALL)];
    let heads = screens.map(|mut app| {
        app.set_guarded(false);
        screen_text(&screen(&app)).lines().next().expect("a first line").to_owned()
    });
    insta::assert_snapshot!("unguarded_80", heads.join("\n"));
}

#[test]
fn long_question_leaves_room_for_the_guesses_and_the_hint() {
    let mut scenario = (*script::scenario()).clone();
    let ask = scenario.quiz.as_mut().expect("it has a question");
    ask.text = "Which of them comes first, and why is it not the other? ".repeat(35) + "Or neither?";
    let guess = ask.guesses[0].clone();
    ask.guesses = (1..=9).map(|n| Guess { text: format!("guess {n}"), ..guess.clone() }).collect();
    let scenario = Arc::new(scenario);
    let mut app = App::new(Picker::catalogue(), COLOUR_THEME, Rect::default());
    app.question = QuestionPage::of(&scenario, scenario.default_settings());
    for height in 15..60 {
        app.update(AppEvent::Resized(Rect::new(0, 0, 80, height)));
        let shown = screen_text(&screen(&app));
        for words in ["Which of them", "[1] guess 1", "[9] guess 9", "Choose with a number"] {
            assert!(shown.contains(words), "{words} on {height} lines: {shown}");
        }
        assert_ne!(shown.contains("more lines"), shown.contains("neither?"), "{height} lines: {shown}");
    }
    app.update(AppEvent::Resized(Rect::new(0, 0, 80, 24)));
    insta::assert_snapshot!("long_question_80x24", screen_text(&screen(&app)));
}
