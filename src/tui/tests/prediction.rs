//! Predict, run, compare; and a file that is saved while it runs.

use crossterm::event::{Event, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::harness::Harness;
use super::script::{self, contention, ms};
use crate::trace::{KnobId, Message, Notice, RunEnd};

/// A run that was begun with this guess, played for five seconds.
fn run_with_guess(keys: &str) -> Harness {
    let script = contention();
    let mut desk = Harness::with_questions(&script);
    desk.press_keys("<enter>");
    assert_eq!(desk.run_count(), 0, "first the question");
    desk.press_keys(keys);
    desk.play(&script);
    desk
}

#[test]
fn the_question_comes_before_the_run_and_says_what_can_be_guessed() {
    let mut desk = Harness::with_questions(&contention());
    desk.press_keys("<enter>");
    for words in ["Tellers at one account", "How many deposits a second?", "[1] about five", "[3] something else"] {
        assert!(desk.contains(words), "{words}: {}", desk.screen_text());
    }
    desk.press_keys("?");
    assert!(
        desk.contains("choose this guess") && !desk.contains("freeze"),
        "help speaks of this page: {}",
        desk.screen_text()
    );
    desk.press_keys("?<esc>");
    assert!(desk.contains("see threads and processes contend") && desk.run_count() == 0, "esc goes back to the picker");
}

#[test]
fn a_guess_that_is_right_is_said_to_be_right() {
    let desk = run_with_guess("2<up><enter>");
    assert!(
        desk.contains("What came of it") && desk.contains("You said   about five - right"),
        "{}",
        desk.screen_text()
    );
    assert!(desk.contains("Measured   counter balance:"), "with the figures: {}", desk.screen_text());
    assert!(desk.contains("Watch      the lock: held nearly all the time"));
    assert!(desk.contains("live 5.0 s"), "the picture stays in sight");
}

#[test]
fn a_guess_that_is_wrong_is_told_what_it_is_instead() {
    let desk = run_with_guess("<down><down><enter>");
    assert!(
        desk.contains("You said   one - not so") && desk.contains("It is      about five"),
        "{}",
        desk.screen_text()
    );
}

#[test]
fn without_a_guess_the_answer_comes_all_the_same_and_only_once() {
    let mut desk = run_with_guess("<enter>");
    assert!(desk.contains("It is      about five") && !desk.contains("You said"), "{}", desk.screen_text());
    desk.press_keys("<esc>");
    desk.tick(ms(6_000));
    assert!(!desk.contains("What came of it"), "once");
    desk.press_keys("a");
    assert!(desk.contains("What came of it"), "and whenever it is asked for");
}

#[test]
fn the_answer_waits_until_it_is_settled_and_for_whoever_looks_at_the_past() {
    let script = contention();
    let mut desk = Harness::with_questions(&script);
    desk.press_keys("<enter><enter>");
    desk.tick(ms(500));
    assert!(!desk.contains("What came of it"), "too early to tell");
    desk.press_keys("a");
    assert!(desk.contains("So far"), "one can ask before: {}", desk.screen_text());
    desk.press_keys("r");
    desk.play(&script);
    assert!(!desk.contains("What came of it"), "a restart is no lesson");

    desk.press_keys("p<enter>");
    desk.tick(ms(400));
    desk.press_keys("<left>");
    desk.play(&script);
    assert!(!desk.contains("What came of it"), "{}", desk.screen_text());
    desk.press_keys("f");
    desk.tick(ms(5_400));
    assert!(desk.contains("What came of it"), "{}", desk.screen_text());
}

#[test]
fn a_run_that_ends_before_is_judged_at_its_end() {
    let mut desk = Harness::with_questions(&contention());
    desk.press_keys("<enter>1<enter>");
    desk.tick(ms(100));
    desk.feed_message(Message::Ended { at: ms(200), reason: RunEnd::Completed });
    assert!(
        desk.contains("You said   about five - not so") && desk.contains("It is      one"),
        "{}",
        desk.screen_text()
    );
}

#[test]
fn a_number_starts_what_is_suggested_and_compares_with_before() {
    let mut desk = run_with_guess("<enter>");
    assert!(desk.contains("Try        [1] twice as many tellers") && desk.contains("- in another program"));
    desk.press_keys("2");
    assert_eq!(desk.run_count(), 2);
    let scenario = script::scenario();
    let (hold, knob) = scenario.knob("hold").expect("it is there");
    assert_eq!(knob.format_value(desk.last_run().settings.number(hold)), "1ms", "the second that has knobs");
    assert!(desk.contains("watch: a shorter stay inside"), "where to look is said of this one: {}", desk.screen_text());
    desk.play(&contention());
    assert!(desk.contains("Before     as it was: about five"), "{}", desk.screen_text());
    desk.press_keys("<esc>9");
    assert!(desk.contains("2 things to try are suggested: 1 to 2") && desk.run_count() == 2, "{}", desk.screen_text());
}

#[test]
fn after_a_knob_is_turned_nothing_is_said_of_it_by_what_was_before() {
    let mut desk = Harness::after_run(&contention());
    desk.press_keys("a");
    assert!(desk.contains("about five"), "{}", desk.screen_text());
    desk.press_keys("<esc>+a");
    assert!(
        desk.contains("hold=") && desk.contains("too early to tell: the settings were changed"),
        "{}",
        desk.screen_text()
    );
    assert!(!desk.contains("about five"), "{}", desk.screen_text());
    let notice = Notice::KnobSet { knob: KnobId(1), name: "hold".into(), value_text: "21ms".into() };
    desk.feed_message(Message::Notice { at: ms(5_100), notice });
    desk.tick(ms(5_500));
    assert!(desk.contains("for 400 ms: too early to tell"), "{}", desk.screen_text());
    assert!(!desk.contains("about five"), "{}", desk.screen_text());
}

#[test]
fn the_question_can_be_asked_again_of_other_knobs() {
    let mut desk = run_with_guess("<enter>");
    desk.press_keys("<esc>,+p");
    assert!(desk.contains("With tellers=4"), "{}", desk.screen_text());
    desk.press_keys("3<enter>");
    assert!((desk.last_run().settings.number(KnobId(0)) - 4.0).abs() < 1e-9);
    desk.play(&contention());
    assert!(desk.contains("You said   something else - not so"), "{}", desk.screen_text());
}

#[test]
fn a_click_chooses_a_guess_and_a_second_one_runs() {
    let mut desk = Harness::with_questions(&contention());
    desk.press_keys("<enter>");
    let row = desk.screen_text().lines().position(|line| line.contains("[2] one")).expect("it is there") as u16;
    let down = MouseEventKind::Down(MouseButton::Left);
    let click = Event::Mouse(MouseEvent { kind: down, column: 30, row, modifiers: KeyModifiers::NONE });
    desk.send_event(click.clone());
    assert!(desk.run_count() == 0 && desk.contains("Press enter, and see."), "{}", desk.screen_text());
    desk.send_event(click);
    assert_eq!(desk.run_count(), 1);
}

#[test]
fn a_knob_turned_after_the_end_is_shown_as_what_will_be() {
    let mut desk = Harness::after_run(&contention());
    desk.feed_message(Message::Ended { at: ms(5_100), reason: RunEnd::Stopped });
    desk.press_keys(",+");
    assert!(desk.contains("tellers 3\u{2192}4"), "the picture is still that of three: {}", desk.screen_text());
    desk.press_keys("r");
    assert!(desk.contains("tellers 4") && (desk.last_run().settings.number(KnobId(0)) - 4.0).abs() < 1e-9);
}

const KNOB_SCENARIO: &str =
    "knob n 3 min=1 max=9 help=\"how many\"\nthread worker count=$n { forever { sleep \"1ms\" } }\n";

#[test]
fn a_saved_file_starts_anew_with_the_knobs_as_they_stand() {
    let mut desk = Harness::after_run(&contention());
    let text =
        |extra: &str| script::TEXT.replace("title \"Tellers at one account\"", &format!("title \"Mended\"\n{extra}"));
    desk.press_keys(",+");
    assert_eq!(desk.run_count(), 2);
    desk.save_file("tellers", &text(""));
    assert_eq!(desk.run_count(), 3);
    assert!((desk.last_run().settings.number(KnobId(0)) - 4.0).abs() < 1e-9, "four tellers, as before");
    desk.save_file(
        "tellers",
        &text("")
            .replace("knob tellers 3 min=1 max=64", "knob tellers 2 min=1 max=3")
            .replace("tellers=6", "tellers=3"),
    );
    assert!((desk.last_run().settings.number(KnobId(0)) - 2.0).abs() < 1e-9, "four are too many now");
    desk.save_file("other", KNOB_SCENARIO);
    assert_eq!(desk.run_count(), 4, "another file is another matter");
}

#[test]
fn mistakes_in_a_saved_file_are_shown_and_end_nothing() {
    let mut desk = Harness::after_run(&contention());
    desk.save_file("tellers", "thread worker { sleeep \"1ms\" }");
    assert_eq!(desk.run_count(), 1, "the run goes on");
    assert!(desk.contains("tellers has mistakes") && desk.contains("did you mean `sleep`?"), "{}", desk.screen_text());
    desk.save_file("tellers", script::TEXT);
    assert!(desk.run_count() == 2 && !desk.contains("has mistakes") && desk.contains("live"), "{}", desk.screen_text());
}
