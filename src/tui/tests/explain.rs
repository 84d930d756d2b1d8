//! Journeys through the real loop: explanations, ranges of time, events of a row, undo, arrangement of lanes, costs.

use super::app_screen::{AT_END, COLOUR_THEME, app_after, app_with_recording, press_keys, screen, screen_text};
use super::harness::Harness;
use super::script::{contention, deadlock, everything_wrong, in_delivery_order, ms};
use crate::trace::format::format_stamp;
use crate::tui::app::App;

#[test]
fn question_mark_explains_the_chosen_worker_and_then_lists_the_keys() {
    let mut harness = Harness::after_run(&contention());
    harness.press_keys("?");
    assert!(harness.contains("Keys"), "nothing is chosen: the keys are listed");
    harness.press_keys("<esc>c<left>j?");
    let shown = harness.screen_text();
    assert!(shown.contains("teller-1 at 4.950 s"), "{shown}");
    assert!(shown.contains("It holds account"), "teller-1 has the turn that ends at 5.0 s: {shown}");
    harness.press_keys("?");
    assert!(harness.contains("Keys"), "? again lists the keys: {}", harness.screen_text());
}

#[test]
fn explanation_names_the_holder_the_parts_and_the_end_of_a_wait() {
    let mut harness = Harness::after_run(&contention());
    // 4.750 s: teller-3 holds the lock since 4.6 s, and teller-1 has waited since 4.7 s.
    harness.press_keys("c<left><left><left><left><left>je");
    let shown = harness.screen_text();
    for words in [
        "teller-1 at 4.750 s",
        "teller-1 has waited 50 ms for `account`, held by teller-3, which has computed for",
        "Of these 50 ms: teller-3 had it 50 ms (running 50 ms).",
        "The wait ends 50 ms later: teller-3 releases at 4.800 s",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    harness.press_keys("<right><right><right>");
    let shown = harness.screen_text();
    assert!(shown.contains("teller-1 at 4.900 s"), "the overlay follows the cursor: {shown}");
    assert!(shown.contains("Before that it waited 100 ms for `account`, until teller-3 released it"), "{shown}");
}

#[test]
fn worker_in_a_deadlock_is_explained_as_a_circle() {
    let mut harness = Harness::after_run(&deadlock(2));
    harness.press_keys("je");
    let shown = harness.screen_text();
    assert!(shown.contains("seat-1 has waited 4.2 s for `fork-2`, held by seat-2, which waits itself."), "{shown}");
    assert!(shown.contains("in a circle: none of them will ever run again"), "{shown}");
}

#[test]
fn release_that_ended_the_wait_is_drawn_at_the_cursor() {
    let mut app = app_after(&contention(), COLOUR_THEME, 120, 40);
    press_keys(&mut app, "c<left><left><left><left><left>j");
    let shown = screen_text(&screen(&app));
    let row = |name: &str| {
        shown.lines().find(|line| line.trim_start_matches([' ', '▎']).starts_with(name)).unwrap_or("").to_owned()
    };
    assert!(row("teller-3").contains('●') && row("teller-1").contains('▲'), "{shown}");
    let column = |line: &str, c| line.chars().position(|other| other == c);
    assert_eq!(column(&row("teller-3"), '●'), column(&row("teller-1"), '▲'), "{shown}");
}

#[test]
fn range_of_time_determines_every_figure_until_escape() {
    let mut harness = Harness::after_run(&contention());
    let before = harness.screen_text();
    harness.press_keys("c<left><left><left><left>v");
    assert!(harness.contains("Range from 4.800 s: move the cursor, v ends it"), "{}", harness.screen_text());
    harness.press_keys("<left><left><left><left>v");
    let shown = harness.screen_text();
    assert!(shown.contains("RANGE 4.600 s to 4.800 s (200 ms)"), "{shown}");
    // One hold begins and one wait of 100 ms ends with it; the lock is held all the time.
    let row = shown.lines().find(|line| line.starts_with(" account")).unwrap_or_default();
    let row = row.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(row.ends_with("100 % 100 % 100 ms 100 ms"), "{shown}");
    harness.press_keys("<esc>");
    assert!(!harness.contains("RANGE 4.600 s"), "{}", harness.screen_text());
    harness.press_keys("<esc>");
    let below_the_header = |shown: &str| shown.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(below_the_header(&harness.screen_text()), below_the_header(&before), "two steps back: range, cursor");
}

#[test]
fn keys_for_events_move_the_cursor_along_the_chosen_row() {
    let mut harness = Harness::after_run(&contention());
    harness.press_keys("j<<");
    // teller-1: sleeps from 4.400 s, runs from 4.500 s, waits from 4.700 s, has the lock from 4.800 s.
    assert!(harness.contains("4.700 s"), "{}", harness.screen_text());
    harness.press_keys(">");
    assert!(harness.contains("4.800 s"), "{}", harness.screen_text());
    harness.press_keys("jjj<");
    assert!(harness.contains("account"), "{}", harness.screen_text());
}

#[test]
fn backspace_returns_to_the_place_before() {
    let mut harness = Harness::after_run(&contention());
    let start = harness.screen_text();
    harness.press_keys("[");
    let wide = harness.screen_text();
    harness.press_keys("<left><left><left>");
    assert_ne!(harness.screen_text(), wide);
    harness.press_keys("<bs>");
    assert_eq!(harness.screen_text(), wide, "moves of the cursor one after another are one step");
    harness.press_keys("<bs>");
    assert_eq!(harness.screen_text(), start);
    harness.press_keys("<bs>");
    assert!(harness.contains("Nothing to undo"));
}

#[test]
fn lanes_are_ordered_pinned_hidden_and_folded_by_hand() {
    let mut harness = Harness::after_run(&contention());
    let lanes = |shown: &str| -> Vec<String> {
        // The second to last line responds to the key.
        let rows = shown.lines().count() - 2;
        let names = shown.lines().take(rows).filter_map(|line| line.trim_start_matches('▎').split_whitespace().next());
        names.filter(|name| name.starts_with("teller-")).map(str::to_owned).collect()
    };
    let first_of_each = |shown: &str| {
        let mut names = lanes(shown);
        names.dedup();
        names
    };
    assert_eq!(first_of_each(&harness.screen_text()), ["teller-1", "teller-2", "teller-3"]);
    harness.press_keys("oO");
    assert!(harness.contains("Lanes by name, reversed"), "{}", harness.screen_text());
    assert_eq!(first_of_each(&harness.screen_text()), ["teller-3", "teller-2", "teller-1"]);
    harness.press_keys("jj^");
    assert_eq!(first_of_each(&harness.screen_text()), ["teller-2", "teller-3", "teller-1"]);
    harness.press_keys("D");
    assert_eq!(first_of_each(&harness.screen_text()), ["teller-3", "teller-1"]);
    assert!(harness.contains("WORKERS 1 hidden"), "{}", harness.screen_text());
    harness.press_keys("jF");
    assert!(harness.contains(" 2 teller"), "{}", harness.screen_text());
    harness.press_keys("A");
    assert_eq!(first_of_each(&harness.screen_text()).len(), 3, "{}", harness.screen_text());
}

#[test]
fn filter_finds_workers_by_state_and_by_lock() {
    let mut harness = Harness::after_run(&contention());
    let has = |harness: &Harness, name: &str| {
        harness.screen_text().lines().any(|line| line.starts_with(&format!("▎{name} ")))
    };
    harness.press_keys("/account<enter>");
    assert!(has(&harness, "teller-2"), "it waits for the account: {}", harness.screen_text());
    assert!(!has(&harness, "teller-3"), "{}", harness.screen_text());
    harness.press_keys("<esc>/sleep<enter>");
    assert!(has(&harness, "teller-1") && !has(&harness, "teller-2"), "{}", harness.screen_text());
}

#[test]
fn muted_findings_are_counted_and_come_back() {
    let mut harness = Harness::after_run(&everything_wrong());
    for _ in 0..10 {
        harness.press_keys("<tab>u");
        if harness.contains("are muted") {
            break;
        }
    }
    assert!(harness.contains("are muted; A shows them again"), "{}", harness.screen_text());
    harness.press_keys("j");
    assert!(harness.contains(" 1 muted") || harness.contains(", 1 muted"), "{}", harness.screen_text());
    harness.press_keys("Aj");
    assert!(!harness.contains("1 muted"), "{}", harness.screen_text());
}

#[test]
fn costs_of_waiting_are_a_pane_with_a_row_for_each_waiter() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        let mut app = app_after(&contention(), COLOUR_THEME, size.0, size.1);
        press_keys(&mut app, "C");
        let shown = screen_text(&screen(&app));
        assert!(shown.contains("WHO COSTS WHOM  ms/s, last"), "{size:?}: {shown}");
        let title = shown.lines().find(|line| line.contains("WHO COSTS WHOM")).unwrap_or_default();
        let column = title.split("WHO COSTS WHOM").next().unwrap_or_default().chars().count();
        let below = shown.lines().skip_while(|line| !line.contains("WHO COSTS WHOM"));
        let mut rows = below.map(|line| line.chars().skip(column).collect::<String>());
        let row = rows.find(|row| row.starts_with("▎teller-2")).unwrap_or_default();
        // teller-2 waits 100 ms of every 600 ms, for teller-1 alone.
        let rates = row.split_whitespace().filter_map(|word| word.parse::<u32>().ok());
        assert!(rates.clone().any(|rate| (140..=200).contains(&rate)), "{size:?}: {row}\n{shown}");
        assert!(shown.contains("while others wait for it, it runs"), "{size:?}: {shown}");
    }
}

#[test]
fn explanation_in_slow_motion_follows_the_steps() {
    let mut harness = Harness::after_run(&contention());
    harness.press_keys("jm e");
    assert!(harness.contains("Left and Right go a step back and on"), "{}", harness.screen_text());
    harness.press_keys("<right><right><right>");
    let later = harness.shown_moment();
    harness.press_keys("<left>");
    assert!(harness.shown_moment() < later, "the keys work below the explanation");
    assert!(harness.contains("Left and Right go a step back and on"), "it stays: {}", harness.screen_text());
}

#[test]
fn explanation_in_a_replay_names_the_keys_of_the_player() {
    let mut harness = Harness::with_recording(&in_delivery_order(contention()), AT_END);
    harness.press_keys("je");
    assert!(harness.contains(", and . go to events of this row"), "{}", harness.screen_text());
    harness.press_keys(",");
    assert!(harness.shown_moment() < ms(5_000) && harness.contains(", and . go"), "{}", harness.screen_text());
}

#[test]
fn explanation_names_the_moment_unless_it_is_the_present() {
    let mut live = app_after(&contention(), COLOUR_THEME, 80, 24);
    press_keys(&mut live, "je");
    let title = |app: &App, words: &str| {
        let shown = screen_text(&screen(app));
        assert!(shown.contains(words), "{words}: {shown}");
    };
    title(&live, "teller-1 now");
    press_keys(&mut live, " ");
    title(&live, "teller-1 at 5.000 s"); // frozen
    let mut replay = app_with_recording(&in_delivery_order(contention()), AT_END, (80, 24));
    press_keys(&mut replay, "je");
    title(&replay, "teller-1 at 5.000 s");
    press_keys(&mut replay, "<esc>t701ms<enter>e");
    insta::assert_snapshot!("explained_replay_80x24", screen_text(&screen(&replay)));
    title(&replay, "teller-1 at 0.701 s");
}

#[test]
fn explanation_in_slow_motion_names_the_moment_of_the_step() {
    let mut harness = Harness::after_run(&contention());
    harness.press_keys("jm e<right>");
    let moment = format_stamp(harness.shown_moment());
    assert!(harness.contains(&format!("teller-1 at {moment}")), "{moment}: {}", harness.screen_text());
}
