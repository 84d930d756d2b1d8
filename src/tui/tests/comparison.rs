//! The comparison of a run with a recording, and with itself before a turned knob.

use std::path::PathBuf;
use std::sync::Arc;

use ratatui::layout::Rect;

use super::app_screen::{AT_END, COLOUR_THEME, app_after, playable_run, press_keys, screen, screen_text};
use super::script::{Script, contention, in_delivery_order, knob_turned, ms, pool};
use super::typed_keys::events_from;
use crate::model::{Budget, Model};
use crate::trace::{Span, Stamp};
use crate::tui::app::{App, AppEvent, CurrentView, Effect};
use crate::tui::picker::Picker;
use crate::tui::run_view::OpenedRecording;
use crate::tui::{InitialScreen, PlayableRun};

/// Returns a script's run as a recording that has been read.
fn recording_of(script: &Script) -> Box<OpenedRecording> {
    let mut model = Model::new(Arc::clone(&script.registry), Budget::default());
    script.messages.iter().for_each(|message| model.apply(message));
    Box::new(OpenedRecording { name: "before.contend".into(), model, begins_at: Stamp(0), end: script.until })
}

fn text(app: &App) -> String {
    screen_text(&screen(app))
}

#[test]
fn key_compares_before_and_after_the_last_turned_knob() {
    let mut app = app_after(&knob_turned(), COLOUR_THEME, 120, 40);
    press_keys(&mut app, "d");
    assert!(text(&app).contains("Compare with the recording: _"), "{}", text(&app));
    assert!(text(&app).contains("or Enter: hold 20ms against hold 50ms"), "{}", text(&app));
    press_keys(&mut app, "<enter>");
    let shown = text(&app);
    assert!(shown.contains("COMPARISON  A hold 20ms for 3.0 s, B hold 50ms for 1.7 s"), "{shown}");
    assert!(shown.lines().any(|line| line.contains("running") && line.contains(" A ")), "{shown}");
    assert!(shown.contains("B against A") && shown.contains("mean"), "the columns are named: {shown}");
    assert!(shown.lines().any(|line| line.starts_with("▎teller-1 ")), "the lanes stay visible: {shown}");
    press_keys(&mut app, "d");
    assert!(!text(&app).contains("Compare with the recording"), "the same key goes back: {}", text(&app));
}

#[test]
fn key_compares_with_a_recording() {
    let mut app = app_after(&pool(), COLOUR_THEME, 120, 40);
    press_keys(&mut app, "dold.contend");
    let effects = events_from("<enter>").into_iter().flat_map(|event| app.update(AppEvent::Input(event)));
    assert_eq!(effects.collect::<Vec<_>>(), [Effect::OpenRecording(PathBuf::from("old.contend"))]);
    app.update(AppEvent::RecordingOpened(Ok(recording_of(&pool()))));
    let shown = text(&app);
    assert!(shown.contains("COMPARISON  A before.contend for 5.0 s, B this run for 5.0 s"), "{shown}");
    assert!(shown.lines().any(|line| line.contains("queue") && line.contains(" A ")), "depths of queues: {shown}");
    // The same run on both sides: the figures are equal.
    assert!(shown.contains("cannot be told apart") || shown.contains("too short to tell"), "{shown}");
}

/// A recording out of memory lacks the beginning of its run.
#[test]
fn recordings_are_compared_from_where_they_begin() {
    let script = in_delivery_order(contention());
    let mut app = App::new(Picker::default(), COLOUR_THEME, Rect::new(0, 0, 120, 40));
    let run = PlayableRun { begins_at: Some(ms(3_000)), ..playable_run(&script, AT_END) };
    app.initial_effects(InitialScreen::Recording(Box::new(run)));
    let late = OpenedRecording { begins_at: ms(4_000), ..*recording_of(&script) };
    app.update(AppEvent::RecordingOpened(Ok(Box::new(late))));
    let CurrentView::Run(view) = &app.current_view else { panic!("no run is shown") };
    let (parts, _) = view.compared_parts().unwrap();
    assert_eq!(parts.map(|part| part.length()), [Span::from_millis(1_000), Span::from_millis(2_000)]);
}

#[test]
fn recording_that_cannot_be_read_leaves_the_run_on_screen() {
    let mut app = app_after(&contention(), COLOUR_THEME, 120, 40);
    app.update(AppEvent::RecordingOpened(Err("x.contend cannot be read: No such file".into())));
    assert!(text(&app).contains("x.contend cannot be read"), "{}", text(&app));
    press_keys(&mut app, "d<enter>");
    assert!(text(&app).contains("No knob was turned during this run"), "{}", text(&app));
}

/// Runs of other scenarios lack the figures of this one.
#[test]
fn figures_that_only_one_run_has_are_named() {
    let mut app = app_after(&pool(), COLOUR_THEME, 120, 40);
    app.update(AppEvent::RecordingOpened(Ok(recording_of(&contention()))));
    assert!(text(&app).contains("only in B"), "{}", text(&app));
}

#[test]
fn comparison_fits_into_every_window() {
    for (width, height) in [(1, 1), (20, 6), (80, 24), (200, 60)] {
        let mut app = app_after(&knob_turned(), COLOUR_THEME, width, height);
        press_keys(&mut app, "d<enter>jjjk");
        screen(&app);
    }
}
