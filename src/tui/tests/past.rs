//! A window or a cursor in the past: all of the screen is of that moment, or says that it is not.

use super::desk::{COLOUR, Desk, app, press, screen, text};
use super::script::{Script, contention, deadlock, ms, pool, time_of, told, turned, wreck};
use crate::trace::{Command, KnobId, Message, Notice, RunEnd, Stamp, WorkerId};
use crate::tui::app::{App, Msg, Showing};
use crate::tui::watch::{Pane, View, Watch};

/// What of a run had happened by `at`.
fn until(mut script: Script, at: Stamp) -> Script {
    script.messages.retain(|message| time_of(message) <= at);
    script.until = at;
    script
}

fn watch(app: &mut App) -> &mut Watch {
    match &mut app.showing {
        Showing::Watch(watch) => watch,
        _ => panic!("no run is shown"),
    }
}

/// The whole run, looked at with the window's end, and perhaps a cursor, at this moment.
fn looked_back(script: &Script, at: Stamp, cursor: bool, size: (u16, u16)) -> App {
    let mut app = app(script, COLOUR, size.0, size.1);
    let watch = watch(&mut app);
    (watch.view, watch.cursor) = (View::Until(at), cursor.then_some(at));
    watch.refresh();
    app.update(Msg::Resized(app.size()));
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
        ("turned", turned, vec![750, 3_550]),
        ("wreck", wreck, vec![3_550]),
    ];
    for (name, script, times) in scripts {
        for size in [(80, 24), (120, 40), (200, 60)] {
            for at in times.iter().copied().map(ms) {
                for keys in ["", "<tab>", "<tab><tab><tab>"] {
                    let mut past = looked_back(&told(script()), at, false, size);
                    let mut live = app(&until(told(script()), at), COLOUR, size.0, size.1);
                    press(&mut past, keys);
                    press(&mut live, keys);
                    let (past, live) = (text(&screen(&past)), text(&screen(&live)));
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
            let mut past = looked_back(&told(script()), at, true, (120, 40));
            let mut live = app(&until(told(script()), at), COLOUR, 120, 40);
            press(&mut past, keys);
            press(&mut live, keys);
            let (past, live) = (text(&screen(&past)), text(&screen(&live)));
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
    let script = told(contention());
    for turn in 3..24_u64 {
        let at = ms(turn * 200 + 120); // the next one has begun to wait
        let mut app = looked_back(&script, at, true, (200, 60));
        let (holder, waiter) = (format!("teller-{}", turn % 3 + 1), format!("teller-{}", (turn + 1) % 3 + 1));
        let figures = &watch(&mut app).figures;
        let lock = &figures.locks[0].1;
        assert_eq!(lock.owner, Some(WorkerId((turn % 3) as u16)), "turn {turn}");
        assert_eq!(figures.waits.edges.len(), 1);
        press(&mut app, "<tab><enter>");
        let popup = text(&screen(&app));
        assert!(popup.contains(&format!("held by {holder} for 120 ms")), "{popup}");
        assert!(popup.contains(&format!("waited for by {waiter} 20 ms")), "{popup}");
        press(&mut app, "<esc>");
        let graph = text(&screen(&app));
        assert!(graph.contains(&format!("{waiter} ──▶ account held by {holder}")), "{graph}");
    }
}

#[test]
fn findings_of_later_are_not_shown_before() {
    let script = told(wreck());
    let before = text(&screen(&looked_back(&script, ms(900), true, (120, 40))));
    assert!(!before.contains("panicked"), "{before}");
    let after = text(&screen(&looked_back(&script, ms(1_010), true, (120, 40))));
    assert!(after.contains("worker-1 panicked") && after.contains("noticed"), "it held since 1 s: {after}");
    let later = text(&screen(&looked_back(&script, ms(1_600), true, (120, 40))));
    assert!(later.contains("worker-1 panicked") && !later.contains("noticed"), "{later}");
}

#[test]
fn a_deadlock_is_not_drawn_before_it_closed() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        let shown = |at| text(&screen(&looked_back(&told(deadlock(2)), ms(at), true, size)));
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
    let mut desk = Desk::run(&told(contention()));
    assert!(desk.shows("live 5.0 s"));
    desk.keys("<left><left>");
    assert!(desk.shows("at 4.9 s, 100 ms ago") && !desk.shows("live"), "{}", desk.screen());
    desk.keys("<esc>h");
    desk.keys(" ");
    assert!(desk.shows("before frozen 5.0 s"), "{}", desk.screen());
    desk.keys("f");
    assert!(desk.shows("live 5.0 s") && !desk.shows("frozen"), "f follows the newest: {}", desk.screen());
    desk.feed(Message::Ended { at: ms(5_100), how: RunEnd::Completed });
    desk.keys("<left>");
    assert!(desk.shows("before completed 5.1 s"), "{}", desk.screen());
}

#[test]
fn a_run_goes_on_being_known_while_the_picture_is_frozen() {
    let script = told(wreck());
    let mut desk = Desk::picker(&script);
    desk.keys("<enter>");
    let (first, rest) = script.messages.split_at(script.messages.len() / 8);
    for message in first {
        desk.feed(message.clone());
    }
    desk.tick(ms(400));
    desk.keys(" ");
    for message in rest {
        desk.feed(message.clone());
    }
    assert!(desk.shows("frozen") && !desk.shows("panicked"), "{}", desk.screen());
    desk.keys("f");
    desk.tick(script.until);
    assert!(desk.shows("worker-1 panicked"), "{}", desk.screen());
    let app = desk.app();
    let past = watch(app);
    (past.view, past.cursor) = (View::Until(ms(1_800)), Some(ms(1_800)));
    past.refresh();
    let found: Vec<_> = past.figures.findings.iter().map(|f| (f.id, f.sentence.contains("noticed"))).collect();
    assert_eq!(found, [("crashed", false)], "noticed at its time, though nobody looked");
}

#[test]
fn a_knob_turned_while_the_picture_stands_is_not_that_of_the_picture() {
    let mut desk = Desk::run(&told(contention()));
    desk.keys(" +");
    assert!(desk.shows("hold 20ms\u{2192}50ms"), "{}", desk.screen());
    assert_eq!(desk.reel().asked.borrow().len(), 1, "the run has it");
    desk.keys(" ");
    assert!(desk.shows("hold 50ms") && !desk.shows("20ms"), "{}", desk.screen());
    let [Command::Turn { knob, .. }] = desk.reel().asked.borrow()[..] else { panic!("it was turned") };
    let notice = Notice::Turned { knob, name: "hold".into(), shown: "50ms".into() };
    desk.feed(Message::Notice { at: ms(5_050), notice });
    desk.feed(Message::Through(ms(5_300)));
    desk.tick(ms(6_000));
    desk.keys("<left>");
    assert!(desk.shows("hold 50ms") && !desk.shows("20ms"), "it was turned before: {}", desk.screen());
    let past = watch(desk.app());
    (past.view, past.cursor) = (View::Until(ms(4_000)), Some(ms(4_000)));
    past.refresh();
    assert_eq!(past.knob_value(KnobId(1)), ("20ms".to_owned(), Some("50ms".to_owned())));
}

#[test]
fn the_log_ends_at_the_moment_that_is_shown() {
    for (at, lines) in [(900, 0), (1_100, 2)] {
        let mut app = looked_back(&told(wreck()), ms(at), true, (80, 24));
        press(&mut app, "<tab><tab>");
        let log = text(&screen(&app));
        assert_eq!(log.lines().filter(|line| line.contains("1.001 s")).count(), lines, "{log}");
    }
}

#[test]
fn an_answer_says_up_to_when_it_is_judged() {
    let mut app = looked_back(&told(contention()), ms(2_000), true, (120, 40));
    press(&mut app, "a");
    let shown = text(&screen(&app));
    assert!(shown.contains("What came of it, up to 5.0 s"), "{shown}");
}

#[test]
fn the_oldest_states_have_no_age_and_no_made_up_waits() {
    let mut app = looked_back(&told(contention()), ms(2_120), true, (120, 40));
    let figures = &mut watch(&mut app).figures;
    figures.lanes.iter_mut().flatten().for_each(|lane| lane.exact = false);
    figures.waits.edges.clear();
    let lane = |shown: &str| shown.lines().find(|line| line.starts_with(" teller-1")).expect("a lane").to_owned();
    let shown = text(&screen(&app));
    assert!(!lane(&shown)[..24].contains("ms"), "{shown}");
    watch(&mut app).pane = Pane::Graph;
    let shown = text(&screen(&app));
    assert!(shown.contains("who waited for whom so long ago is not kept"), "{shown}");
}

#[test]
fn a_run_past_its_limit_is_said_to_be_ending() {
    let mut desk = Desk::picker(&contention());
    desk.app().limit = Some(crate::trace::Span::millis(2_000));
    desk.keys("<enter>");
    desk.tick(ms(2_100));
    assert!(desk.shows("live 2.1 s"), "within what ending takes: {}", desk.screen());
    desk.tick(ms(3_300));
    assert!(desk.shows("ending 3.3 s") && desk.shows("1.3 s past its limit of 2.0 s"), "{}", desk.screen());
    desk.feed(Message::Ended { at: ms(3_300), how: RunEnd::Time });
    assert!(desk.shows("time 3.3 s") && desk.shows("1.3 s past its limit of 2.0 s"), "{}", desk.screen());
}
