//! Tests of slow motion, through the real event loop.

use super::harness::Harness;
use super::script::{contention, deadlock, ms};
use crate::trace::{KnobId, Message, Notice, RunEnd, Stamp};

/// Draws frames, ten a second, until the caption begins with these words. Returns the caption.
fn frames_until(harness: &mut Harness, words: &str) -> String {
    for frame in 0..4_000 {
        let last = caption(harness);
        if last.trim_start().starts_with(words) {
            return last;
        }
        harness.tick(ms(9_000 + 100 * frame));
    }
    panic!("{words}: {}", harness.screen_text());
}

fn caption(harness: &Harness) -> String {
    let shown = harness.screen_text();
    let caption = shown.lines().find_map(|line| line.split_once("slow motion  ")).map(|(_, caption)| caption.trim());
    caption.unwrap_or_default().to_owned()
}

#[test]
fn steps_of_the_ring_are_shown_until_the_deadlock_closes() {
    let mut harness = Harness::after_run(&deadlock(2));
    let closed_at = harness.live_model().first_deadlock().expect("a deadlock").closed_at;
    harness.press_keys("m");
    assert!(harness.contains("SLOW MOTION"), "{}", harness.screen_text());
    let mut captions = vec![frames_until(&mut harness, "1/")];
    let count: usize = captions[0].split(['/', ' ']).filter_map(|word| word.parse().ok()).nth(1).expect("a count");
    for step in 2..=count {
        captions.push(frames_until(&mut harness, &format!("{step}/")));
    }
    let last = captions.last().expect("a step");
    assert!(last.contains("waits for") && last.contains("held by"), "{captions:#?}");
    assert!(captions.iter().any(|caption| caption.contains(" takes ")), "{captions:#?}");
    assert!(last.contains("paused"), "it stops at the end: {last}");
    assert_eq!(harness.shown_moment(), closed_at, "the last step closes the ring");
    assert!(harness.shown_model().first_deadlock().is_some(), "and the picture shows it: {}", harness.screen_text());
}

#[test]
fn model_of_each_step_has_nothing_later() {
    let mut harness = Harness::after_run(&contention());
    harness.press_keys("m");
    frames_until(&mut harness, "1/");
    harness.press_keys(" ");
    let mut last = Stamp(0);
    for _ in 0..20 {
        let at = harness.shown_moment();
        assert!(at >= last, "{at:?}");
        assert!(harness.shown_model().newest_stamp() <= at);
        last = at;
        harness.press_keys("<right>");
    }
    harness.press_keys("<left>");
    assert!(harness.shown_moment() <= last, "and back");
}

#[test]
fn collection_goes_on_and_m_returns_to_live() {
    for key in ["m", "<esc>"] {
        let mut harness = Harness::after_run(&contention());
        let before = harness.live_model().newest_stamp();
        harness.press_keys("m");
        frames_until(&mut harness, "1/");
        harness.feed_message(Message::Watermark(ms(9_500)));
        harness.feed_message(Message::Notice { at: ms(9_400), notice: Notice::Note("later".into()) });
        assert!(harness.live_model().newest_stamp() > before, "the live model gets what arrives");
        harness.press_keys(key);
        harness.tick(ms(9_500));
        assert!(harness.contains("LIVE 9.5 s"), "{key}: {}", harness.screen_text());
        assert_eq!(harness.live_model().log().back().map(|line| line.text.as_str()), Some("later"));
    }
}

#[test]
fn steps_around_the_cursor_are_those_beside_it() {
    let mut harness = Harness::after_run(&contention());
    harness.press_keys("<left><left><left><left><left>");
    let cursor = harness.cursor().expect("a cursor");
    harness.press_keys("m");
    frames_until(&mut harness, "1/");
    harness.press_keys(" ");
    let first = harness.shown_moment();
    for _ in 0..60 {
        harness.press_keys("<right>");
    }
    assert!(first < cursor && cursor < harness.shown_moment(), "{first:?} {cursor:?} {:?}", harness.shown_moment());
}

#[test]
fn chosen_worker_alone_is_played() {
    let mut harness = Harness::after_run(&contention());
    harness.press_keys("jm");
    frames_until(&mut harness, "1/");
    harness.press_keys(" ");
    for _ in 0..10 {
        assert!(caption(&harness).contains("teller-1"), "{}", caption(&harness));
        harness.press_keys("<right>");
    }
}

#[test]
fn run_that_ends_or_restarts_meanwhile_is_shown_live_again() {
    let mut harness = Harness::after_run(&contention());
    harness.press_keys("m");
    frames_until(&mut harness, "1/");
    harness.feed_message(Message::Ended { at: ms(9_000), reason: RunEnd::Completed });
    assert!(harness.contains("SLOW MOTION"), "it goes on: {}", harness.screen_text());
    frames_until(&mut harness, "2/");
    harness.press_keys("m");
    assert!(harness.contains("COMPLETED"), "{}", harness.screen_text());
    harness.press_keys("m");
    frames_until(&mut harness, "1/");
    harness.press_keys("mr");
    assert_eq!(harness.run_count(), 2);
    assert!(harness.contains("LIVE"), "{}", harness.screen_text());
}

#[test]
fn knobs_have_the_values_of_the_shown_step() {
    let mut harness = Harness::after_run(&contention());
    harness.press_keys("+");
    let notice = Notice::KnobSet { knob: KnobId(1), name: "hold".into(), value_text: "50ms".into() };
    harness.feed_message(Message::Notice { at: ms(5_050), notice });
    harness.feed_message(Message::Watermark(ms(5_300)));
    harness.tick(ms(5_300));
    assert!(harness.contains("50 ms ▸"), "{}", harness.screen_text());
    harness.press_keys("c<left><left><left><left><left><left><left><left><left><left>m");
    frames_until(&mut harness, "1/");
    harness.press_keys(" ");
    assert!(harness.shown_moment() < ms(5_050), "{:?}", harness.shown_moment());
    assert!(harness.contains("hold 20 ms") && !harness.contains("50 ms"), "{}", harness.screen_text());
}

/// Draws frames at this moment until the time of the present step counts from it. Returns the number of the step.
fn step_from(harness: &mut Harness, at: Stamp) -> usize {
    harness.tick(at);
    harness.tick(at);
    step_number(harness)
}

fn step_number(harness: &Harness) -> usize {
    let last = caption(harness);
    let number = last.trim_start().split('/').next().and_then(|number| number.parse().ok());
    number.unwrap_or_else(|| panic!("{last}"))
}

#[test]
fn step_is_shown_as_long_however_many_frames_are_drawn() {
    let mut harness = Harness::after_run(&contention());
    harness.press_keys("m");
    frames_until(&mut harness, "1/");
    let first = step_from(&mut harness, ms(20_000));
    for _ in 0..1_000 {
        harness.tick(ms(20_000));
    }
    assert_eq!(step_number(&harness), first, "no time has passed");
    // No caption can be read in 300 ms.
    harness.tick(ms(20_300));
    assert_eq!(step_number(&harness), first);
    harness.tick(ms(80_000));
    assert_eq!(step_number(&harness), first + 1, "a late frame skips no step");
    harness.tick(ms(140_000));
    assert_eq!(step_number(&harness), first + 1, "its time counts from the first frame after it appeared");
    harness.tick(ms(200_000));
    assert_eq!(step_number(&harness), first + 2);
}

#[test]
fn slower_pace_shows_steps_longer() {
    let mut harness = Harness::after_run(&contention());
    harness.press_keys("m");
    frames_until(&mut harness, "1/");
    // A character takes 20 ms to read; the line has the caption and the keys.
    let at_most = |harness: &Harness| 400 + 20 * caption(harness).trim().chars().count() as u64;
    harness.press_keys("-");
    let step = step_from(&mut harness, ms(20_000));
    harness.tick(ms(20_000 + 2 * 400));
    assert_eq!(step_number(&harness), step);
    let later = 20_000 + 2 * at_most(&harness);
    harness.tick(ms(later));
    assert_eq!(step_number(&harness), step + 1);
    harness.press_keys("+++");
    let step = step_from(&mut harness, ms(90_000));
    let later = 90_000 + at_most(&harness) / 4;
    harness.tick(ms(later));
    assert_eq!(step_number(&harness), step + 1);
}
