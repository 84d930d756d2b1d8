//! Tests of predict, run, compare; and of a file that is saved during a run.

use crossterm::event::{Event, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::harness::Harness;
use super::script::{self, contention, ms};
use crate::trace::{KnobId, Message, Notice, RunEnd};

/// Starts a run after this guess, and plays five seconds of it.
fn run_with_guess(keys: &str) -> Harness {
    let script = contention();
    let mut harness = Harness::with_questions(&script);
    harness.press_keys("<enter>");
    assert_eq!(harness.run_count(), 0, "the question comes first");
    harness.press_keys(keys);
    harness.play(&script);
    harness
}

#[test]
fn question_with_its_guesses_comes_before_the_run() {
    let mut harness = Harness::with_questions(&contention());
    harness.press_keys("<enter>");
    for words in ["Tellers at one account", "How many deposits a second?", "[1] about five", "[3] something else"] {
        assert!(harness.contains(words), "{words}: {}", harness.screen_text());
    }
    harness.press_keys("?");
    assert!(
        harness.contains("Choose this guess") && !harness.contains("Freeze"),
        "help speaks of this page: {}",
        harness.screen_text()
    );
    harness.press_keys("?<esc>");
    assert!(
        harness.contains("see threads and processes contend") && harness.run_count() == 0,
        "Esc goes back to the picker"
    );
}

#[test]
fn right_guess_is_marked_as_right() {
    let mut harness = run_with_guess("2<up><enter>");
    assert!(harness.contains("✔ right   You guessed: about five."), "{}", harness.screen_text());
    assert!(harness.contains("→ Measured: counter balance:"), "with the figures: {}", harness.screen_text());
    harness.press_keys("a");
    assert!(harness.contains("Your guess about five ✓"), "{}", harness.screen_text());
    assert!(harness.contains("Watch      the lock: held nearly all the time"));
    assert!(harness.contains("LIVE 5.0 s"), "the picture stays in sight");
}

#[test]
fn wrong_guess_is_marked_and_the_answer_given() {
    let mut harness = run_with_guess("<down><down><enter>");
    assert!(harness.contains("✗ wrong   You guessed: one. Answer: about five."), "{}", harness.screen_text());
    harness.press_keys("a");
    assert!(
        harness.contains("Your guess one ✗") && harness.contains("Answer     about five"),
        "{}",
        harness.screen_text()
    );
}

#[test]
fn answer_without_a_guess_opens_once() {
    let mut harness = run_with_guess("<enter>");
    assert!(harness.contains("Answer: about five   a: all of it"), "{}", harness.screen_text());
    assert!(harness.contains("■ lost-update"), "the verdict stays: {}", harness.screen_text());
    harness.press_keys("c");
    harness.tick(ms(6_000));
    assert!(!harness.contains("Answer: about five"), "once");
    harness.press_keys("a");
    assert!(harness.contains("Answer     about five") && !harness.contains("Your guess"), "{}", harness.screen_text());
}

/// The answer opens by itself: it may not swallow keys that the user presses meanwhile.
#[test]
fn keys_for_recording_marks_and_comparison_work_while_the_answer_is_open() {
    let mut harness = run_with_guess("1<enter>");
    assert!(harness.contains("✔ right"));
    harness.press_keys("M");
    assert_eq!(harness.live_model().named_marks().len(), 1);
    assert!(harness.contains("✔ right"), "it stays open meanwhile");
    harness.press_keys("d");
    assert!(harness.contains("Compare with the recording:"), "{}", harness.screen_text());
}

#[test]
fn answer_opens_only_when_settled_and_the_present_is_shown() {
    let script = contention();
    let mut harness = Harness::with_questions(&script);
    harness.press_keys("<enter><enter>");
    harness.tick(ms(500));
    assert!(!harness.contains("Answer: about five"), "too early to tell");
    harness.press_keys("a");
    assert!(harness.contains("So far"), "the answer can be opened early: {}", harness.screen_text());
    harness.press_keys("r");
    harness.play(&script);
    assert!(!harness.contains("Answer: about five") && !harness.contains("Measured"), "a restart shows no answer");

    harness.press_keys("p<enter>");
    harness.tick(ms(400));
    harness.press_keys("<left>");
    harness.play(&script);
    assert!(!harness.contains("Answer: about five"), "{}", harness.screen_text());
    harness.press_keys("f");
    harness.tick(ms(5_400));
    assert!(harness.contains("Answer: about five"), "{}", harness.screen_text());
}

#[test]
fn run_that_ends_early_is_judged_at_its_end() {
    let mut harness = Harness::with_questions(&contention());
    harness.press_keys("<enter>1<enter>");
    harness.tick(ms(100));
    harness.feed_message(Message::Ended { at: ms(200), reason: RunEnd::Completed });
    assert!(harness.contains("✗ wrong   You guessed: about five. Answer: one."), "{}", harness.screen_text());
}

#[test]
fn number_key_starts_a_suggestion_and_shows_the_previous_outcome() {
    let mut harness = run_with_guess("<enter>");
    harness.press_keys("a");
    assert!(harness.contains("Try        [1] twice as many tellers") && harness.contains("- in another program"));
    harness.press_keys("2");
    assert_eq!(harness.run_count(), 2);
    let scenario = script::scenario();
    let (hold, knob) = scenario.knob("hold").expect("it is there");
    assert_eq!(knob.format_value(harness.last_run().settings.number(hold)), "1ms", "the second that has knobs");
    assert!(harness.contains("Watch: a shorter stay inside"), "the hint of this suggestion: {}", harness.screen_text());
    harness.play(&contention());
    harness.press_keys("a");
    assert!(harness.contains("Before     with default knobs: about five"), "{}", harness.screen_text());
    harness.press_keys("<esc>9");
    assert!(harness.contains("2 suggestions: press 1 to 2") && harness.run_count() == 2, "{}", harness.screen_text());
}

#[test]
fn turned_knob_discards_the_answer_of_the_old_settings() {
    let mut harness = Harness::after_run(&contention());
    harness.press_keys("a");
    assert!(harness.contains("about five"), "{}", harness.screen_text());
    harness.press_keys("<esc>+a");
    assert!(
        harness.contains("hold=") && harness.contains("too early to tell: the settings were changed"),
        "{}",
        harness.screen_text()
    );
    assert!(!harness.contains("about five"), "{}", harness.screen_text());
    let notice = Notice::KnobSet { knob: KnobId(1), name: "hold".into(), value_text: "21ms".into() };
    harness.feed_message(Message::Notice { at: ms(5_100), notice });
    harness.tick(ms(5_500));
    assert!(harness.contains("for 400 ms: too early to tell"), "{}", harness.screen_text());
    assert!(!harness.contains("about five"), "{}", harness.screen_text());
}

#[test]
fn question_can_be_asked_again_with_other_knobs() {
    let mut harness = run_with_guess("<enter>");
    harness.press_keys(",+p");
    assert!(harness.contains("With tellers=4"), "{}", harness.screen_text());
    harness.press_keys("3<enter>");
    assert!((harness.last_run().settings.number(KnobId(0)) - 4.0).abs() < 1e-9);
    harness.play(&contention());
    assert!(harness.contains("✗ wrong   You guessed: something else."), "{}", harness.screen_text());
}

#[test]
fn click_chooses_a_guess_and_second_click_runs() {
    let mut harness = Harness::with_questions(&contention());
    harness.press_keys("<enter>");
    let row = harness.screen_text().lines().position(|line| line.contains("[2] one")).expect("it is there") as u16;
    let down = MouseEventKind::Down(MouseButton::Left);
    let click = Event::Mouse(MouseEvent { kind: down, column: 30, row, modifiers: KeyModifiers::NONE });
    harness.send_event(click.clone());
    assert!(harness.run_count() == 0 && harness.contains("Press Enter to find out."), "{}", harness.screen_text());
    harness.send_event(click);
    assert_eq!(harness.run_count(), 1);
}

#[test]
fn knob_turned_after_the_end_is_shown_as_next_value() {
    let mut harness = Harness::after_run(&contention());
    harness.feed_message(Message::Ended { at: ms(5_100), reason: RunEnd::Stopped });
    harness.press_keys(",+");
    assert!(
        harness.contains("tellers ◂ 3\u{2192}4 ▸"),
        "the picture is still that of three: {}",
        harness.screen_text()
    );
    harness.press_keys("r");
    assert!(harness.contains("tellers ◂ 4 ▸") && (harness.last_run().settings.number(KnobId(0)) - 4.0).abs() < 1e-9);
}

const KNOB_SCENARIO: &str =
    "knob n 3 min=1 max=9 help=\"how many\"\nthread worker count=$n { forever { sleep \"1ms\" } }\n";

#[test]
fn saved_file_restarts_with_the_current_knobs() {
    let mut harness = Harness::after_run(&contention());
    let text =
        |extra: &str| script::TEXT.replace("title \"Tellers at one account\"", &format!("title \"Mended\"\n{extra}"));
    harness.press_keys(",+");
    assert_eq!(harness.run_count(), 2);
    harness.save_file("tellers", &text(""));
    assert_eq!(harness.run_count(), 3);
    assert!((harness.last_run().settings.number(KnobId(0)) - 4.0).abs() < 1e-9, "four tellers, as before");
    harness.save_file(
        "tellers",
        &text("")
            .replace("knob tellers 3 min=1 max=64", "knob tellers 2 min=1 max=3")
            .replace("tellers=6", "tellers=3"),
    );
    assert!((harness.last_run().settings.number(KnobId(0)) - 2.0).abs() < 1e-9, "four is above the maximum now");
    harness.save_file("other", KNOB_SCENARIO);
    assert_eq!(harness.run_count(), 4, "another file does not restart it");
}

#[test]
fn mistakes_in_a_saved_file_are_shown_while_the_run_continues() {
    let mut harness = Harness::after_run(&contention());
    harness.save_file("tellers", "thread worker { sleeep \"1ms\" }");
    assert_eq!(harness.run_count(), 1, "the run continues");
    assert!(
        harness.contains("tellers has mistakes") && harness.contains("did you mean `sleep`?"),
        "{}",
        harness.screen_text()
    );
    harness.save_file("tellers", script::TEXT);
    assert!(
        harness.run_count() == 2 && !harness.contains("has mistakes") && harness.contains("LIVE"),
        "{}",
        harness.screen_text()
    );
}
