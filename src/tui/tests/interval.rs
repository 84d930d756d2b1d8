//! Tests of the figures of an interval in the past: of a chosen range, and in the details of a row. They come from the
//! events of the interval alone.

use super::app_screen::{AT_END, COLOUR_THEME, app_after, press_keys, screen, screen_text};
use super::harness::Harness;
use super::script::{Script, contention, deadlock, in_delivery_order, knob_turned_at, ms, pool};
use crate::trace::Span;
use crate::tui::app::AppEvent;

/// Keys that choose the range from 3.5 s to 4.5 s of a run of five seconds, in cells of 50 ms.
const RANGE_KEYS: [&str; 5] = ["c", HALF_A_SECOND, "v", HALF_A_SECOND, HALF_A_SECOND];
const HALF_A_SECOND: &str = "<left><left><left><left><left><left><left><left><left><left>";

/// Shows the run live, or its recording with cells of 50 ms.
fn shown_both_ways(script: &Script) -> [Harness; 2] {
    let mut replay = Harness::with_recording(script, AT_END);
    while replay.cell() > Span::from_millis(50) {
        replay.press_keys("]");
    }
    assert_eq!(replay.cell(), Span::from_millis(50));
    [Harness::after_run(script), replay]
}

fn choose_range(harness: &mut Harness) {
    for keys in RANGE_KEYS {
        harness.press_keys(keys);
    }
    harness.press_keys("v");
}

/// Returns the first line with this word, from the word on.
fn line_with(harness: &Harness, word: &str) -> String {
    let shown = harness.screen_text();
    let line = shown.lines().find_map(|line| Some(line.split_at(line.find(word)?).1.to_owned()));
    line.unwrap_or_else(|| panic!("{word}: {shown}"))
}

/// Tasks that end from 3.5 s on and before 4.5 s: they were due at 3.4 s, 3.6 s ... 4.2 s, took 180 ms, and waited half
/// as long as the run was old.
#[test]
fn percentiles_of_a_range_are_those_of_the_tasks_that_ended_in_it() {
    for (harness, name) in shown_both_ways(&in_delivery_order(pool())).iter_mut().zip(["live", "replay"]) {
        harness.press_keys("<tab><tab>");
        let whole = line_with(harness, "response ");
        assert!(whole.contains("1.4 s"), "{name}: {whole}");
        choose_range(harness);
        harness.wait_while("reading events");
        assert!(harness.contains("RESPONSE TIME  3.500 s to 4.500 s"), "{name}: {}", harness.screen_text());
        let (response, service) = (line_with(harness, "response "), line_with(harness, "service "));
        assert!(response.contains("2.1 s") && response.contains("2.3 s"), "{name}: {response}");
        assert!(service.contains("180 ms"), "{name}: {service}");
        assert!(line_with(harness, "done ").contains("5 of 10"), "{name}: {}", harness.screen_text());
        harness.press_keys("<esc><esc>");
        let again = line_with(harness, "response ");
        assert!(again.contains("1.4 s"), "{name}: {again}");
    }
}

/// A range of a long recording takes long to read.
#[test]
fn events_of_a_range_are_read_when_its_end_is_chosen() {
    for (harness, name) in shown_both_ways(&in_delivery_order(pool())).iter_mut().zip(["live", "replay"]) {
        harness.press_keys("<tab><tab>");
        for keys in RANGE_KEYS {
            harness.press_keys(keys);
        }
        assert!(harness.contains("RESPONSE TIME  3.500 s to 4.500 s"), "{name}: {}", harness.screen_text());
        let response = line_with(harness, "response ");
        assert!(response.contains("v ends the range"), "{name}: {response}");
        harness.press_keys("v");
        harness.wait_while("reading events");
        let response = line_with(harness, "response ");
        assert!(response.contains("2.3 s"), "{name}: {response}");
    }
}

#[test]
fn range_is_read_while_the_picture_is_frozen_and_the_run_goes_on() {
    let script = in_delivery_order(pool());
    let mut harness = Harness::after_run(&script);
    harness.press_keys("<tab><tab> ");
    choose_range(&mut harness);
    assert!(harness.contains("reading events"), "{}", harness.screen_text());
    assert!(harness.app().needs_ticks(), "messages of the run may leave no time in between");
    for _ in 0..100 {
        harness.tick(script.until);
    }
    assert!(!harness.contains("reading events") && harness.contains("2.3 s"), "{}", harness.screen_text());
}

#[test]
fn details_get_the_figures_of_the_window_when_the_run_leaves_the_cursor_behind() {
    let script = in_delivery_order(contention());
    let mut harness = Harness::in_picker(&script);
    harness.press_keys("<enter>");
    let (first, rest) = script.messages.split_at(script.messages.len() * 3 / 4);
    for message in first {
        harness.feed_message(message.clone());
    }
    harness.tick(ms(3_700));
    harness.press_keys("c<tab><enter>");
    assert!(!harness.contains(" from "), "the cursor is at the newest moment: {}", harness.screen_text());
    for message in rest {
        harness.feed_message(message.clone());
    }
    for _ in 0..100 {
        harness.tick(script.until);
    }
    let shown = harness.screen_text();
    assert!(harness.contains("│ hold ") && !harness.contains("reading events"), "{shown}");
    assert!(harness.contains("to 3.700 s"), "{shown}");
}

/// The counter loses an update at 1.15 s, 2.15 s, 3.15 s and 4.15 s.
#[test]
fn findings_of_a_range_are_those_of_its_events() {
    for (harness, name) in shown_both_ways(&in_delivery_order(contention())).iter_mut().zip(["live", "replay"]) {
        assert!(harness.contains("lost-update"), "{name}: {}", harness.screen_text());
        harness.press_keys("c<left><left>v");
        harness.press_keys(HALF_A_SECOND);
        harness.press_keys("v");
        assert!(harness.contains("RANGE 4.400 s to 4.900 s"), "{name}: {}", harness.screen_text());
        harness.wait_while("lost-update");
        harness.press_keys("<esc>");
        harness.press_keys("v");
        harness.press_keys(HALF_A_SECOND);
        harness.press_keys("v");
        assert!(harness.contains("RANGE 3.900 s to 4.400 s"), "{name}: {}", harness.screen_text());
        harness.wait_for("lost-update");
    }
}

#[test]
fn details_in_the_past_have_the_figures_of_the_window() {
    for (harness, name) in shown_both_ways(&in_delivery_order(contention())).iter_mut().zip(["live", "replay"]) {
        choose_range(harness);
        harness.press_keys("<tab><enter>");
        assert!(harness.contains("from 3.500 s to 4.500 s (1.0 s)"), "{name}: {}", harness.screen_text());
        // Turns begin at 3.6 s, 3.8 s, 4.0 s, 4.2 s and 4.4 s; each waited 100 ms for the one before.
        assert!(harness.contains("acquired 5 times, 5 of them after waiting (100 %)"), "{}", harness.screen_text());
        assert!(line_with(harness, "│ wait ").contains(" 100 ms"), "{name}");
        assert!(line_with(harness, "│ hold ").contains(" 1.0 s"), "{name}");
        harness.press_keys("<esc><esc><esc><esc>");
        assert!(!harness.contains("┌ account"), "{}", harness.screen_text());
    }
}

#[test]
fn details_of_a_queue_have_the_waits_of_tasks_in_the_window() {
    for (harness, name) in shown_both_ways(&in_delivery_order(pool())).iter_mut().zip(["live", "replay"]) {
        choose_range(harness);
        harness.press_keys("<tab><enter>");
        harness.wait_for("queue wait ");
        assert!(harness.contains("from 3.500 s to 4.500 s (1.0 s)"), "{name}: {}", harness.screen_text());
        // Puts at 3.5 s, 3.6 s ... 4.4 s; takes at 3.61 s, 3.81 s ... 4.41 s.
        assert!(harness.contains("10 put, 5 taken"), "{name}: {}", harness.screen_text());
        let waits = line_with(harness, "queue wait ");
        assert!(waits.contains("  2.0 s  ") && waits.contains("  2.2 s  "), "{name}: {waits}");
    }
}

#[test]
fn events_that_memory_no_longer_holds_are_named() {
    let script = in_delivery_order(pool());
    let mut harness = Harness::in_picker(&script);
    harness.limit_memory(1);
    harness.press_keys("<enter>");
    let (first, rest) = script.messages.split_at(script.messages.len() * 3 / 4);
    for message in first {
        harness.feed_message(message.clone());
    }
    harness.tick(ms(3_700));
    // What memory holds is put into one section when it is asked for.
    harness.press_keys("c<left>v");
    harness.press_keys("<left><left>v");
    harness.wait_while("reading events");
    harness.press_keys("<esc><esc>");
    for message in rest {
        harness.feed_message(message.clone());
    }
    harness.tick(script.until);
    choose_range(&mut harness);
    harness.press_keys("<tab><tab>");
    assert!(line_with(&harness, "response ").contains("not kept before "), "{}", harness.screen_text());
    assert!(!harness.contains(" done,"), "no counts of another time: {}", harness.screen_text());
    harness.press_keys("<esc><esc><esc>");
    choose_range(&mut harness);
    harness.press_keys("<tab><enter>");
    assert!(harness.contains("items and tasks: not kept before "), "{}", harness.screen_text());
}

#[test]
fn run_without_events_in_memory_says_so() {
    let mut app = app_after(&in_delivery_order(pool()), COLOUR_THEME, 120, 40);
    press_keys(&mut app, "<tab><tab>");
    for keys in RANGE_KEYS {
        press_keys(&mut app, keys);
    }
    press_keys(&mut app, "v");
    assert!(screen_text(&screen(&app)).contains("reading events"), "{}", screen_text(&screen(&app)));
    app.update(AppEvent::PastEventsReady(None));
    let shown = screen_text(&screen(&app));
    assert!(shown.contains("not kept") && !shown.contains("reading"), "{shown}");
}

#[test]
fn answer_of_a_recording_is_that_of_the_run() {
    let script = in_delivery_order(contention());
    let [mut live, mut replay] = shown_both_ways(&script);
    let measured = |harness: &mut Harness| {
        harness.press_keys("a");
        assert!(harness.contains("Question "), "{}", harness.screen_text());
        line_with(harness, "Measured")
    };
    assert_eq!(measured(&mut live), measured(&mut replay));
    assert!(live.contains("[1] twice as many tellers") && !replay.contains("[1]"), "{}", replay.screen_text());
    assert!(replay.contains("- twice as many tellers"), "{}", replay.screen_text());
    replay.press_keys("a");
    assert!(!replay.contains("Question "), "{}", replay.screen_text());
    let mut late = Harness::with_late_recording(&script, AT_END, ms(3_000));
    late.press_keys("a");
    assert!(
        late.contains("unknown: the recording begins 3.000 s after the start of the run"),
        "{}",
        late.screen_text()
    );
}

#[test]
fn answer_of_a_recording_is_about_the_settings_of_the_moment() {
    let mut replay = Harness::with_recording(&in_delivery_order(knob_turned_at(1_000)), AT_END);
    replay.press_keys("a");
    assert!(replay.contains("with hold=50ms"), "{}", replay.screen_text());
    replay.press_keys("a0");
    replay.press_keys("a");
    assert!(!replay.contains("hold=50ms"), "{}", replay.screen_text());
}

#[test]
fn jumps_in_a_recording_that_begins_late_stay_in_its_time() {
    let begin = ms(3_000);
    for key in ["0", "t1<enter>", "g"] {
        let mut harness = Harness::with_late_recording(&in_delivery_order(knob_turned_at(1_000)), AT_END, begin);
        harness.press_keys("]]]");
        harness.press_keys(key);
        if key == "g" {
            let start = harness.window_start();
            assert_eq!(start, begin, "{}", harness.screen_text());
            continue;
        }
        assert_eq!(harness.shown_moment(), begin, "{key}");
        assert_eq!(harness.contains("The recording begins at 3.000 s"), key != "0", "{}", harness.screen_text());
        for key in ["{", ",", "N"] {
            harness.press_keys(key);
            assert!(harness.contains("No earlier "), "{key}: {}", harness.screen_text());
            assert_eq!(harness.shown_moment(), begin, "{key}");
        }
    }
    let mut harness = Harness::with_late_recording(&in_delivery_order(deadlock(2)), AT_END, begin);
    harness.press_keys("N");
    assert!(harness.contains("No earlier finding"), "the ring closed before: {}", harness.screen_text());
    harness.press_keys("c");
    for _ in 0..12 {
        harness.press_keys(HALF_A_SECOND);
    }
    assert_eq!(harness.cursor(), Some(begin), "the cursor stays in the recorded time");
    harness.press_keys("t99<enter>");
    assert!(harness.contains("The recording ends at 4.300 s"), "{}", harness.screen_text());
    harness.press_keys("c<esc> ");
    assert_eq!(harness.shown_moment(), begin, "at the end it plays from the first recorded moment");
}

#[test]
fn moments_have_the_digits_that_the_zoom_needs() {
    let mut harness = Harness::after_run(&in_delivery_order(contention()));
    harness.press_keys("c");
    assert!(harness.contains(" 5.000 s ") && !harness.contains("5.000000 s"), "{}", harness.screen_text());
    harness.press_keys("]]]]]]]]");
    assert!(harness.contains(" 5.000000 s "), "{}", harness.screen_text());
    harness.press_keys("<left>");
    assert!(harness.contains(" 4.999900 s ") && harness.contains("AT 4.999900 s"), "{}", harness.screen_text());
    harness.press_keys("v");
    assert!(harness.contains("Range from 4.999900 s"), "{}", harness.screen_text());
}
