//! Tests of the window: chosen from the data, until the user zooms.

use std::path::Path;

use super::app_screen::{AT_END, screen_text};
use super::harness::Harness;
use super::script::{self, Script, contention, deadlock, in_delivery_order, ms, pool, time_of};
use crate::recording::Recording;
use crate::trace::{Message, RunEnd, Span, Stamp};
use crate::tui::film::Film;

/// Plays the script, with a frame every tenth of a second.
fn watched(script: &Script) -> Harness {
    let mut harness = Harness::in_picker(script);
    harness.press_keys("<enter>");
    play_on(&mut harness, script);
    harness
}

fn turns(hold: u64) -> Script {
    in_delivery_order(script::turns(hold))
}

fn play_on(harness: &mut Harness, script: &Script) {
    let mut next = Stamp(0);
    for message in &script.messages {
        while time_of(message) > next {
            harness.tick(next);
            next = next + Span::from_millis(100);
        }
        harness.feed_message(message.clone());
    }
    harness.tick(script.until);
}

#[test]
fn first_window_shows_single_holds_of_the_contended_lock() {
    let mut harness = watched(&turns(2));
    assert_eq!(harness.cell(), Span::from_millis(1));
    let mut harness = watched(&in_delivery_order(contention()));
    assert_eq!(harness.cell(), Span::from_millis(100), "a hundred times as long");
}

/// Bars of one moment and figures of another would contradict each other.
#[test]
fn window_that_is_shorter_than_figures_are_held_stays_as_long_as_they_do() {
    let script = turns(2);
    let moves_and_frames = |zoom: &str| {
        let mut harness = Harness::in_picker(&script);
        harness.press_keys("<enter>");
        let (mut next, mut starts) = (Stamp(0), Vec::new());
        for message in &script.messages {
            while time_of(message) > next {
                harness.tick(next);
                if next == ms(500) {
                    harness.press_keys(zoom);
                }
                if next >= ms(500) {
                    starts.push(harness.window_start());
                }
                next = next + Span::from_millis(50);
            }
            harness.feed_message(message.clone());
        }
        let frames = starts.len();
        starts.dedup();
        (starts.len(), frames, harness.cell())
    };
    let (moves, frames, cell) = moves_and_frames("]]");
    assert_eq!(cell, Span::from_micros(200));
    assert!(moves > 2 && moves <= frames / 4, "{moves} moves in {frames} frames");
    let (moves, frames, cell) = moves_and_frames("[[[");
    assert_eq!(cell, Span::from_millis(10));
    assert!(moves > frames / 2, "{moves} moves in {frames} frames");
}

#[test]
fn window_of_a_pool_with_a_backlog_shows_the_trend() {
    let mut script = in_delivery_order(pool());
    let mut registry = (*script.registry).clone();
    (registry.pools[0].total_tasks, registry.pools[0].size) = (None, 1);
    script.registry = registry.into();
    assert_eq!(watched(&script).cell(), Span::from_millis(100));
    assert_eq!(watched(&in_delivery_order(pool())).cell(), Span::from_millis(50), "a batch shows its tasks");
}

#[test]
fn zoom_of_the_user_stays_also_after_a_restart() {
    let script = turns(2);
    let mut harness = watched(&script);
    harness.press_keys("]]");
    let chosen = harness.cell();
    assert_eq!(chosen, Span::from_micros(200));
    harness.press_keys("r");
    play_on(&mut harness, &script);
    assert_eq!(harness.cell(), chosen);
    harness.feed_message(Message::Ended { at: script.until, reason: RunEnd::Completed });
    assert_eq!(harness.cell(), chosen);
}

#[test]
fn choice_from_the_data_is_made_again_after_a_restart() {
    let mut harness = watched(&turns(2));
    harness.press_keys("r");
    play_on(&mut harness, &turns(20));
    assert_eq!(harness.cell(), Span::from_millis(10));
}

#[test]
fn choice_from_the_data_is_made_again_after_a_knob_was_turned_unless_the_user_zoomed() {
    let script = in_delivery_order(script::turns_before_and_after(2, 20));
    let mut harness = watched(&script);
    assert_eq!(harness.cell(), Span::from_millis(10), "the holds under the present setting, not those before it");
    let shorter = in_delivery_order(script::turns_before_and_after(20, 2));
    assert_eq!(watched(&shorter).cell(), Span::from_millis(1));
    let nearly_the_same = in_delivery_order(script::turns_before_and_after(2, 4));
    assert_eq!(watched(&nearly_the_same).cell(), Span::from_millis(1), "turns can still be seen: nothing moves");

    let mut zoomed = Harness::in_picker(&script);
    zoomed.press_keys("<enter>]");
    let chosen = zoomed.cell();
    play_on(&mut zoomed, &script);
    assert_eq!(zoomed.cell(), chosen);
}

#[test]
fn choice_from_the_data_is_made_once() {
    let mut harness = watched(&turns(2));
    for at in 1..20 {
        harness.tick(ms(2_000 + 500 * at));
        assert_eq!(harness.cell(), Span::from_millis(1));
    }
}

#[test]
fn run_that_completed_is_fitted_and_one_that_was_stopped_keeps_its_picture() {
    let script = turns(2);
    let mut completed = watched(&script);
    completed.feed_message(Message::Ended { at: script.until, reason: RunEnd::Completed });
    assert_eq!(completed.window_start(), Stamp(0));
    let mut stopped = watched(&script);
    stopped.feed_message(Message::Ended { at: script.until, reason: RunEnd::Stopped });
    assert_eq!(stopped.cell(), Span::from_millis(1));
}

/// Returns the cell of the first window of a recording whose run ended this way.
fn first_cell_of_recording(mut script: Script, reason: RunEnd) -> (Span, Stamp) {
    script.messages.push(Message::Ended { at: script.until, reason });
    let mut harness = Harness::with_recording(&script, AT_END);
    (harness.cell(), harness.window_start())
}

#[test]
fn recording_of_a_run_that_completed_is_fitted() {
    assert_eq!(first_cell_of_recording(turns(2), RunEnd::Completed).1, Stamp(0));
}

#[test]
fn recording_of_a_run_that_its_time_limit_ended_shows_the_last_turns_unless_all_turns_can_be_seen() {
    let (cell, start) = first_cell_of_recording(turns(2), RunEnd::Time);
    assert_eq!(cell, Span::from_millis(1), "a hold of 2 ms has two cells");
    assert!(start > ms(1_900), "{start:?}");
    let (cell, start) = first_cell_of_recording(turns(100), RunEnd::Time);
    assert_eq!(start, Stamp(0), "twenty holds are wide enough in a window of the whole run");
    assert!(cell.0 * 3 <= ms(200).0, "{cell:?}");
}

#[test]
fn stall_shows_the_turns_before_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("previews/lost-wakeup.contend");
    let mut recording = Recording::open(&path).expect("a recording");
    let mut film = Film::new(&mut recording, (120, 40)).expect("a run of a scenario");
    let end = film.end();
    let text = screen_text(&film.frame_at(end).expect("a frame"));
    assert!(text.contains("stuck +"), "{text}");
}

#[test]
fn fit_shows_the_whole_run_then_single_turns_and_goes_back() {
    let mut harness = watched(&turns(2));
    harness.press_keys("]");
    let before = harness.cell();
    harness.press_keys("z");
    assert_eq!(harness.window_start(), Stamp(0));
    assert!(harness.contains("The whole run"), "{}", harness.screen_text());
    harness.press_keys("Z");
    assert_eq!(harness.cell(), before);
    harness.press_keys("zz");
    assert_eq!(harness.cell(), Span::from_millis(1));
    harness.press_keys("ZZ");
    assert!(harness.contains("No window to go back to"), "{}", harness.screen_text());
}

#[test]
fn deadlock_shows_the_turns_before_it_with_the_figures_of_now() {
    let mut harness = watched(&in_delivery_order(deadlock(3)));
    assert!(harness.contains("closed +"), "{}", harness.screen_text());
    assert!(harness.contains("3.9 s"), "the age of the deadlock grows: {}", harness.screen_text());
    let start = harness.window_start();
    harness.feed_message(Message::Watermark(ms(6_000)));
    harness.tick(ms(6_000));
    assert_eq!(harness.window_start(), start);
    assert!(harness.contains("5.9 s"), "{}", harness.screen_text());
    harness.press_keys("f");
    assert!(!harness.contains("closed +"), "{}", harness.screen_text());
}
