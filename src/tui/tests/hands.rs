//! What keys and the mouse do, through the real loop.

use crossterm::event::{Event, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::desk::Desk;
use super::script::{contention, crowd, deadlock, ms};
use crate::trace::{Command, KnobId, Message, RunEnd, WorkerId};

#[test]
fn space_freezes_the_picture_while_collection_goes_on() {
    let script = contention();
    let mut desk = Desk::run(&script);
    assert!(desk.shows("live 5.0 s"), "a run begins live: {}", desk.screen());
    desk.keys(" ");
    assert!(desk.shows("frozen 5.0 s"), "space freezes");
    let frozen = desk.screen();
    desk.feed(Message::Events(Vec::new()));
    let frames = desk.frames();
    desk.tick(ms(9_000));
    assert_eq!(desk.screen(), frozen, "a frozen picture stands still");
    assert_eq!(desk.frames(), frames, "and costs no frame");
    desk.keys(" ");
    desk.tick(ms(9_000));
    assert!(desk.shows("live 9.0 s"), "space again resumes at the newest");
}

#[test]
fn zooming_changes_how_much_time_is_in_sight_and_back() {
    let mut desk = Desk::run(&contention());
    let before = desk.screen();
    desk.keys("[");
    let wide = desk.screen();
    assert_ne!(wide, before, "[ shows more time");
    desk.keys("]");
    assert_eq!(desk.screen(), before, "] undoes [");
}

#[test]
fn a_cursor_in_the_past_holds_the_window_and_f_follows_again() {
    let mut desk = Desk::run(&contention());
    desk.keys("<left><left>");
    assert!(desk.shows("4.900 s"), "the cursor says where it stands: {}", desk.screen());
    let held = desk.screen();
    desk.tick(ms(5_300));
    let lanes = |s: &str| s.lines().skip(1).take(6).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lanes(&desk.screen()), lanes(&held), "nothing moves under the user's hands");
    desk.keys("f");
    assert!(desk.shows("now") && !desk.shows("4.900 s"), "f follows the newest, without a cursor");
}

#[test]
fn a_turned_knob_reaches_the_run() {
    let mut desk = Desk::run(&contention());
    desk.keys("+");
    let asked = desk.reel().asked.borrow().clone();
    let [Command::Turn { knob, value }] = asked.as_slice() else { panic!("+ turns the chosen knob: {asked:?}") };
    assert!(*value > 0.0);
    let name = &super::script::scenario().knobs[knob.index()].name;
    assert_eq!(desk.runs(), 1, "a knob that is live needs no new run");
    assert!(desk.shows(name));
}

#[test]
fn a_knob_that_is_not_live_starts_the_run_anew_with_it() {
    let mut desk = Desk::run(&contention());
    let scenario = super::script::scenario();
    let fixed = scenario.knobs.iter().position(|k| !k.live).expect("the number of tellers is fixed for a run");
    let live = scenario.knobs.iter().position(|k| k.live).expect("the time the lock is held is live");
    assert_eq!((fixed, live), (0, 1), "the first live one is chosen at the start");
    desk.keys(",+");
    assert_eq!(desk.runs(), 2, "it starts anew");
    let settings = desk.reel().settings;
    let before = scenario.defaults().number(KnobId::from(fixed));
    assert!(settings.number(KnobId::from(fixed)) > before, "with the new value");
}

#[test]
fn r_starts_the_run_anew_and_s_stops_it() {
    let mut desk = Desk::run(&contention());
    desk.keys("s");
    assert_eq!(*desk.reel().asked.borrow(), [Command::Stop]);
    desk.feed(Message::Ended { at: ms(5_100), how: RunEnd::Stopped });
    assert!(desk.shows("stopped 5.1 s"), "the picture stays: {}", desk.screen());
    desk.keys("r");
    assert_eq!(desk.runs(), 2);
    assert!(desk.shows("live"));
}

#[test]
fn an_ended_run_costs_no_frames() {
    let mut desk = Desk::run(&contention());
    desk.feed(Message::Ended { at: ms(5_000), how: RunEnd::Completed });
    assert!(desk.shows("completed"));
    let frames = desk.frames();
    desk.tick(ms(6_000));
    assert_eq!(desk.frames(), frames);
}

#[test]
fn a_run_that_goes_without_a_word_is_called_crashed() {
    let mut desk = Desk::run(&contention());
    desk.hang_up();
    assert!(desk.shows("crashed") && desk.shows("its events stopped coming"), "{}", desk.screen());
}

#[test]
fn x_kills_the_chosen_worker_and_only_that() {
    let mut desk = Desk::run(&contention());
    desk.keys("x");
    assert!(desk.reel().asked.borrow().is_empty() && desk.shows("choose a worker first"), "none is chosen");
    desk.keys("jjx");
    assert_eq!(*desk.reel().asked.borrow(), [Command::Kill(WorkerId(1))]);
}

#[test]
fn enter_looks_into_a_worker_and_a_lock() {
    let mut desk = Desk::run(&contention());
    desk.keys("j<enter>");
    assert!(desk.shows("waited") && desk.shows("for a CPU"), "{}", desk.screen());
    desk.keys("<esc><tab><enter>");
    assert!(desk.shows("std mutex") && desk.shows("fairness"), "{}", desk.screen());
}

#[test]
fn the_filter_takes_what_is_typed_and_pasted_and_nothing_else_does() {
    let mut desk = Desk::run(&contention());
    desk.event(Event::Paste("q".into()));
    assert_eq!(desk.ended(), "goes on", "pasted text is no command");
    desk.keys("/2");
    assert!(desk.shows("teller-2") && !desk.shows("teller-3"), "{}", desk.screen());
    desk.keys("q<enter>");
    assert_eq!(desk.ended(), "goes on", "letters go to the filter");
    desk.keys("<esc>");
    assert!(desk.shows("teller-3"), "esc drops the filter");
    desk.keys("/");
    desk.event(Event::Paste("r-3\n".into()));
    assert!(desk.shows("teller-3") && !desk.shows("teller-2"), "the filter can be pasted");
}

#[test]
fn help_shows_every_key_and_closes() {
    let mut desk = Desk::run(&contention());
    desk.keys("?");
    let first = desk.screen();
    let mut all = first.clone();
    for _ in 0..4 {
        desk.keys("jjjjjjjjjj");
        all.push_str(&desk.screen());
    }
    for binding in crate::tui::keys::at(crate::tui::keys::Place::Live) {
        let words: Vec<&str> = binding.help.split_whitespace().take(3).collect();
        assert!(all.contains(&words.join(" ")), "{}: {}", binding.names(), binding.help);
    }
    desk.keys("?");
    assert!(!desk.shows("this help"));
}

#[test]
fn what_is_asked_for_comes_in_the_place_of_what_lay_over_the_picture() {
    let mut desk = Desk::run(&contention());
    desk.keys("i?");
    assert!(desk.shows("this help"));
    desk.keys("i");
    assert!(!desk.shows("this help") && desk.shows("esc: close"));
    desk.keys("i");
    assert!(!desk.shows("esc: close"), "the key that opened it closes it");
}

#[test]
fn escape_goes_back_one_step_at_a_time() {
    let mut desk = Desk::run(&contention());
    desk.keys("j<left>");
    desk.keys("<esc>");
    assert!(desk.shows("now"), "first the cursor");
    desk.keys("<esc>");
    assert!(desk.shows("live"), "then the choice");
    desk.keys("<esc>");
    assert!(desk.shows("see threads and processes contend"), "then the picker: {}", desk.screen());
    desk.keys("<enter>");
    assert_eq!(desk.runs(), 2, "from which it can be run again");
}

#[test]
fn q_and_control_c_quit_from_anywhere() {
    for keys in ["q", "?qq", "/x<enter>q", "<esc>q"] {
        let mut desk = Desk::run(&contention());
        desk.keys(keys);
        assert_eq!(desk.ended(), "quit", "{keys}");
    }
    for keys in ["<c-c>", "?<c-c>", "/<c-c>", "<esc><c-c>"] {
        let mut desk = Desk::run(&contention());
        desk.keys(keys);
        assert_eq!(desk.ended(), "2", "{keys} ends it as SIGINT does");
    }
}

#[test]
fn control_z_stops_the_dashboard_and_nothing_is_lost() {
    let mut desk = Desk::run(&contention());
    let before = desk.screen();
    desk.keys("<c-z>");
    assert_eq!(*desk.suspended.borrow(), 1);
    assert_eq!(desk.screen(), before, "everything is drawn again");
}

#[test]
fn a_deadlock_is_on_screen_at_the_next_frame() {
    let script = deadlock(2);
    let mut desk = Desk::picker(&script);
    desk.keys("<enter>");
    desk.tick(ms(90));
    for message in &script.messages {
        desk.feed(message.clone());
    }
    desk.tick(ms(190));
    assert!(desk.shows("Deadlock") && desk.shows("wants fork-2"), "{}", desk.screen());
}

#[test]
fn a_finding_leads_to_its_lane() {
    let mut desk = Desk::run(&deadlock(3));
    desk.keys("<enter>");
    assert!(!desk.shows("now│"), "the window stands where it happened: {}", desk.screen());
}

#[test]
fn a_click_sets_the_cursor_and_chooses_and_the_wheel_zooms() {
    let mut desk = Desk::run(&contention());
    let mouse = |kind, column, row| Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
    let before = desk.screen();
    desk.event(mouse(MouseEventKind::ScrollDown, 60, 4));
    assert_ne!(desk.screen(), before, "the wheel zooms out");
    desk.event(mouse(MouseEventKind::ScrollUp, 60, 4));
    assert_eq!(desk.screen(), before, "and in");
    let row = before.lines().position(|line| line.contains("teller-2")).unwrap_or_default() as u16;
    desk.event(mouse(MouseEventKind::Down(MouseButton::Left), 80, row));
    desk.event(mouse(MouseEventKind::Up(MouseButton::Left), 80, row));
    assert_ne!(desk.screen(), before, "a click sets the cursor");
    desk.keys("x");
    assert_eq!(*desk.reel().asked.borrow(), [Command::Kill(WorkerId(1))], "and chooses the row");
}

#[test]
fn dragging_moves_the_window_with_the_hand() {
    let mut desk = Desk::run(&contention());
    let mouse = |kind, column| Event::Mouse(MouseEvent { kind, column, row: 4, modifiers: KeyModifiers::NONE });
    desk.event(mouse(MouseEventKind::Down(MouseButton::Left), 60));
    desk.event(mouse(MouseEventKind::Drag(MouseButton::Left), 70));
    desk.event(mouse(MouseEventKind::Up(MouseButton::Left), 70));
    assert!(!desk.shows("now│"), "the window left the newest: {}", desk.screen());
    desk.keys("f");
    assert!(desk.shows("now│"));
}

#[test]
fn a_thousand_lanes_can_all_be_reached() {
    let mut desk = Desk::run(&crowd(1_000));
    assert!(desk.shows(" more"), "what has no row is told: {}", desk.screen());
    for _ in 0..50 {
        desk.event(Event::Key(crossterm::event::KeyCode::PageDown.into()));
    }
    assert!(desk.shows("w-500"), "{}", desk.screen());
}

#[test]
fn the_picker_filters_by_typing_and_shows_the_text() {
    let mut desk = Desk::picker(&contention());
    desk.keys("zzz");
    assert!(desk.shows("no scenario has this in its name"), "{}", desk.screen());
    desk.keys("<esc>te");
    assert!(desk.shows("Tellers at one account") && desk.shows("How many deposits a second?"));
    desk.keys("<esc>e");
    assert!(desk.shows("title \"Tellers"), "e shows the text of what is part of the program");
}

#[test]
fn a_guardian_that_is_gone_is_seen_with_the_next_key() {
    let mut desk = Desk::picker(&contention());
    desk.keys("<down>");
    assert!(!desk.shows("unguarded"), "{}", desk.screen());
    *desk.guarded.borrow_mut() = false;
    desk.keys("<down>");
    assert!(desk.shows("unguarded"), "{}", desk.screen());
}
