//! Predict, run, compare; and a file that is saved while it runs.

use crossterm::event::{Event, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::desk::Desk;
use super::script::{self, contention, ms};
use crate::trace::{KnobId, Message, RunEnd};

/// A run that was begun with this guess, played for five seconds.
fn predicted(keys: &str) -> Desk {
    let script = contention();
    let mut desk = Desk::asking(&script);
    desk.keys("<enter>");
    assert_eq!(desk.runs(), 0, "first the question");
    desk.keys(keys);
    desk.play(&script);
    desk
}

#[test]
fn the_question_comes_before_the_run_and_says_what_can_be_guessed() {
    let mut desk = Desk::asking(&contention());
    desk.keys("<enter>");
    for words in ["Tellers at one account", "How many deposits a second?", "[1] about five", "[3] something else"] {
        assert!(desk.shows(words), "{words}: {}", desk.screen());
    }
    desk.keys("?");
    assert!(desk.shows("choose this guess") && !desk.shows("freeze"), "help speaks of this page: {}", desk.screen());
    desk.keys("?<esc>");
    assert!(desk.shows("see threads and processes contend") && desk.runs() == 0, "esc goes back to the picker");
}

#[test]
fn a_guess_that_is_right_is_said_to_be_right() {
    let desk = predicted("2<up><enter>");
    assert!(desk.shows("What came of it") && desk.shows("You said   about five - right"), "{}", desk.screen());
    assert!(desk.shows("Measured   counter balance:"), "with the figures: {}", desk.screen());
    assert!(desk.shows("Watch      the lock: held nearly all the time"));
    assert!(desk.shows("live 5.0 s"), "the picture stays in sight");
}

#[test]
fn a_guess_that_is_wrong_is_told_what_it_is_instead() {
    let desk = predicted("<down><down><enter>");
    assert!(desk.shows("You said   one - not so") && desk.shows("It is      about five"), "{}", desk.screen());
}

#[test]
fn without_a_guess_the_answer_comes_all_the_same_and_only_once() {
    let mut desk = predicted("<enter>");
    assert!(desk.shows("It is      about five") && !desk.shows("You said"), "{}", desk.screen());
    desk.keys("<esc>");
    desk.tick(ms(6_000));
    assert!(!desk.shows("What came of it"), "once");
    desk.keys("a");
    assert!(desk.shows("What came of it"), "and whenever it is asked for");
}

#[test]
fn the_answer_waits_until_it_is_settled_and_for_whoever_looks_at_the_past() {
    let script = contention();
    let mut desk = Desk::asking(&script);
    desk.keys("<enter><enter>");
    desk.tick(ms(500));
    assert!(!desk.shows("What came of it"), "too early to tell");
    desk.keys("a");
    assert!(desk.shows("So far"), "one can ask before: {}", desk.screen());
    desk.keys("r");
    desk.play(&script);
    assert!(!desk.shows("What came of it"), "a restart is no lesson");

    desk.keys("p<enter>");
    desk.tick(ms(400));
    desk.keys("<left>");
    desk.play(&script);
    assert!(!desk.shows("What came of it"), "{}", desk.screen());
    desk.keys("f");
    desk.tick(ms(5_400));
    assert!(desk.shows("What came of it"), "{}", desk.screen());
}

#[test]
fn a_run_that_ends_before_is_judged_at_its_end() {
    let mut desk = Desk::asking(&contention());
    desk.keys("<enter>1<enter>");
    desk.tick(ms(100));
    desk.feed(Message::Ended { at: ms(200), how: RunEnd::Completed });
    assert!(desk.shows("You said   about five - not so") && desk.shows("It is      one"), "{}", desk.screen());
}

#[test]
fn a_number_starts_what_is_suggested_and_compares_with_before() {
    let mut desk = predicted("<enter>");
    assert!(desk.shows("Try        [1] twice as many tellers") && desk.shows("- in another program"));
    desk.keys("2");
    assert_eq!(desk.runs(), 2);
    let scenario = script::scenario();
    let (hold, knob) = scenario.knob("hold").expect("it is there");
    assert_eq!(knob.show(desk.reel().settings.number(hold)), "1ms", "the second that has knobs");
    assert!(desk.shows("watch: a shorter stay inside"), "where to look is said of this one: {}", desk.screen());
    desk.play(&contention());
    assert!(desk.shows("Before     as it was: about five"), "{}", desk.screen());
    desk.keys("<esc>9");
    assert!(desk.shows("2 things to try are suggested: 1 to 2") && desk.runs() == 2, "{}", desk.screen());
}

#[test]
fn the_question_can_be_asked_again_of_other_knobs() {
    let mut desk = predicted("<enter>");
    desk.keys("<esc>,+p");
    assert!(desk.shows("With tellers=4"), "{}", desk.screen());
    desk.keys("3<enter>");
    assert!((desk.reel().settings.number(KnobId(0)) - 4.0).abs() < 1e-9);
    desk.play(&contention());
    assert!(desk.shows("You said   something else - not so"), "{}", desk.screen());
}

#[test]
fn a_click_chooses_a_guess_and_a_second_one_runs() {
    let mut desk = Desk::asking(&contention());
    desk.keys("<enter>");
    let row = desk.screen().lines().position(|line| line.contains("[2] one")).expect("it is there") as u16;
    let down = MouseEventKind::Down(MouseButton::Left);
    let click = Event::Mouse(MouseEvent { kind: down, column: 30, row, modifiers: KeyModifiers::NONE });
    desk.event(click.clone());
    assert!(desk.runs() == 0 && desk.shows("Press enter, and see."), "{}", desk.screen());
    desk.event(click);
    assert_eq!(desk.runs(), 1);
}

#[test]
fn a_knob_turned_after_the_end_is_shown_as_what_will_be() {
    let mut desk = Desk::run(&contention());
    desk.feed(Message::Ended { at: ms(5_100), how: RunEnd::Stopped });
    desk.keys(",+");
    assert!(desk.shows("tellers 3\u{2192}4"), "the picture is still that of three: {}", desk.screen());
    desk.keys("r");
    assert!(desk.shows("tellers 4") && (desk.reel().settings.number(KnobId(0)) - 4.0).abs() < 1e-9);
}

const OWN: &str = "knob n 3 min=1 max=9 help=\"how many\"\nthread worker count=$n { forever { sleep \"1ms\" } }\n";

#[test]
fn a_saved_file_starts_anew_with_the_knobs_as_they_stand() {
    let mut desk = Desk::run(&contention());
    let text =
        |extra: &str| script::TEXT.replace("title \"Tellers at one account\"", &format!("title \"Mended\"\n{extra}"));
    desk.keys(",+");
    assert_eq!(desk.runs(), 2);
    desk.save("tellers", &text(""));
    assert_eq!(desk.runs(), 3);
    assert!((desk.reel().settings.number(KnobId(0)) - 4.0).abs() < 1e-9, "four tellers, as before");
    desk.save(
        "tellers",
        &text("")
            .replace("knob tellers 3 min=1 max=64", "knob tellers 2 min=1 max=3")
            .replace("tellers=6", "tellers=3"),
    );
    assert!((desk.reel().settings.number(KnobId(0)) - 2.0).abs() < 1e-9, "four are too many now");
    desk.save("other", OWN);
    assert_eq!(desk.runs(), 4, "another file is another matter");
}

#[test]
fn mistakes_in_a_saved_file_are_shown_and_end_nothing() {
    let mut desk = Desk::run(&contention());
    desk.save("tellers", "thread worker { sleeep \"1ms\" }");
    assert_eq!(desk.runs(), 1, "the run goes on");
    assert!(desk.shows("tellers has mistakes") && desk.shows("did you mean `sleep`?"), "{}", desk.screen());
    desk.save("tellers", script::TEXT);
    assert!(desk.runs() == 2 && !desk.shows("has mistakes") && desk.shows("live"), "{}", desk.screen());
}
