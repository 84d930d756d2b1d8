//! Tests of keys and the mouse, through the real event loop.

use crossterm::event::{Event, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::harness::Harness;
use super::script::{contention, deadlock, many_workers, ms};
use crate::trace::{Command, KnobId, Message, RunEnd, WorkerId};

#[test]
fn space_freezes_the_picture_while_collection_continues() {
    let script = contention();
    let mut harness = Harness::after_run(&script);
    assert!(harness.contains("LIVE 5.0 s"), "a run begins live: {}", harness.screen_text());
    harness.press_keys(" ");
    assert!(harness.contains("FROZEN 5.0 s"), "space freezes");
    let frozen = harness.screen_text();
    harness.feed_message(Message::Events(Vec::new()));
    let frames = harness.frame_count();
    harness.tick(ms(9_000));
    assert_eq!(harness.screen_text(), frozen, "a frozen picture stands still");
    assert_eq!(harness.frame_count(), frames, "and draws no frame");
    harness.press_keys(" ");
    harness.tick(ms(9_000));
    assert!(harness.contains("LIVE 9.0 s"), "space again resumes at the newest");
}

#[test]
fn zooming_in_undoes_zooming_out() {
    let mut harness = Harness::after_run(&contention());
    let before = harness.screen_text();
    harness.press_keys("[");
    let wide = harness.screen_text();
    assert_ne!(wide, before, "[ shows more time");
    harness.press_keys("]");
    assert_eq!(harness.screen_text(), before, "] undoes [");
}

#[test]
fn cursor_holds_the_window_until_f_follows_again() {
    let mut harness = Harness::after_run(&contention());
    harness.press_keys("<left><left>");
    assert!(harness.contains("4.900 s"), "the cursor says where it stands: {}", harness.screen_text());
    let held = harness.screen_text();
    harness.tick(ms(5_300));
    let lanes = |s: &str| s.lines().skip(1).take(6).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lanes(&harness.screen_text()), lanes(&held), "the window does not move");
    harness.press_keys("f");
    assert!(harness.contains("now") && !harness.contains("4.900 s"), "f follows the newest, without a cursor");
}

#[test]
fn live_knob_is_sent_to_the_run() {
    let mut harness = Harness::after_run(&contention());
    harness.press_keys("+");
    let asked = harness.last_run().source.commands();
    let [Command::SetKnob { knob, value }] = asked.as_slice() else { panic!("+ turns the chosen knob: {asked:?}") };
    assert!(*value > 0.0);
    let name = &super::script::scenario().knobs[knob.index()].name;
    assert_eq!(harness.run_count(), 1, "a knob that is live needs no new run");
    assert!(harness.contains(name));
}

#[test]
fn knob_that_is_not_live_restarts_the_run() {
    let mut harness = Harness::after_run(&contention());
    let scenario = super::script::scenario();
    let fixed = scenario.knobs.iter().position(|k| !k.is_live).expect("the number of tellers is fixed for a run");
    let live = scenario.knobs.iter().position(|k| k.is_live).expect("the time the lock is held is live");
    assert_eq!((fixed, live), (0, 1), "the first live one is chosen at the start");
    harness.press_keys(",+");
    assert_eq!(harness.run_count(), 2, "it starts anew");
    let settings = harness.last_run().settings;
    let before = scenario.default_settings().number(KnobId::from(fixed));
    assert!(settings.number(KnobId::from(fixed)) > before, "with the new value");
}

#[test]
fn r_restarts_the_run_and_s_stops_it() {
    let mut harness = Harness::after_run(&contention());
    harness.press_keys("s");
    assert_eq!(harness.last_run().source.commands(), [Command::Stop]);
    harness.feed_message(Message::Ended { at: ms(5_100), reason: RunEnd::Stopped });
    assert!(harness.contains("STOPPED 5.1 s"), "the picture stays: {}", harness.screen_text());
    harness.press_keys("r");
    assert_eq!(harness.run_count(), 2);
    assert!(harness.contains("LIVE"));
}

#[test]
fn ended_run_draws_no_frames() {
    let mut harness = Harness::after_run(&contention());
    harness.feed_message(Message::Ended { at: ms(5_000), reason: RunEnd::Completed });
    assert!(harness.contains("COMPLETED"));
    let frames = harness.frame_count();
    harness.tick(ms(6_000));
    assert_eq!(harness.frame_count(), frames);
}

#[test]
fn run_whose_channel_closes_early_is_shown_as_crashed() {
    let mut harness = Harness::after_run(&contention());
    harness.close_run();
    assert!(harness.contains("CRASHED") && harness.contains("its events stopped"), "{}", harness.screen_text());
}

#[test]
fn x_kills_only_the_chosen_worker() {
    let mut harness = Harness::after_run(&contention());
    harness.press_keys("x");
    assert!(
        harness.last_run().source.commands().is_empty() && harness.contains("Choose a worker first"),
        "none is chosen"
    );
    harness.press_keys("jjx");
    assert_eq!(harness.last_run().source.commands(), [Command::Kill(WorkerId(1))]);
}

#[test]
fn enter_opens_details_of_a_worker_and_a_lock() {
    let mut harness = Harness::after_run(&contention());
    harness.press_keys("j<enter>");
    assert!(harness.contains("waited") && harness.contains("for a CPU"), "{}", harness.screen_text());
    harness.press_keys("<esc><tab><enter>");
    assert!(harness.contains("std mutex") && harness.contains("fairness"), "{}", harness.screen_text());
}

#[test]
fn typed_and_pasted_text_goes_to_the_filter_only() {
    let mut harness = Harness::after_run(&contention());
    harness.send_event(Event::Paste("q".into()));
    assert_eq!(harness.ending(), "running", "pasted text is not a command");
    harness.press_keys("/2");
    assert!(harness.contains("teller-2") && !harness.contains("teller-3"), "{}", harness.screen_text());
    harness.press_keys("q<enter>");
    assert_eq!(harness.ending(), "running", "letters go to the filter");
    harness.press_keys("<esc>");
    assert!(harness.contains("teller-3"), "Esc clears the filter");
    harness.press_keys("/");
    harness.send_event(Event::Paste("r-3\n".into()));
    assert!(harness.contains("teller-3") && !harness.contains("teller-2"), "the filter can be pasted");
}

#[test]
fn help_shows_every_key_and_closes() {
    let mut harness = Harness::after_run(&contention());
    harness.press_keys("?");
    let first = harness.screen_text();
    let mut all = first.clone();
    for _ in 0..4 {
        harness.press_keys("jjjjjjjjjj");
        all.push_str(&harness.screen_text());
    }
    for binding in crate::tui::keys::bindings_in(crate::tui::keys::KeyContext::ScenarioRun) {
        let help = binding.help();
        let words: Vec<&str> = help.split_whitespace().take(3).collect();
        assert!(all.contains(&words.join(" ")), "{}: {help}", binding.key_names());
    }
    harness.press_keys("?");
    assert!(!harness.contains("Show this help"));
}

#[test]
fn overlay_replaces_another_overlay() {
    let mut harness = Harness::after_run(&contention());
    harness.press_keys("i?");
    assert!(harness.contains("Show this help"));
    harness.press_keys("i");
    assert!(!harness.contains("Show this help") && harness.contains("Esc: close"));
    harness.press_keys("i");
    assert!(!harness.contains("Esc: close"), "the key that opened it closes it");
}

#[test]
fn escape_goes_back_one_step_at_a_time() {
    let mut harness = Harness::after_run(&contention());
    harness.press_keys("j<left>");
    harness.press_keys("<esc>");
    assert!(harness.contains("now"), "first the cursor");
    harness.press_keys("<esc>");
    assert!(harness.contains("LIVE"), "then the selection");
    harness.press_keys("<esc>");
    assert!(harness.contains("see threads and processes contend"), "then the picker: {}", harness.screen_text());
    harness.press_keys("<enter>");
    assert_eq!(harness.run_count(), 2, "which can run it again");
}

#[test]
fn q_and_control_c_quit_from_anywhere() {
    for keys in ["q", "?qq", "/x<enter>q", "<esc>q"] {
        let mut harness = Harness::after_run(&contention());
        harness.press_keys(keys);
        assert_eq!(harness.ending(), "quit", "{keys}");
    }
    for keys in ["<c-c>", "?<c-c>", "/<c-c>", "<esc><c-c>"] {
        let mut harness = Harness::after_run(&contention());
        harness.press_keys(keys);
        assert_eq!(harness.ending(), "2", "{keys} ends it as SIGINT does");
    }
}

#[test]
fn control_z_suspends_and_redraws_everything() {
    let mut harness = Harness::after_run(&contention());
    let before = harness.screen_text();
    harness.press_keys("<c-z>");
    assert_eq!(*harness.suspended.borrow(), 1);
    assert_eq!(harness.screen_text(), before, "everything is drawn again");
}

#[test]
fn deadlock_is_on_screen_at_the_next_frame() {
    let script = deadlock(2);
    let mut harness = Harness::in_picker(&script);
    harness.press_keys("<enter>");
    harness.tick(ms(90));
    for message in &script.messages {
        harness.feed_message(message.clone());
    }
    harness.tick(ms(190));
    assert!(harness.contains("THE RING") && harness.contains("fork-2"), "{}", harness.screen_text());
}

#[test]
fn enter_on_a_finding_goes_to_its_lane_and_time() {
    let mut harness = Harness::after_run(&deadlock(3));
    harness.press_keys("<enter>");
    assert!(!harness.contains("now  "), "the window stands where it happened: {}", harness.screen_text());
}

#[test]
fn click_sets_the_cursor_and_selects_and_wheel_zooms() {
    let mut harness = Harness::after_run(&contention());
    let mouse = |kind, column, row| Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
    let before = harness.screen_text();
    harness.send_event(mouse(MouseEventKind::ScrollDown, 60, 8));
    assert_ne!(harness.screen_text(), before, "the wheel zooms out");
    harness.send_event(mouse(MouseEventKind::ScrollUp, 60, 8));
    assert_eq!(harness.screen_text(), before, "and in");
    let row = before.lines().position(|line| line.contains("teller-2")).unwrap_or_default() as u16;
    harness.send_event(mouse(MouseEventKind::Down(MouseButton::Left), 80, row));
    harness.send_event(mouse(MouseEventKind::Up(MouseButton::Left), 80, row));
    assert_ne!(harness.screen_text(), before, "a click sets the cursor");
    harness.press_keys("x");
    assert_eq!(harness.last_run().source.commands(), [Command::Kill(WorkerId(1))], "and chooses the row");
}

#[test]
fn dragging_moves_the_window() {
    let mut harness = Harness::after_run(&contention());
    let mouse = |kind, column| Event::Mouse(MouseEvent { kind, column, row: 8, modifiers: KeyModifiers::NONE });
    harness.send_event(mouse(MouseEventKind::Down(MouseButton::Left), 60));
    harness.send_event(mouse(MouseEventKind::Drag(MouseButton::Left), 70));
    harness.send_event(mouse(MouseEventKind::Up(MouseButton::Left), 70));
    assert!(!harness.contains("now  "), "the window left the newest: {}", harness.screen_text());
    harness.press_keys("f");
    assert!(harness.contains("now  "));
}

#[test]
fn thousand_lanes_can_all_be_reached() {
    let mut harness = Harness::after_run(&many_workers(1_000));
    assert!(harness.contains(" more"), "lanes without a row are counted: {}", harness.screen_text());
    for _ in 0..50 {
        harness.send_event(Event::Key(crossterm::event::KeyCode::PageDown.into()));
    }
    assert!(harness.contains("w-500"), "{}", harness.screen_text());
}

#[test]
fn picker_filters_by_typing_and_shows_the_text() {
    let mut harness = Harness::in_picker(&contention());
    harness.press_keys("zzz");
    assert!(harness.contains("No match for \"zzz\""), "{}", harness.screen_text());
    harness.press_keys("<esc>te");
    assert!(harness.contains("Tellers at one account") && harness.contains("How many deposits a second?"));
    harness.press_keys("<esc>e");
    assert!(harness.contains("title \"Tellers"), "e shows the text of a catalogue scenario");
}

#[test]
fn missing_guardian_is_shown_at_the_next_key() {
    let mut harness = Harness::in_picker(&contention());
    harness.press_keys("<down>");
    assert!(!harness.contains("unguarded"), "{}", harness.screen_text());
    *harness.is_guarded.borrow_mut() = false;
    harness.press_keys("<down>");
    assert!(harness.contains("unguarded"), "{}", harness.screen_text());
}

#[test]
fn mark_is_set_now_or_at_the_cursor_and_listed_in_the_log() {
    let mut harness = Harness::after_run(&contention());
    harness.press_keys("M");
    assert!(harness.contains("Set mark 1 at 5.000 s"), "{}", harness.screen_text());
    harness.press_keys(&"<left>".repeat(20));
    harness.press_keys("M");
    assert!(harness.contains("Set mark 2 at 4.000 s"), "{}", harness.screen_text());
    harness.press_keys("f ");
    harness.press_keys(&"<left>".repeat(40));
    harness.press_keys("M<esc>");
    assert!(harness.contains("mark 2"), "the axis has it: {}", harness.screen_text());
    assert!(harness.contains("mark 3"), "a frozen picture gets marks, too: {}", harness.screen_text());
    while !harness.contains("EVENTS") {
        harness.press_keys("<tab>");
    }
    assert!(harness.contains("4.000 s  ▾ mark 2  by you"), "{}", harness.screen_text());
}
