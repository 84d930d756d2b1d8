//! Tests of the ways through a recording: steps from event to event, jumps, the mouse on the time axis.

use crossterm::event::{Event, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use super::app_screen::{AT_END, app_with_recording, press_keys, run_view_of, screen, screen_text};
use super::harness::Harness;
use super::script::{contention, deadlock, in_delivery_order, knob_turned, ms};
use crate::trace::Stamp;
use crate::tui::app::AppEvent;
use crate::tui::run_view::Viewport;

/// Returns the second to last line, which responds to keys.
fn response(harness: &Harness) -> String {
    harness.screen_text().lines().rev().nth(1).unwrap_or_default().to_owned()
}

#[test]
fn steps_go_through_the_events_of_the_chosen_row_and_tell_them() {
    let mut harness = Harness::with_recording(&in_delivery_order(contention()), AT_END);
    harness.press_keys("0");
    harness.press_keys("j.");
    let at = |harness: &mut Harness| run_view_of(harness.app()).now;
    // teller-1 takes the lock at 0, 600, 1,200 ms; the first step is to its first event after the start.
    let mut seen = vec![(at(&mut harness), response(&harness))];
    for _ in 0..4 {
        harness.press_keys(".");
        seen.push((at(&mut harness), response(&harness)));
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
fn click_on_the_axis_jumps_and_a_drag_plays_by_hand() {
    let mut harness = Harness::with_recording(&in_delivery_order(contention()), AT_END);
    let axis = harness.screen_text().lines().position(|line| line.starts_with(" WORKERS")).unwrap_or(1) as u16;
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
        let mut app = app_with_recording(&script, AT_END, (120, 40));
        let axis = screen_text(&screen(&app)).lines().position(|line| line.starts_with(" WORKERS")).unwrap_or(1) as u16;
        let mouse = |kind, column| Event::Mouse(MouseEvent { kind, column, row: axis, modifiers: KeyModifiers::NONE });
        app.update(AppEvent::Input(mouse(MouseEventKind::Down(MouseButton::Left), 60)));
        let first = run_view_of(&mut app).now;
        assert!(first > ms(0) && first < ms(5_000), "{first:?}");
        app.update(AppEvent::Resized(Rect::new(0, 0, width, 40)));
        app.update(AppEvent::Input(mouse(MouseEventKind::Drag(MouseButton::Left), 5)));
    }
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
        let mut app = app_with_recording(&in_delivery_order(script), AT_END, (120, 40));
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
