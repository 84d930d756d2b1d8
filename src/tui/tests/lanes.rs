//! Tests of what lanes show where a span has room for it.

use super::app_screen::{COLOUR_THEME, app_after, press_keys, run_view_of, screen, screen_text};
use super::script::{Script, contention, deadlock, everything_wrong, in_delivery_order, pool};
use crate::trace::{EventKind, Message, Span};
use crate::tui::app::AppEvent;
use crate::tui::run_view::Zoom;
use crate::tui::theme::Theme;

fn shown(script: &Script, theme: Theme) -> String {
    screen_text(&screen(&app_after(script, theme, 120, 40)))
}

/// The pool script with a number for each task.
fn numbered_pool() -> Script {
    let mut script = pool();
    let mut taken = 100;
    for message in &mut script.messages {
        let Message::Events(events) = message else { continue };
        for event in events {
            if let EventKind::Took { queue, depth } = event.kind {
                taken += 1;
                event.kind = EventKind::TookNth { queue, depth: depth as u16, nth: taken };
            }
        }
    }
    script
}

#[test]
fn tasks_have_their_numbers() {
    let mut app = app_after(&in_delivery_order(numbered_pool()), COLOUR_THEME, 120, 40);
    run_view_of(&mut app).cell = Span::from_millis(20);
    run_view_of(&mut app).refresh();
    let text = screen_text(&screen(&app));
    for number in 120..125 {
        assert!(text.contains(&number.to_string()), "{number}: {text}");
    }
}

#[test]
fn rounds_that_lose_updates_have_the_values_read_and_written() {
    let text = shown(&contention(), COLOUR_THEME);
    for values in ["10→11", "12→13", "19→20"] {
        assert!(text.contains(values), "{values}: {text}");
    }
    assert!(shown(&contention(), Theme::plain(false)).contains("10>11"));
}

#[test]
fn lanes_have_letters_only_without_colour() {
    let script = pool();
    let row = |text: &str| text.lines().find(|line| line.contains("worker-1")).unwrap_or_default().to_owned();
    let [colour, plain] = [COLOUR_THEME, Theme::plain(true)].map(|theme| row(&shown(&script, theme)));
    assert!(!colour.contains("ii") && plain.contains("ii"), "{colour}\n{plain}");
}

#[test]
fn deadlock_names_what_each_worker_has_and_wants() {
    let mut app = app_after(&in_delivery_order(deadlock(5)), COLOUR_THEME, 120, 40);
    run_view_of(&mut app).zoom = Zoom::Undecided;
    run_view_of(&mut app).refresh();
    app.update(AppEvent::Resized(app.size()));
    let text = screen_text(&screen(&app));
    assert!(text.contains("fork-2: seat-2"), "{text}");
    let row = text.lines().find(|line| line.starts_with("▎seat-1 ")).unwrap_or_default();
    assert!(row.contains("L "), "{text}");
}

#[test]
fn crash_is_marked_where_it_happened_and_the_rest_of_the_lane_is_faint() {
    let mut app = app_after(&everything_wrong(), Theme::plain(false), 120, 40);
    press_keys(&mut app, "[");
    let text = screen_text(&screen(&app));
    assert!(text.contains("RX-----"), "{text}");
    assert!(!text.contains("XX"), "{text}");
}
