//! Tests of a recording on the screen: it plays, pauses, and each moment looks as it did live.

use super::app_screen::{
    AT_END, COLOUR_THEME, app_after, app_with_recording, press_keys, run_view_of, screen, screen_text, zoom_by_hand,
};
use super::harness::Harness;
use super::script::{
    Script, contention, deadlock, everything_wrong, in_delivery_order, knob_turned, ms, pool, time_of,
};
use crate::playback::Speed;
use crate::trace::{Message, Span, Stamp};
use crate::tui::PlaybackStart;
use crate::tui::app::{App, AppEvent, CurrentView, Mode};
use crate::tui::keys::{KeyContext, bindings_in};
use crate::tui::run_view::{Pane, Viewport};

fn truncated_at(mut script: Script, at: Stamp) -> Script {
    script.messages.retain(|message| time_of(message) <= at);
    script.messages.push(Message::Watermark(at));
    script.until = at;
    script
}

/// Returns the lines below the header, without the time axis, the legend and the tabs.
fn body(shown: &str) -> Vec<String> {
    let mut lines: Vec<String> = without_events(shown.lines().skip(1).map(str::to_owned).collect());
    lines.truncate(lines.len().saturating_sub(2));
    lines.retain(|line| !line.starts_with(" WORKERS"));
    lines.iter_mut().filter(|line| line.starts_with('▌')).skip(1).for_each(cut_keys);
    // A suggestion has a key where it can be tried.
    let without_number = |line: &String| {
        let bare = (1..=9).fold(line.clone(), |line, n| line.replace(&format!("[{n}] "), "- "));
        if bare.contains(" - ") { bare.split_whitespace().collect::<Vec<_>>().join(" ") } else { bare }
    };
    lines.iter().map(without_number).collect()
}

/// Cuts the keys off a line of the band: those of a live run are not those of a recording.
fn cut_keys(line: &mut String) {
    let indent = line.len() - line.trim_start_matches(['▌', ' ']).len();
    let end = line[indent..].find("   ").map_or(line.len(), |at| indent + at);
    line.truncate(end);
}

/// Cuts the events off: a live run notices a finding at its own moments.
fn without_events(mut lines: Vec<String>) -> Vec<String> {
    let column = |line: &String| line.find("EVENTS").map(|at| line[..at].chars().count());
    if let Some((first, column)) = lines.iter().enumerate().find_map(|(i, line)| Some((i, column(line)?))) {
        let cut = |line: &mut String| *line = line.chars().take(column).collect::<String>().trim_end().to_owned();
        lines[first..].iter_mut().for_each(cut);
    }
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
            let mut replay = app_with_recording(&in_delivery_order(script()), AT_END, size);
            for at in times.iter().rev().copied().map(ms) {
                let mut live = app_after(&truncated_at(in_delivery_order(script()), at), COLOUR_THEME, size.0, size.1);
                run_view_of(&mut live).refresh(); // a live run captures its figures a few times a second
                let view = run_view_of(&mut replay);
                view.jump_to(at);
                zoom_by_hand(view);
                view.viewport = Viewport::Follow;
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
    let mut app = app_with_recording(&in_delivery_order(contention()), AT_END, (120, 40));
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
        let app = app_with_recording(&script, start, (120, 40));
        let text = screen_text(&screen(&app));
        assert!(text.contains(shown), "{start:?}\n{text}");
    }
}

#[test]
fn knobs_of_a_recording_have_the_values_of_the_moment() {
    let mut harness = Harness::with_recording(&in_delivery_order(knob_turned()), AT_END);
    let end = harness.screen_text();
    harness.press_keys("0");
    let start = harness.screen_text();
    let knobs = |text: &str| text.lines().next().unwrap_or_default().rsplit("  ").next().map(str::to_owned);
    assert_ne!(start.lines().next(), end.lines().next());
    let turned = |text: &str| text.lines().next().is_some_and(|header| header.contains('→'));
    assert!(!turned(&start) && !turned(&end), "no knob can be turned: {:?}", knobs(&end));
}

#[test]
fn cursor_in_a_recording_shows_all_figures_of_its_moment() {
    let script = in_delivery_order(everything_wrong());
    let mut replay = app_with_recording(&script, AT_END, (120, 40));
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
    let mut replay = app_with_recording(&script, AT_END, (120, 40));
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
    let has = |context| bindings_in(context).any(|binding| binding.help().contains(words));
    assert!(has(KeyContext::Replay) && !has(KeyContext::ScenarioRun) && !has(KeyContext::RecordedRun));
    let mut live = Harness::after_run(&in_delivery_order(contention()));
    live.press_keys("}{");
    live.press_keys("0");
    assert!(live.contains("LIVE 5.0 s"), "{}", live.screen_text());
    let mut replay = Harness::with_recording(&in_delivery_order(contention()), AT_END);
    replay.press_keys("?");
    assert!(replay.contains(words) && !replay.contains("Kill the chosen worker"), "{}", replay.screen_text());
    replay.press_keys(&"j".repeat(100));
    assert!(replay.contains("lick the axis to jump there"), "{}", replay.screen_text());
}
