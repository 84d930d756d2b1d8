//! Tests of a window or a cursor in the past: the whole screen shows that moment, or says that it does not.

use super::app_screen::{COLOUR_THEME, app_after, press_keys, run_view_of, screen, screen_text};
use super::harness::Harness;
use super::script::{
    Script, contention, deadlock, everything_wrong, in_delivery_order, knob_turned, ms, pool, time_of,
};
use crate::trace::{Command, KnobId, Message, Notice, RunEnd, Stamp, WorkerId};
use crate::tui::app::{App, AppEvent};
use crate::tui::run_view::{Pane, Viewport};

/// Returns the script up to `at`.
fn truncated_at(mut script: Script, at: Stamp) -> Script {
    script.messages.retain(|message| time_of(message) <= at);
    script.until = at;
    script
}

/// Returns the app after the whole run, with the window's end, and perhaps a cursor, at this moment.
fn app_looking_back(script: &Script, at: Stamp, cursor: bool, size: (u16, u16)) -> App {
    let mut app = app_after(script, COLOUR_THEME, size.0, size.1);
    let view = run_view_of(&mut app);
    (view.viewport, view.cursor) = (Viewport::Until(at), cursor.then_some(at));
    view.refresh();
    app.update(AppEvent::Resized(app.size()));
    app
}

/// Returns the lines below the header and the labels of the time axis and above the tabs, without the loads of cores:
/// they are sampled, and arrive later. Nor has it the titles of panes that name the shown moments.
fn below_the_axis(shown: &str) -> Vec<String> {
    let above_the_tabs = shown.lines().count() - 1;
    let lines = shown.lines().take(above_the_tabs).skip(1).filter(|line| !line.starts_with(" WORKERS"));
    let until_title = |line: &str| {
        let titles = ["WHO COSTS WHOM", "WHO WAITS", "SIZES", "RESULT"].iter().filter_map(|title| line.find(title));
        line[..titles.min().unwrap_or(line.len())].to_owned()
    };
    let lines = lines.map(until_title);
    let mut follows_core = false;
    let untold = |line: String| {
        let is_second_line = follows_core && line.trim().chars().all(|c| c == '│' || ('▁'..='█').contains(&c));
        let is_first_line = line.starts_with(" cpu") || line.starts_with(" cores");
        follows_core = is_first_line;
        let is_core = is_first_line || is_second_line;
        if is_core { line.replace(['▅', '▂', '▄', '█'], " ") } else { line }
    };
    lines.map(untold).map(|line| line.trim_end().to_owned()).collect()
}

#[test]
fn past_moment_looks_as_it_did_live_in_every_pane() {
    // A gap is noticed after its beginning, and only the past shows it from there.
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
fn details_of_a_past_moment_look_as_they_did_live_and_name_the_window() {
    let upto = |shown: &str| {
        let ends = |line: &&str| line.contains("since the start") || line.contains("│ from ") || line.contains('└');
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
            assert!(past.contains("│ from ") && !past.contains("since the start"), "{past}");
            assert!(live.contains("since the start of the run"), "{live}");
        }
    }
}

/// Returns the text within an overlay's frame, whose position depends on what follows.
fn inner(lines: &[String]) -> Vec<String> {
    let within = |line: &String| {
        let mut parts = line.split('│');
        parts.nth(1).unwrap_or_default().trim().to_owned()
    };
    lines.iter().map(within).filter(|line| !line.is_empty()).collect()
}

#[test]
fn lock_row_details_and_graph_agree_on_holder_and_waiter() {
    let script = in_delivery_order(contention());
    for turn in 3..24_u64 {
        let at = ms(turn * 200 + 120); // the next worker has begun to wait
        let mut app = app_looking_back(&script, at, true, (200, 60));
        let (holder, waiter) = (format!("teller-{}", turn % 3 + 1), format!("teller-{}", (turn + 1) % 3 + 1));
        let figures = &run_view_of(&mut app).figures;
        let lock = &figures.locks[0].1;
        assert_eq!(lock.owner, Some(WorkerId((turn % 3) as u32)), "turn {turn}");
        assert_eq!(figures.waits.edges.len(), 1);
        press_keys(&mut app, "<tab><enter>");
        let popup = screen_text(&screen(&app));
        assert!(popup.contains(&format!("held by {holder} for 120 ms")), "{popup}");
        assert!(popup.contains(&format!("waited for by {waiter} 20 ms")), "{popup}");
        press_keys(&mut app, "<esc>");
        let graph = screen_text(&screen(&app));
        let has_both = |line: &str| line.contains(&format!("▎{waiter} ")) && line.contains(&format!("▶ │ {holder} "));
        assert!(graph.lines().any(has_both) && graph.contains("╰─ account ─"), "{graph}");
    }
}

#[test]
fn later_findings_are_not_shown_at_an_earlier_moment() {
    let script = in_delivery_order(everything_wrong());
    let before = screen_text(&screen(&app_looking_back(&script, ms(900), true, (120, 40))));
    assert!(!before.contains("panicked"), "{before}");
    let after = screen_text(&screen(&app_looking_back(&script, ms(1_010), true, (120, 40))));
    assert!(after.contains("worker-1 panicked") && after.contains("noticed"), "it held since 1 s: {after}");
    let later = screen_text(&screen(&app_looking_back(&script, ms(1_600), true, (120, 40))));
    assert!(later.contains("worker-1 panicked") && !later.contains("noticed"), "{later}");
}

#[test]
fn deadlock_is_not_drawn_before_it_closed() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        let shown = |at| screen_text(&screen(&app_looking_back(&in_delivery_order(deadlock(2)), ms(at), true, size)));
        let (before, after) = (shown(80), shown(150));
        assert!(!before.contains("THE RING") && !before.contains("Both are stuck"), "{before}");
        assert!(after.contains("Both are stuck"), "{after}");
        if size.0 > 80 {
            assert!(before.contains("WHO WAITS") && after.contains("Deadlocked 100 ms after the start, 50 ms ago"));
        }
    }
}

#[test]
fn header_shows_which_moment_is_shown() {
    let mut harness = Harness::after_run(&in_delivery_order(contention()));
    assert!(harness.contains("LIVE 5.0 s"));
    harness.press_keys("<left><left>");
    assert!(harness.contains("AT 4.9 s, 100 ms ago") && !harness.contains("LIVE"), "{}", harness.screen_text());
    harness.press_keys("<esc>h");
    harness.press_keys(" ");
    assert!(harness.contains("before    ‖ FROZEN 5.0 s"), "{}", harness.screen_text());
    harness.press_keys("f");
    assert!(
        harness.contains("LIVE 5.0 s") && !harness.contains("FROZEN"),
        "f follows the newest: {}",
        harness.screen_text()
    );
    harness.feed_message(Message::Ended { at: ms(5_100), reason: RunEnd::Completed });
    harness.press_keys("<left>");
    assert!(harness.contains("before    ■ COMPLETED 5.1 s"), "{}", harness.screen_text());
}

#[test]
fn totals_are_recorded_while_the_picture_is_frozen() {
    let script = in_delivery_order(everything_wrong());
    let mut harness = Harness::in_picker(&script);
    harness.press_keys("<enter>");
    let (first, rest) = script.messages.split_at(script.messages.len() / 8);
    for message in first {
        harness.feed_message(message.clone());
    }
    harness.tick(ms(400));
    harness.press_keys(" ");
    for message in rest {
        harness.feed_message(message.clone());
    }
    assert!(harness.contains("FROZEN") && !harness.contains("panicked"), "{}", harness.screen_text());
    harness.press_keys("f");
    harness.tick(script.until);
    assert!(harness.contains("worker-1 panicked"), "{}", harness.screen_text());
    let app = harness.app();
    let past = run_view_of(app);
    (past.viewport, past.cursor) = (Viewport::Until(ms(1_800)), Some(ms(1_800)));
    past.refresh();
    let found: Vec<_> = past.figures.findings.iter().map(|f| (f.id, f.sentence.contains("noticed"))).collect();
    assert_eq!(found, [("crashed", false)], "noticed at its time, although the picture was frozen");
}

#[test]
fn knob_turned_while_frozen_is_shown_as_next_value() {
    let mut harness = Harness::after_run(&in_delivery_order(contention()));
    harness.press_keys(" +");
    assert!(harness.contains("hold ◂ 20 ms\u{2192}50 ms ▸"), "{}", harness.screen_text());
    assert_eq!(harness.last_run().source.commands().len(), 1, "the run has it");
    harness.press_keys(" ");
    assert!(harness.contains("hold ◂ 50 ms ▸") && !harness.contains("20 ms"), "{}", harness.screen_text());
    let [Command::SetKnob { knob, .. }] = harness.last_run().source.commands()[..] else { panic!("it was turned") };
    let notice = Notice::KnobSet { knob, name: "hold".into(), value_text: "50ms".into() };
    harness.feed_message(Message::Notice { at: ms(5_050), notice });
    harness.feed_message(Message::Watermark(ms(5_300)));
    harness.tick(ms(6_000));
    harness.press_keys("<left>");
    assert!(
        harness.contains("hold ◂ 50 ms ▸") && !harness.contains("20 ms"),
        "it was turned before: {}",
        harness.screen_text()
    );
    let past = run_view_of(harness.app());
    (past.viewport, past.cursor) = (Viewport::Until(ms(4_000)), Some(ms(4_000)));
    past.refresh();
    assert_eq!(past.knob_value(KnobId(1)), ("20ms".to_owned(), Some("50ms".to_owned())));
}

#[test]
fn log_ends_at_the_shown_moment() {
    for (at, lines) in [(900, 0), (1_100, 2)] {
        let mut app = app_looking_back(&in_delivery_order(everything_wrong()), ms(at), true, (80, 24));
        press_keys(&mut app, "<tab><tab>");
        let log = screen_text(&screen(&app));
        assert_eq!(log.lines().filter(|line| line.contains("1.001 s")).count(), lines, "{log}");
    }
}

#[test]
fn answer_says_up_to_when_it_is_judged() {
    let mut app = app_looking_back(&in_delivery_order(contention()), ms(2_000), true, (120, 40));
    press_keys(&mut app, "a");
    let shown = screen_text(&screen(&app));
    assert!(shown.contains("RESULT  up to 5.0 s"), "{shown}");
}

#[test]
fn inexact_states_have_no_age_and_no_waits() {
    let mut app = app_looking_back(&in_delivery_order(contention()), ms(2_120), true, (120, 40));
    let figures = &mut run_view_of(&mut app).figures;
    figures.lanes.iter_mut().flatten().for_each(|lane| lane.is_exact = false);
    figures.wait_groups.clear();
    let lane = |shown: &str| shown.lines().find(|line| line.starts_with("▎teller-1")).expect("a lane").to_owned();
    let shown = screen_text(&screen(&app));
    assert!(!lane(&shown)[..24].contains("ms"), "{shown}");
    run_view_of(&mut app).pane = Pane::Graph;
    let shown = screen_text(&screen(&app));
    assert!(shown.contains("Waits of so long ago are not kept"), "{shown}");
}

#[test]
fn run_past_its_limit_is_shown_as_ending() {
    let mut harness = Harness::in_picker(&contention());
    harness.app().time_limit = Some(crate::trace::Span::from_millis(2_000));
    harness.press_keys("<enter>");
    harness.tick(ms(2_100));
    assert!(harness.contains("LIVE 2.1 s"), "within what ending takes: {}", harness.screen_text());
    harness.tick(ms(3_300));
    assert!(
        harness.contains("ENDING 3.3 s") && harness.contains("1.3 s past its limit of 2.0 s"),
        "{}",
        harness.screen_text()
    );
    harness.feed_message(Message::Ended { at: ms(3_300), reason: RunEnd::Time });
    assert!(
        harness.contains("TIME 3.3 s") && harness.contains("1.3 s past its limit of 2.0 s"),
        "{}",
        harness.screen_text()
    );
}
