//! Tests of a recording on the screen: its player, keys and mouse, through the real event loop.

use crossterm::event::{Event, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use super::harness::{COLOUR_THEME, Harness, app_after, playable_run, press_keys, screen, screen_text};
use super::script::{
    Script, contention, deadlock, everything_wrong, in_delivery_order, knob_turned, ms, pool, time_of,
};
use crate::playback::Speed;
use crate::trace::{Message, Span, Stamp};
use crate::tui::app::{App, AppEvent, CurrentView, Mode};
use crate::tui::keys::{KeyContext, bindings_in};
use crate::tui::picker::Picker;
use crate::tui::run_view::{Pane, RunView, Viewport};
use crate::tui::{InitialScreen, PlaybackStart};

const AT_END: PlaybackStart = PlaybackStart { from: None, speed: None };

fn run_view_of(app: &mut App) -> &mut RunView {
    match &mut app.current_view {
        CurrentView::Run(view) => view,
        _ => panic!("no run is shown"),
    }
}

/// Returns the app with a recording of the script's run.
fn app_with(script: &Script, start: PlaybackStart, size: (u16, u16)) -> App {
    let mut app = App::new(Picker::default(), COLOUR_THEME, Rect::new(0, 0, size.0, size.1));
    app.initial_effects(InitialScreen::Recording(Box::new(playable_run(script, start))));
    app
}

fn truncated_at(mut script: Script, at: Stamp) -> Script {
    script.messages.retain(|message| time_of(message) <= at);
    script.messages.push(Message::Watermark(at));
    script.until = at;
    script
}

/// Returns the lines below the header and the labels of the time axis, without the legend.
fn body(shown: &str) -> Vec<String> {
    let mut lines: Vec<String> =
        shown.lines().skip(1).filter(|line| !line.starts_with(" last ")).map(str::to_owned).collect();
    lines.pop();
    lines
}

#[test]
fn recording_opens_at_its_end_and_says_which_keys_it_has() {
    let script = in_delivery_order(contention());
    let mut harness = Harness::with_recording(&script, AT_END);
    for worker in &script.registry.workers {
        assert!(harness.contains(&worker.name), "{}", harness.screen_text());
    }
    assert!(harness.contains("‖ 1×  5.000 s of 5.000 s"), "{}", harness.screen_text());
    assert!(harness.contains("Recorded run: Space plays"), "{}", harness.screen_text());
    let frames = harness.frame_count();
    harness.press_keys("c<esc>");
    assert!(harness.contains("Space play") && harness.contains("step"), "hints: {}", harness.screen_text());
    assert!(harness.frame_count() <= frames + 2, "a picture that stands is not drawn again");
    harness.press_keys("r");
    assert!(harness.contains("Recorded run:"), "it cannot be restarted");
    harness.press_keys("<esc><esc>");
    assert!(matches!(harness.app().current_view, CurrentView::Picker));
}

#[test]
fn moment_of_a_recording_looks_as_it_did_live_whatever_was_shown_before() {
    let scripts = [
        ("contention", contention as fn() -> Script, vec![400, 2_520]),
        ("pool", pool, vec![750, 2_500]),
        ("turned", knob_turned, vec![750, 3_550]),
        ("deadlock", || deadlock(2), vec![80, 150, 2_000]),
        ("wreck", everything_wrong, vec![900, 3_550]),
    ];
    for (name, script, times) in scripts {
        for size in [(80, 24), (120, 40), (200, 60)] {
            let mut replay = app_with(&in_delivery_order(script()), AT_END, size);
            for at in times.iter().rev().copied().map(ms) {
                let mut live = app_after(&truncated_at(in_delivery_order(script()), at), COLOUR_THEME, size.0, size.1);
                run_view_of(&mut live).refresh(); // a live run captures its figures a few times a second
                let view = run_view_of(&mut replay);
                view.jump_to(at);
                (view.cell, view.viewport) = (Span::from_millis(50), Viewport::Follow);
                view.refresh();
                replay.update(AppEvent::Resized(replay.size()));
                for keys in ["", "<tab>", "j<enter>"] {
                    press_keys(&mut replay, keys);
                    press_keys(&mut live, keys);
                    if run_view_of(&mut replay).cursor.is_some() {
                        continue; // enter went to the moment of a finding
                    }
                    let (then, now) = (screen_text(&screen(&replay)), screen_text(&screen(&live)));
                    assert_eq!(body(&then), body(&now), "{name} at {at:?} on {size:?}, {keys}\n{then}\n{now}");
                }
                replay.mode = Mode::Browse;
                let view = run_view_of(&mut replay);
                (view.pane, view.selection) = (Pane::Lanes, None);
            }
        }
    }
}

#[test]
fn space_plays_from_the_start_to_the_end_and_pauses() {
    let mut harness = Harness::with_recording(&in_delivery_order(contention()), AT_END);
    harness.press_keys("++++++ ");
    assert!(harness.contains("▶ 100×  0.000 s of 5.000 s"), "{}", harness.screen_text());
    harness.wait_for("‖ 100×  5.000 s of 5.000 s");
    harness.press_keys("0");
    assert!(harness.contains("‖ 100×  0.000 s of 5.000 s"), "{}", harness.screen_text());
    harness.press_keys("$");
    assert!(harness.contains("‖ 100×  5.000 s of 5.000 s"), "{}", harness.screen_text());
}

#[test]
fn playing_moves_with_the_clock_at_the_chosen_speed() {
    let mut app = app_with(&in_delivery_order(contention()), AT_END, (120, 40));
    press_keys(&mut app, "0 ");
    let mut wall = ms(1_000);
    let mut tick = |app: &mut App, by| {
        wall = wall + Span::from_millis(by);
        app.update(AppEvent::Tick { now: wall, late: Span::ZERO });
        run_view_of(app).now
    };
    assert_eq!(tick(&mut app, 0), ms(0));
    assert_eq!(tick(&mut app, 100), ms(100));
    press_keys(&mut app, "---");
    assert_eq!(tick(&mut app, 100), ms(110));
    assert!(screen_text(&screen(&app)).contains("▶ 0.1×  0.110 s of 5.000 s"));
    press_keys(&mut app, "---");
    assert_eq!(tick(&mut app, 100), ms(111));
    assert!(screen_text(&screen(&app)).contains("▶ 0.01×  0.111000 s of 5.000 s"), "{}", screen_text(&screen(&app)));
    press_keys(&mut app, " ");
    assert!(!app.is_animating(), "it pauses");
    assert_eq!(tick(&mut app, 100), ms(111));
    press_keys(&mut app, "---");
    assert!(screen_text(&screen(&app)).contains("‖ 0.001×"), "{}", screen_text(&screen(&app)));
    press_keys(&mut app, "-");
    assert!(screen_text(&screen(&app)).contains("‖ 0.001×"), "no slower than this");
}

#[test]
fn command_line_says_where_and_how_fast_to_begin() {
    let script = in_delivery_order(contention());
    let slow = Speed::from_factor(0.1);
    for (start, shown) in [
        (PlaybackStart { from: Some(ms(2_300)), speed: None }, "▶ 1×  2.300 s of"),
        (PlaybackStart { from: None, speed: slow }, "▶ 0.1×  0.000 s of"),
        (PlaybackStart { from: Some(ms(2_300)), speed: slow }, "▶ 0.1×  2.300 s of"),
        (PlaybackStart { from: Some(ms(99_000)), speed: None }, "1×  5.000 s of"),
    ] {
        let app = app_with(&script, start, (120, 40));
        let text = screen_text(&screen(&app));
        assert!(text.contains(shown), "{start:?}\n{text}");
    }
}

#[test]
fn steps_go_through_the_events_of_the_chosen_row_and_tell_them() {
    let mut harness = Harness::with_recording(&in_delivery_order(contention()), AT_END);
    harness.press_keys("0");
    harness.press_keys("j.");
    let at = |harness: &mut Harness| run_view_of(harness.app()).now;
    // teller-1 takes the lock at 0, 600, 1,200 ms; the first step is to its first event after the start.
    let mut seen = vec![(at(&mut harness), harness.screen_text().lines().last().unwrap_or_default().to_owned())];
    for _ in 0..4 {
        harness.press_keys(".");
        seen.push((at(&mut harness), harness.screen_text().lines().last().unwrap_or_default().to_owned()));
    }
    assert!(seen.is_sorted_by(|a, b| a.0 < b.0), "{seen:?}");
    assert!(seen.iter().all(|(_, said)| said.contains("teller-1")), "{seen:?}");
    assert!(seen.iter().any(|(_, said)| said.contains("teller-1 waits for account")), "{seen:?}");
    for (before, said) in seen.iter().rev().skip(1) {
        harness.press_keys(",");
        assert_eq!(at(&mut harness), *before);
        assert!(harness.contains(said.trim()), "{said}");
    }
    // The lock's row.
    harness.press_keys("<tab>");
    let before = at(&mut harness);
    harness.press_keys(".");
    assert!(at(&mut harness) > before && harness.contains("account"), "{}", harness.screen_text());
    harness.press_keys("<esc>");
    harness.press_keys("$.");
    assert!(harness.contains("No later event"), "{}", harness.screen_text());
    harness.press_keys("0");
    harness.press_keys(",");
    assert!(harness.contains("No earlier event"), "{}", harness.screen_text());
}

#[test]
fn jumps_go_to_findings_marks_and_times() {
    let mut harness = Harness::with_recording(&in_delivery_order(deadlock(2)), AT_END);
    harness.press_keys("0");
    harness.press_keys("n");
    assert!(
        harness.contains("0.100 s of") && harness.contains("deadlock"),
        "it closed then: {}",
        harness.screen_text()
    );
    assert!(harness.contains("Both are stuck"), "{}", harness.screen_text());
    harness.press_keys("$N");
    assert!(harness.contains("‖ 1×") && harness.contains("of 4.300 s"), "{}", harness.screen_text());
    let mut harness = Harness::with_recording(&in_delivery_order(knob_turned()), AT_END);
    harness.press_keys("0");
    harness.press_keys("}");
    let turned = run_view_of(harness.app()).now;
    assert!(turned > ms(0) && harness.contains("hold"), "{}", harness.screen_text());
    harness.press_keys("${");
    assert_eq!(run_view_of(harness.app()).now, turned);
    harness.press_keys("{");
    assert!(harness.contains("No earlier mark"), "{}", harness.screen_text());
    harness.press_keys("t1.25");
    assert!(harness.contains("Jump to: 1.25_"), "{}", harness.screen_text());
    harness.press_keys("<enter>");
    assert_eq!(run_view_of(harness.app()).now, ms(1_250));
    harness.press_keys("t750ms<enter>");
    assert_eq!(run_view_of(harness.app()).now, ms(750));
    harness.press_keys("tsoon<enter>");
    assert!(harness.contains("That is not a time; write it as 2.3s"), "{}", harness.screen_text());
    harness.press_keys("t9<esc>");
    assert_eq!(run_view_of(harness.app()).now, ms(750));
}

#[test]
fn knobs_of_a_recording_have_the_values_of_the_moment() {
    let mut harness = Harness::with_recording(&in_delivery_order(knob_turned()), AT_END);
    let end = harness.screen_text();
    harness.press_keys("0");
    let start = harness.screen_text();
    let knobs = |text: &str| text.lines().next().unwrap_or_default().rsplit("  ").next().map(str::to_owned);
    assert_ne!(start.lines().next(), end.lines().next());
    assert!(!start.contains('→') && !end.contains('→'), "no knob can be turned: {:?}", knobs(&end));
}

#[test]
fn click_on_the_axis_jumps_and_a_drag_plays_by_hand() {
    let mut harness = Harness::with_recording(&in_delivery_order(contention()), AT_END);
    let axis = harness.screen_text().lines().position(|line| line.starts_with(" last ")).unwrap_or(1) as u16;
    let mouse = |kind, column| Event::Mouse(MouseEvent { kind, column, row: axis, modifiers: KeyModifiers::NONE });
    harness.send_event(mouse(MouseEventKind::Down(MouseButton::Left), 60));
    let first = run_view_of(harness.app()).now;
    assert!(first > ms(0) && first < ms(5_000), "{first:?}");
    harness.send_event(mouse(MouseEventKind::Drag(MouseButton::Left), 70));
    let second = run_view_of(harness.app()).now;
    assert!(second > first, "{second:?}");
    harness.send_event(mouse(MouseEventKind::Up(MouseButton::Left), 70));
    assert_eq!(run_view_of(harness.app()).cursor, None);
    assert!(harness.contains("▾"), "the moment is marked: {}", harness.screen_text());
    harness.send_event(mouse(MouseEventKind::Down(MouseButton::Left), 60));
    assert_eq!(run_view_of(harness.app()).now, first, "the window has stayed");
}

#[test]
fn drag_goes_on_while_the_terminal_becomes_too_narrow_for_a_timeline() {
    let script = in_delivery_order(contention());
    for width in 0..60 {
        let mut app = app_with(&script, AT_END, (120, 40));
        let axis = screen_text(&screen(&app)).lines().position(|line| line.starts_with(" last ")).unwrap_or(1) as u16;
        let mouse = |kind, column| Event::Mouse(MouseEvent { kind, column, row: axis, modifiers: KeyModifiers::NONE });
        app.update(AppEvent::Input(mouse(MouseEventKind::Down(MouseButton::Left), 60)));
        let first = run_view_of(&mut app).now;
        assert!(first > ms(0) && first < ms(5_000), "{first:?}");
        app.update(AppEvent::Resized(Rect::new(0, 0, width, 40)));
        app.update(AppEvent::Input(mouse(MouseEventKind::Drag(MouseButton::Left), 5)));
    }
}

#[test]
fn cursor_in_a_recording_shows_all_figures_of_its_moment() {
    let script = in_delivery_order(everything_wrong());
    let mut replay = app_with(&script, AT_END, (120, 40));
    let view = run_view_of(&mut replay);
    (view.viewport, view.cursor) = (Viewport::Until(ms(900)), Some(ms(900)));
    view.refresh();
    let then = view.figures.findings.clone();
    view.jump_to(ms(900));
    assert_eq!(then, view.figures.findings);
    press_keys(&mut replay, "$");
    let view = run_view_of(&mut replay);
    assert_ne!(then, view.figures.findings);
    (view.viewport, view.cursor) = (Viewport::Until(ms(900)), Some(ms(900)));
    view.refresh();
    press_keys(&mut replay, " ");
    let view = run_view_of(&mut replay);
    assert_eq!((view.now, view.cursor), (ms(900), None), "it plays from the cursor");
}

#[test]
fn report_after_a_replay_is_that_of_the_whole_run() {
    let script = in_delivery_order(everything_wrong());
    let mut live = app_after(&script, COLOUR_THEME, 120, 40);
    let mut replay = app_with(&script, AT_END, (120, 40));
    press_keys(&mut replay, "0..n}");
    let findings = |app: &mut App| {
        let view = run_view_of(app);
        view.newest_model().findings(script.until)
    };
    assert_eq!(findings(&mut replay), findings(&mut live));
    let CurrentView::Run(view) = replay.current_view else { panic!("no run is shown") };
    let last = view.into_last_run().expect("it was read to its end");
    assert_eq!((last.now, last.ended), (script.until, crate::trace::RunEnd::Time));
    assert_eq!(last.time_limit, Some(script.until.span_since(Stamp(0))));
    assert_eq!(last.machine.map(|machine| machine.cores), Some(96), "that of the recording");
}

#[test]
fn keys_of_the_player_are_absent_from_a_live_run() {
    let words = "Play faster";
    let has = |context| bindings_in(context).any(|binding| binding.help.contains(words));
    assert!(has(KeyContext::Replay) && !has(KeyContext::LiveRun) && !has(KeyContext::RecordedRun));
    let mut live = Harness::after_run(&in_delivery_order(contention()));
    live.press_keys("}{");
    live.press_keys("0");
    assert!(live.contains("live 5.0 s"), "{}", live.screen_text());
    let mut replay = Harness::with_recording(&in_delivery_order(contention()), AT_END);
    replay.press_keys("?");
    assert!(replay.contains(words) && !replay.contains("Kill the chosen worker"), "{}", replay.screen_text());
    replay.press_keys("jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjj");
    assert!(replay.contains("click the axis to jump there"), "{}", replay.screen_text());
}

#[test]
fn details_stay_open_while_the_recording_is_stepped_through() {
    let mut harness = Harness::with_recording(&in_delivery_order(contention()), AT_END);
    harness.press_keys("0");
    harness.press_keys("j..<enter>");
    let first = harness.screen_text();
    assert!(first.contains("┌ teller-1"), "{first}");
    harness.press_keys(".");
    assert!(harness.contains("┌ teller-1") && harness.screen_text() != first, "{}", harness.screen_text());
}

#[test]
fn cursor_on_the_shown_moment_does_not_hold_back_steps_and_playing() {
    for (keys, script) in [(".", contention()), ("}", knob_turned()), ("n", deadlock(2)), (" ", contention())] {
        let mut app = app_with(&in_delivery_order(script), AT_END, (120, 40));
        let view = run_view_of(&mut app);
        // The player already shows the moment to which the key goes.
        view.jump_to(Stamp(0));
        press_keys(&mut app, keys);
        let view = run_view_of(&mut app);
        let at = view.now;
        let earlier = if keys == " " { at } else { Stamp(at.0 - 1) };
        (view.viewport, view.cursor) = (Viewport::Until(ms(5_000)), Some(earlier));
        if keys == " " {
            press_keys(&mut app, keys);
            run_view_of(&mut app).cursor = Some(at);
        }
        press_keys(&mut app, keys);
        let view = run_view_of(&mut app);
        assert_eq!((view.cursor, view.now), (None, at), "{keys}");
    }
}
