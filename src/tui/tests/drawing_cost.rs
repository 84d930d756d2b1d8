//! Tests of what the dashboard spends: frames, cells and bytes, counted rather than timed.

use crossterm::event::Event;

use super::harness::Harness;
use super::script::{Script, contention, deadlock, ms};
use crate::trace::{Message, RunEnd, Stamp};

/// Moves the run's clock on by steps of 100 ms, with a reading of its rings before each frame.
fn tick_quietly(harness: &mut Harness, from: u64, steps: u64) {
    for step in 1..=steps {
        let now = ms(from + 100 * step);
        harness.feed_message(Message::Batch(vec![Message::Watermark(now)]));
        harness.tick(now);
    }
}

fn millis(at: Stamp) -> u64 {
    at.0 / 1_000_000
}

/// Returns a harness whose run is in a deadlock of all its workers, in the window over its end.
fn in_deadlock(script: &Script) -> Harness {
    let mut harness = Harness::in_picker(script);
    harness.press_keys("<enter>");
    harness.play(script);
    harness
}

#[test]
fn run_in_which_only_ages_change_is_drawn_once_a_second() {
    let script = deadlock(2);
    let mut harness = in_deadlock(&script);
    let from = millis(script.until);
    tick_quietly(&mut harness, from, 20); // the window has room after the deadlock
    let (frames, before) = (harness.frame_count(), harness.screen_text());
    tick_quietly(&mut harness, from + 2_000, 30);
    let drawn = harness.frame_count() - frames;
    assert!((2..=3).contains(&drawn), "{drawn} frames in 3 s");
    assert_ne!(harness.screen_text(), before, "ages grow");
}

#[test]
fn ended_run_draws_no_frame_and_writes_no_byte() {
    let script = contention();
    let mut harness = Harness::after_run(&script);
    harness.feed_message(Message::Ended { at: script.until, reason: RunEnd::Completed });
    let frames = harness.frame_count();
    harness.take_bytes();
    for _ in 0..10 {
        harness.tick(script.until);
    }
    assert_eq!(harness.frame_count(), frames);
    assert_eq!(harness.take_bytes(), b"");
}

#[test]
fn frame_that_changes_nothing_writes_no_byte() {
    let mut harness = Harness::after_run(&contention());
    harness.press_keys("<left>");
    harness.take_bytes();
    harness.send_event(Event::FocusGained);
    assert_eq!(String::from_utf8_lossy(&harness.take_bytes()), "");
}

#[test]
fn scrolled_frame_lets_the_terminal_move_the_lanes() {
    let script = contention();
    let mut harness = Harness::after_run(&script);
    let from = millis(script.until);
    tick_quietly(&mut harness, from, 1);
    harness.take_bytes();
    tick_quietly(&mut harness, from + 100, 1);
    let scrolled = String::from_utf8(harness.take_bytes()).expect("it is text");
    assert!(scrolled.contains("\u{1b}[2P"), "two cells of 50 ms: {scrolled:?}");
    assert!(!scrolled.contains("LIVE"), "the header stays: {scrolled:?}");
}
