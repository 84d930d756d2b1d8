//! What keys and the mouse do, through the real loop.

use crossterm::event::{Event, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::harness::Harness;
use super::script::{contention, deadlock, many_workers, ms};
use crate::trace::{Command, KnobId, Message, RunEnd, WorkerId};

#[test]
fn space_freezes_the_picture_while_collection_goes_on() {
    let script = contention();
    let mut desk = Harness::after_run(&script);
    assert!(desk.contains("live 5.0 s"), "a run begins live: {}", desk.screen_text());
    desk.press_keys(" ");
    assert!(desk.contains("frozen 5.0 s"), "space freezes");
    let frozen = desk.screen_text();
    desk.feed_message(Message::Events(Vec::new()));
    let frames = desk.frame_count();
    desk.tick(ms(9_000));
    assert_eq!(desk.screen_text(), frozen, "a frozen picture stands still");
    assert_eq!(desk.frame_count(), frames, "and costs no frame");
    desk.press_keys(" ");
    desk.tick(ms(9_000));
    assert!(desk.contains("live 9.0 s"), "space again resumes at the newest");
}

#[test]
fn zooming_changes_how_much_time_is_in_sight_and_back() {
    let mut desk = Harness::after_run(&contention());
    let before = desk.screen_text();
    desk.press_keys("[");
    let wide = desk.screen_text();
    assert_ne!(wide, before, "[ shows more time");
    desk.press_keys("]");
    assert_eq!(desk.screen_text(), before, "] undoes [");
}

#[test]
fn a_cursor_in_the_past_holds_the_window_and_f_follows_again() {
    let mut desk = Harness::after_run(&contention());
    desk.press_keys("<left><left>");
    assert!(desk.contains("4.900 s"), "the cursor says where it stands: {}", desk.screen_text());
    let held = desk.screen_text();
    desk.tick(ms(5_300));
    let lanes = |s: &str| s.lines().skip(1).take(6).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lanes(&desk.screen_text()), lanes(&held), "nothing moves under the user's hands");
    desk.press_keys("f");
    assert!(desk.contains("now") && !desk.contains("4.900 s"), "f follows the newest, without a cursor");
}

#[test]
fn a_turned_knob_reaches_the_run() {
    let mut desk = Harness::after_run(&contention());
    desk.press_keys("+");
    let asked = desk.last_run().commands.borrow().clone();
    let [Command::SetKnob { knob, value }] = asked.as_slice() else { panic!("+ turns the chosen knob: {asked:?}") };
    assert!(*value > 0.0);
    let name = &super::script::scenario().knobs[knob.index()].name;
    assert_eq!(desk.run_count(), 1, "a knob that is live needs no new run");
    assert!(desk.contains(name));
}

#[test]
fn a_knob_that_is_not_live_starts_the_run_anew_with_it() {
    let mut desk = Harness::after_run(&contention());
    let scenario = super::script::scenario();
    let fixed = scenario.knobs.iter().position(|k| !k.is_live).expect("the number of tellers is fixed for a run");
    let live = scenario.knobs.iter().position(|k| k.is_live).expect("the time the lock is held is live");
    assert_eq!((fixed, live), (0, 1), "the first live one is chosen at the start");
    desk.press_keys(",+");
    assert_eq!(desk.run_count(), 2, "it starts anew");
    let settings = desk.last_run().settings;
    let before = scenario.default_settings().number(KnobId::from(fixed));
    assert!(settings.number(KnobId::from(fixed)) > before, "with the new value");
}

#[test]
fn r_starts_the_run_anew_and_s_stops_it() {
    let mut desk = Harness::after_run(&contention());
    desk.press_keys("s");
    assert_eq!(*desk.last_run().commands.borrow(), [Command::Stop]);
    desk.feed_message(Message::Ended { at: ms(5_100), reason: RunEnd::Stopped });
    assert!(desk.contains("stopped 5.1 s"), "the picture stays: {}", desk.screen_text());
    desk.press_keys("r");
    assert_eq!(desk.run_count(), 2);
    assert!(desk.contains("live"));
}

#[test]
fn an_ended_run_costs_no_frames() {
    let mut desk = Harness::after_run(&contention());
    desk.feed_message(Message::Ended { at: ms(5_000), reason: RunEnd::Completed });
    assert!(desk.contains("completed"));
    let frames = desk.frame_count();
    desk.tick(ms(6_000));
    assert_eq!(desk.frame_count(), frames);
}

#[test]
fn a_run_that_goes_without_a_word_is_called_crashed() {
    let mut desk = Harness::after_run(&contention());
    desk.close_run();
    assert!(desk.contains("crashed") && desk.contains("its events stopped coming"), "{}", desk.screen_text());
}

#[test]
fn x_kills_the_chosen_worker_and_only_that() {
    let mut desk = Harness::after_run(&contention());
    desk.press_keys("x");
    assert!(desk.last_run().commands.borrow().is_empty() && desk.contains("choose a worker first"), "none is chosen");
    desk.press_keys("jjx");
    assert_eq!(*desk.last_run().commands.borrow(), [Command::Kill(WorkerId(1))]);
}

#[test]
fn enter_looks_into_a_worker_and_a_lock() {
    let mut desk = Harness::after_run(&contention());
    desk.press_keys("j<enter>");
    assert!(desk.contains("waited") && desk.contains("for a CPU"), "{}", desk.screen_text());
    desk.press_keys("<esc><tab><enter>");
    assert!(desk.contains("std mutex") && desk.contains("fairness"), "{}", desk.screen_text());
}

#[test]
fn the_filter_takes_what_is_typed_and_pasted_and_nothing_else_does() {
    let mut desk = Harness::after_run(&contention());
    desk.send_event(Event::Paste("q".into()));
    assert_eq!(desk.ending(), "goes on", "pasted text is no command");
    desk.press_keys("/2");
    assert!(desk.contains("teller-2") && !desk.contains("teller-3"), "{}", desk.screen_text());
    desk.press_keys("q<enter>");
    assert_eq!(desk.ending(), "goes on", "letters go to the filter");
    desk.press_keys("<esc>");
    assert!(desk.contains("teller-3"), "esc drops the filter");
    desk.press_keys("/");
    desk.send_event(Event::Paste("r-3\n".into()));
    assert!(desk.contains("teller-3") && !desk.contains("teller-2"), "the filter can be pasted");
}

#[test]
fn help_shows_every_key_and_closes() {
    let mut desk = Harness::after_run(&contention());
    desk.press_keys("?");
    let first = desk.screen_text();
    let mut all = first.clone();
    for _ in 0..4 {
        desk.press_keys("jjjjjjjjjj");
        all.push_str(&desk.screen_text());
    }
    for binding in crate::tui::keys::bindings_in(crate::tui::keys::KeyContext::LiveRun) {
        let words: Vec<&str> = binding.help.split_whitespace().take(3).collect();
        assert!(all.contains(&words.join(" ")), "{}: {}", binding.key_names(), binding.help);
    }
    desk.press_keys("?");
    assert!(!desk.contains("this help"));
}

#[test]
fn what_is_asked_for_comes_in_the_place_of_what_lay_over_the_picture() {
    let mut desk = Harness::after_run(&contention());
    desk.press_keys("i?");
    assert!(desk.contains("this help"));
    desk.press_keys("i");
    assert!(!desk.contains("this help") && desk.contains("esc: close"));
    desk.press_keys("i");
    assert!(!desk.contains("esc: close"), "the key that opened it closes it");
}

#[test]
fn escape_goes_back_one_step_at_a_time() {
    let mut desk = Harness::after_run(&contention());
    desk.press_keys("j<left>");
    desk.press_keys("<esc>");
    assert!(desk.contains("now"), "first the cursor");
    desk.press_keys("<esc>");
    assert!(desk.contains("live"), "then the choice");
    desk.press_keys("<esc>");
    assert!(desk.contains("see threads and processes contend"), "then the picker: {}", desk.screen_text());
    desk.press_keys("<enter>");
    assert_eq!(desk.run_count(), 2, "from which it can be run again");
}

#[test]
fn q_and_control_c_quit_from_anywhere() {
    for keys in ["q", "?qq", "/x<enter>q", "<esc>q"] {
        let mut desk = Harness::after_run(&contention());
        desk.press_keys(keys);
        assert_eq!(desk.ending(), "quit", "{keys}");
    }
    for keys in ["<c-c>", "?<c-c>", "/<c-c>", "<esc><c-c>"] {
        let mut desk = Harness::after_run(&contention());
        desk.press_keys(keys);
        assert_eq!(desk.ending(), "2", "{keys} ends it as SIGINT does");
    }
}

#[test]
fn control_z_stops_the_dashboard_and_nothing_is_lost() {
    let mut desk = Harness::after_run(&contention());
    let before = desk.screen_text();
    desk.press_keys("<c-z>");
    assert_eq!(*desk.suspended.borrow(), 1);
    assert_eq!(desk.screen_text(), before, "everything is drawn again");
}

#[test]
fn a_deadlock_is_on_screen_at_the_next_frame() {
    let script = deadlock(2);
    let mut desk = Harness::in_picker(&script);
    desk.press_keys("<enter>");
    desk.tick(ms(90));
    for message in &script.messages {
        desk.feed_message(message.clone());
    }
    desk.tick(ms(190));
    assert!(desk.contains("Deadlock") && desk.contains("wants fork-2"), "{}", desk.screen_text());
}

#[test]
fn a_finding_leads_to_its_lane() {
    let mut desk = Harness::after_run(&deadlock(3));
    desk.press_keys("<enter>");
    assert!(!desk.contains("now│"), "the window stands where it happened: {}", desk.screen_text());
}

#[test]
fn a_click_sets_the_cursor_and_chooses_and_the_wheel_zooms() {
    let mut desk = Harness::after_run(&contention());
    let mouse = |kind, column, row| Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
    let before = desk.screen_text();
    desk.send_event(mouse(MouseEventKind::ScrollDown, 60, 4));
    assert_ne!(desk.screen_text(), before, "the wheel zooms out");
    desk.send_event(mouse(MouseEventKind::ScrollUp, 60, 4));
    assert_eq!(desk.screen_text(), before, "and in");
    let row = before.lines().position(|line| line.contains("teller-2")).unwrap_or_default() as u16;
    desk.send_event(mouse(MouseEventKind::Down(MouseButton::Left), 80, row));
    desk.send_event(mouse(MouseEventKind::Up(MouseButton::Left), 80, row));
    assert_ne!(desk.screen_text(), before, "a click sets the cursor");
    desk.press_keys("x");
    assert_eq!(*desk.last_run().commands.borrow(), [Command::Kill(WorkerId(1))], "and chooses the row");
}

#[test]
fn dragging_moves_the_window_with_the_hand() {
    let mut desk = Harness::after_run(&contention());
    let mouse = |kind, column| Event::Mouse(MouseEvent { kind, column, row: 4, modifiers: KeyModifiers::NONE });
    desk.send_event(mouse(MouseEventKind::Down(MouseButton::Left), 60));
    desk.send_event(mouse(MouseEventKind::Drag(MouseButton::Left), 70));
    desk.send_event(mouse(MouseEventKind::Up(MouseButton::Left), 70));
    assert!(!desk.contains("now│"), "the window left the newest: {}", desk.screen_text());
    desk.press_keys("f");
    assert!(desk.contains("now│"));
}

#[test]
fn a_thousand_lanes_can_all_be_reached() {
    let mut desk = Harness::after_run(&many_workers(1_000));
    assert!(desk.contains(" more"), "what has no row is told: {}", desk.screen_text());
    for _ in 0..50 {
        desk.send_event(Event::Key(crossterm::event::KeyCode::PageDown.into()));
    }
    assert!(desk.contains("w-500"), "{}", desk.screen_text());
}

#[test]
fn the_picker_filters_by_typing_and_shows_the_text() {
    let mut desk = Harness::in_picker(&contention());
    desk.press_keys("zzz");
    assert!(desk.contains("no scenario has this in its name"), "{}", desk.screen_text());
    desk.press_keys("<esc>te");
    assert!(desk.contains("Tellers at one account") && desk.contains("How many deposits a second?"));
    desk.press_keys("<esc>e");
    assert!(desk.contains("title \"Tellers"), "e shows the text of what is part of the program");
}

#[test]
fn a_guardian_that_is_gone_is_seen_with_the_next_key() {
    let mut desk = Harness::in_picker(&contention());
    desk.press_keys("<down>");
    assert!(!desk.contains("unguarded"), "{}", desk.screen_text());
    *desk.is_guarded.borrow_mut() = false;
    desk.press_keys("<down>");
    assert!(desk.contains("unguarded"), "{}", desk.screen_text());
}
