//! A window or a cursor in the past: all of the screen is of that moment, or says that it is not.

use super::harness::{COLOUR_THEME, Harness, app_after, press_keys, screen, screen_text};
use super::script::{
    Script, contention, deadlock, everything_wrong, in_delivery_order, knob_turned, ms, pool, time_of,
};
use crate::trace::{Command, KnobId, Message, Notice, RunEnd, Stamp, WorkerId};
use crate::tui::app::{App, AppEvent, CurrentView};
use crate::tui::run_view::{Pane, RunView, Viewport};

/// What of a run had happened by `at`.
fn truncated_at(mut script: Script, at: Stamp) -> Script {
    script.messages.retain(|message| time_of(message) <= at);
    script.until = at;
    script
}

fn run_view_of(app: &mut App) -> &mut RunView {
    match &mut app.current_view {
        CurrentView::Run(view) => view,
        _ => panic!("no run is shown"),
    }
}

/// The whole run, looked at with the window's end, and perhaps a cursor, at this moment.
fn app_looking_back(script: &Script, at: Stamp, cursor: bool, size: (u16, u16)) -> App {
    let mut app = app_after(script, COLOUR_THEME, size.0, size.1);
    let view = run_view_of(&mut app);
    (view.viewport, view.cursor) = (Viewport::Until(at), cursor.then_some(at));
    view.refresh();
    app.update(AppEvent::Resized(app.size()));
    app
}

/// Lines below the header and the labels of the time axis. What cores did is sampled: their strips are told later.
fn below_the_axis(shown: &str) -> Vec<String> {
    let lines = shown.lines().skip(1).filter(|line| !line.starts_with(" last "));
    let untold =
        |line: &str| if line.starts_with(" cpu") { line.replace(['▅', '▂'], " ") } else { line.to_owned() };
    lines.map(untold).collect()
}

#[test]
fn every_pane_shows_a_moment_as_it_was_shown_live() {
    // A gap is found out later than it began, and then the past has it.
    let scripts = [
        ("contention", contention as fn() -> Script, vec![400, 2_500]),
        ("pool", pool, vec![400, 750, 2_500]),
        ("turned", knob_turned, vec![750, 3_550]),
        ("wreck", everything_wrong, vec![3_550]),
    ];
    for (name, script, times) in scripts {
        for size in [(80, 24), (120, 40), (200, 60)] {
            for at in times.iter().copied().map(ms) {
                for keys in ["", "<tab>", "<tab><tab><tab>"] {
                    let mut past = app_looking_back(&in_delivery_order(script()), at, false, size);
                    let mut live =
                        app_after(&truncated_at(in_delivery_order(script()), at), COLOUR_THEME, size.0, size.1);
                    press_keys(&mut past, keys);
                    press_keys(&mut live, keys);
                    let (past, live) = (screen_text(&screen(&past)), screen_text(&screen(&live)));
                    assert_eq!(
                        below_the_axis(&past),
                        below_the_axis(&live),
                        "{name} at {at:?} on {size:?}, {keys}\n{past}\n{live}"
                    );
                }
            }
        }
    }
}

#[test]
fn popups_show_a_moment_as_they_did_live_and_mark_what_is_of_the_whole_run() {
    let upto = |shown: &str| {
        let ends = |line: &&str| line.contains("in the whole run") || line.contains("fairness") || line.contains('└');
        let inside = shown.lines().skip_while(|line| !line.contains("┌ "));
        inside.take_while(|line| !ends(line)).map(str::to_owned).collect::<Vec<_>>()
    };
    for (script, keys) in [
        (contention as fn() -> Script, "j<enter>"),
        (contention, "jj<enter>"),
        (contention, "<tab><enter>"),
        (pool, "jjjj<enter>"),
    ] {
        for at in [400, 1_100, 2_500, 3_550].map(ms) {
            let mut past = app_looking_back(&in_delivery_order(script()), at, true, (120, 40));
            let mut live = app_after(&truncated_at(in_delivery_order(script()), at), COLOUR_THEME, 120, 40);
            press_keys(&mut past, keys);
            press_keys(&mut live, keys);
            let (past, live) = (screen_text(&screen(&past)), screen_text(&screen(&live)));
            let (then, now) = (upto(&past), upto(&live));
            let common = then.len().min(now.len()).min(4);
            let words = |lines: &[String]| lines.iter().map(|l| l.trim().to_owned()).collect::<Vec<_>>();
            assert!(common > 1, "{past}\n{live}");
            assert_eq!(
                inner(&words(&then[..common])),
                inner(&words(&now[..common])),
                "{keys} at {at:?}\n{past}\n{live}"
            );
            if keys != "jjjj<enter>" {
                assert!(past.contains("in the whole run, up to 5.0 s"), "{past}");
            }
        }
    }
}

/// The text within an overlay's frame: where the frame stands depends on what follows.
fn inner(lines: &[String]) -> Vec<String> {
    let within = |line: &String| {
        let mut parts = line.split('│');
        parts.nth(1).unwrap_or_default().trim().to_owned()
    };
    lines.iter().map(within).filter(|line| !line.is_empty()).collect()
}

#[test]
fn the_lock_s_row_its_popup_and_the_graph_name_the_same_holder_and_waiter() {
    let script = in_delivery_order(contention());
    for turn in 3..24_u64 {
        let at = ms(turn * 200 + 120); // the next one has begun to wait
        let mut app = app_looking_back(&script, at, true, (200, 60));
        let (holder, waiter) = (format!("teller-{}", turn % 3 + 1), format!("teller-{}", (turn + 1) % 3 + 1));
        let figures = &run_view_of(&mut app).figures;
        let lock = &figures.locks[0].1;
        assert_eq!(lock.owner, Some(WorkerId((turn % 3) as u16)), "turn {turn}");
        assert_eq!(figures.waits.edges.len(), 1);
        press_keys(&mut app, "<tab><enter>");
        let popup = screen_text(&screen(&app));
        assert!(popup.contains(&format!("held by {holder} for 120 ms")), "{popup}");
        assert!(popup.contains(&format!("waited for by {waiter} 20 ms")), "{popup}");
        press_keys(&mut app, "<esc>");
        let graph = screen_text(&screen(&app));
        assert!(graph.contains(&format!("{waiter} ──▶ account held by {holder}")), "{graph}");
    }
}

#[test]
fn findings_of_later_are_not_shown_before() {
    let script = in_delivery_order(everything_wrong());
    let before = screen_text(&screen(&app_looking_back(&script, ms(900), true, (120, 40))));
    assert!(!before.contains("panicked"), "{before}");
    let after = screen_text(&screen(&app_looking_back(&script, ms(1_010), true, (120, 40))));
    assert!(after.contains("worker-1 panicked") && after.contains("noticed"), "it held since 1 s: {after}");
    let later = screen_text(&screen(&app_looking_back(&script, ms(1_600), true, (120, 40))));
    assert!(later.contains("worker-1 panicked") && !later.contains("noticed"), "{later}");
}

#[test]
fn a_deadlock_is_not_drawn_before_it_closed() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        let shown = |at| screen_text(&screen(&app_looking_back(&in_delivery_order(deadlock(2)), ms(at), true, size)));
        let (before, after) = (shown(80), shown(150));
        assert!(!before.contains("wants fork") && !before.contains("Both are stuck"), "{before}");
        assert!(after.contains("Both are stuck"), "{after}");
        if size.0 > 80 {
            assert!(
                before.contains("Who waits for whom") && after.contains("closed 100 ms after the start, 50 ms ago")
            );
        }
    }
}

#[test]
fn the_header_says_which_moment_is_shown() {
    let mut desk = Harness::after_run(&in_delivery_order(contention()));
    assert!(desk.contains("live 5.0 s"));
    desk.press_keys("<left><left>");
    assert!(desk.contains("at 4.9 s, 100 ms ago") && !desk.contains("live"), "{}", desk.screen_text());
    desk.press_keys("<esc>h");
    desk.press_keys(" ");
    assert!(desk.contains("before frozen 5.0 s"), "{}", desk.screen_text());
    desk.press_keys("f");
    assert!(desk.contains("live 5.0 s") && !desk.contains("frozen"), "f follows the newest: {}", desk.screen_text());
    desk.feed_message(Message::Ended { at: ms(5_100), reason: RunEnd::Completed });
    desk.press_keys("<left>");
    assert!(desk.contains("before completed 5.1 s"), "{}", desk.screen_text());
}

#[test]
fn a_run_goes_on_being_known_while_the_picture_is_frozen() {
    let script = in_delivery_order(everything_wrong());
    let mut desk = Harness::in_picker(&script);
    desk.press_keys("<enter>");
    let (first, rest) = script.messages.split_at(script.messages.len() / 8);
    for message in first {
        desk.feed_message(message.clone());
    }
    desk.tick(ms(400));
    desk.press_keys(" ");
    for message in rest {
        desk.feed_message(message.clone());
    }
    assert!(desk.contains("frozen") && !desk.contains("panicked"), "{}", desk.screen_text());
    desk.press_keys("f");
    desk.tick(script.until);
    assert!(desk.contains("worker-1 panicked"), "{}", desk.screen_text());
    let app = desk.app();
    let past = run_view_of(app);
    (past.viewport, past.cursor) = (Viewport::Until(ms(1_800)), Some(ms(1_800)));
    past.refresh();
    let found: Vec<_> = past.figures.findings.iter().map(|f| (f.id, f.sentence.contains("noticed"))).collect();
    assert_eq!(found, [("crashed", false)], "noticed at its time, though nobody looked");
}

#[test]
fn a_knob_turned_while_the_picture_stands_is_not_that_of_the_picture() {
    let mut desk = Harness::after_run(&in_delivery_order(contention()));
    desk.press_keys(" +");
    assert!(desk.contains("hold 20ms\u{2192}50ms"), "{}", desk.screen_text());
    assert_eq!(desk.last_run().commands.borrow().len(), 1, "the run has it");
    desk.press_keys(" ");
    assert!(desk.contains("hold 50ms") && !desk.contains("20ms"), "{}", desk.screen_text());
    let [Command::SetKnob { knob, .. }] = desk.last_run().commands.borrow()[..] else { panic!("it was turned") };
    let notice = Notice::KnobSet { knob, name: "hold".into(), value_text: "50ms".into() };
    desk.feed_message(Message::Notice { at: ms(5_050), notice });
    desk.feed_message(Message::Watermark(ms(5_300)));
    desk.tick(ms(6_000));
    desk.press_keys("<left>");
    assert!(desk.contains("hold 50ms") && !desk.contains("20ms"), "it was turned before: {}", desk.screen_text());
    let past = run_view_of(desk.app());
    (past.viewport, past.cursor) = (Viewport::Until(ms(4_000)), Some(ms(4_000)));
    past.refresh();
    assert_eq!(past.knob_value(KnobId(1)), ("20ms".to_owned(), Some("50ms".to_owned())));
}

#[test]
fn the_log_ends_at_the_moment_that_is_shown() {
    for (at, lines) in [(900, 0), (1_100, 2)] {
        let mut app = app_looking_back(&in_delivery_order(everything_wrong()), ms(at), true, (80, 24));
        press_keys(&mut app, "<tab><tab>");
        let log = screen_text(&screen(&app));
        assert_eq!(log.lines().filter(|line| line.contains("1.001 s")).count(), lines, "{log}");
    }
}

#[test]
fn an_answer_says_up_to_when_it_is_judged() {
    let mut app = app_looking_back(&in_delivery_order(contention()), ms(2_000), true, (120, 40));
    press_keys(&mut app, "a");
    let shown = screen_text(&screen(&app));
    assert!(shown.contains("What came of it, up to 5.0 s"), "{shown}");
}

#[test]
fn the_oldest_states_have_no_age_and_no_made_up_waits() {
    let mut app = app_looking_back(&in_delivery_order(contention()), ms(2_120), true, (120, 40));
    let figures = &mut run_view_of(&mut app).figures;
    figures.lanes.iter_mut().flatten().for_each(|lane| lane.is_exact = false);
    figures.waits.edges.clear();
    let lane = |shown: &str| shown.lines().find(|line| line.starts_with(" teller-1")).expect("a lane").to_owned();
    let shown = screen_text(&screen(&app));
    assert!(!lane(&shown)[..24].contains("ms"), "{shown}");
    run_view_of(&mut app).pane = Pane::Graph;
    let shown = screen_text(&screen(&app));
    assert!(shown.contains("who waited for whom so long ago is not kept"), "{shown}");
}

#[test]
fn a_run_past_its_limit_is_said_to_be_ending() {
    let mut desk = Harness::in_picker(&contention());
    desk.app().time_limit = Some(crate::trace::Span::from_millis(2_000));
    desk.press_keys("<enter>");
    desk.tick(ms(2_100));
    assert!(desk.contains("live 2.1 s"), "within what ending takes: {}", desk.screen_text());
    desk.tick(ms(3_300));
    assert!(desk.contains("ending 3.3 s") && desk.contains("1.3 s past its limit of 2.0 s"), "{}", desk.screen_text());
    desk.feed_message(Message::Ended { at: ms(3_300), reason: RunEnd::Time });
    assert!(desk.contains("time 3.3 s") && desk.contains("1.3 s past its limit of 2.0 s"), "{}", desk.screen_text());
}
