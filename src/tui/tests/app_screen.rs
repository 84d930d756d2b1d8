//! The app without an event loop: after a scripted run or with its recording, and the screen that it draws.

use std::sync::Arc;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;

use super::script::Script;
use super::typed_keys::events_from;
use crate::platform::Machine;
use crate::playback::BufferedTape;
use crate::recording::Conclusion;
use crate::trace::{Message, RunEnd, Span, Stamp};
use crate::tui::app::{App, AppEvent, CurrentView};
use crate::tui::draw;
use crate::tui::picker::Picker;
use crate::tui::run_view::{RunView, Zoom};
use crate::tui::theme::Theme;
use crate::tui::{InitialScreen, PlayableRun, PlaybackStart};

pub(super) const COLOUR_THEME: Theme = Theme::dark();

/// Begins a replay at its end, paused.
pub(super) const AT_END: PlaybackStart = PlaybackStart { from: None, speed: None };

/// Returns the app after a scripted run, without an event loop.
pub(super) fn app_after(script: &Script, theme: Theme, width: u16, height: u16) -> App {
    let mut app = App::new(Picker::default(), theme, Rect::new(0, 0, width, height));
    let (scenario, settings) = (Arc::clone(&script.scenario), script.settings.clone());
    app.update(AppEvent::RunStarted { scenario, settings, registry: Arc::clone(&script.registry) });
    zoom_by_hand(run_view_of(&mut app));
    for message in &script.messages {
        app.update(AppEvent::RunMessage(message.clone()));
    }
    app.update(AppEvent::Tick { now: script.until, late: Span::from_millis(2) });
    app
}

/// Gives a view cells of 50 ms, as if the user had zoomed.
pub(super) fn zoom_by_hand(view: &mut RunView) {
    (view.cell, view.zoom) = (Span::from_millis(50), Zoom::User);
}

/// Returns a recording of the script's run, of which its observer saw the end.
pub(super) fn playable_run(script: &Script, start: PlaybackStart) -> PlayableRun {
    let sections = script.messages.chunks(16).map(<[Message]>::to_vec);
    PlayableRun {
        scenario: Arc::clone(&script.scenario),
        settings: script.settings.clone(),
        registry: Arc::clone(&script.registry),
        tape: Box::new(BufferedTape::new(sections, script.until)),
        conclusion: Some(Conclusion { at: script.until, ended: RunEnd::Time, signal: None }),
        machine: Machine { cores: 96, usable: 96, quota: None, os: "a far machine".into() },
        time_limit: Some(script.until.span_since(Stamp(0))),
        begins_at: None,
        start,
        warning: None,
    }
}

/// Returns the app with a recording of the script's run.
pub(super) fn app_with_recording(script: &Script, start: PlaybackStart, size: (u16, u16)) -> App {
    let mut app = App::new(Picker::default(), COLOUR_THEME, Rect::new(0, 0, size.0, size.1));
    app.initial_effects(InitialScreen::Recording(Box::new(playable_run(script, start))));
    app
}

pub(super) fn run_view_of(app: &mut App) -> &mut RunView {
    match &mut app.current_view {
        CurrentView::Run(view) => view,
        _ => panic!("no run is shown"),
    }
}

pub(super) fn press_keys(app: &mut App, keys: &str) {
    for event in events_from(keys) {
        app.update(AppEvent::Input(event));
    }
}

/// Returns the screen's cells.
pub(super) fn screen(app: &App) -> Buffer {
    let mut buffer = Buffer::empty(app.size());
    draw::draw_screen(app, app.size(), &mut buffer);
    buffer
}

/// Returns the screen's text, a line for each row, without trailing blanks.
pub(super) fn screen_text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width).max(1);
    let rows = buffer.content.chunks(width);
    let line = |row: &[Cell]| row.iter().map(Cell::symbol).collect::<String>();
    rows.map(|row| line(row).trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}
