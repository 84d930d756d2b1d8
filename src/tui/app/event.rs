//! What can happen to the dashboard, and the work that follows from it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::Event;
use ratatui::layout::Rect;

use crate::recording::FlightTape;
use crate::scenario::{Scenario, Settings, Source};
use crate::trace::{Command, Message, Registry, Span, Stamp};
use crate::tui::run_view::OpenedRecording;
use crate::tui::tune_view::TuneUpdate;

/// Everything that can happen to the dashboard.
pub(in crate::tui) enum AppEvent {
    Input(Event),
    Resized(Rect),
    /// The time of the next frame.
    Tick {
        now: Stamp,
        late: Span,
    },
    /// The dashboard's own clock, while there is a tour.
    TourTick(Duration),
    RunMessage(Message),
    /// Nothing else happens now: time to read on in a recording.
    Idle,
    /// The run's channel is closed, with or without a [`Message::Ended`] before.
    RunClosed {
        now: Stamp,
    },
    /// What memory holds of the run on screen, and the registry with which it began.
    TapeReady(Box<(FlightTape, Registry)>),
    /// The same, for the figures of the shown interval; `None` if memory holds nothing of the run.
    PastEventsReady(Option<Box<(FlightTape, Registry)>>),
    RunStarted {
        scenario: Arc<Scenario>,
        settings: Settings,
        registry: Arc<Registry>,
    },
    StartFailed(String),
    /// Progress of a tuning.
    TuneUpdate(TuneUpdate),
    /// The thread that measures has ended.
    MeasuringEnded,
    /// A recording to compare with has been read.
    RecordingOpened(Result<Box<OpenedRecording>, String>),
    EditorClosed(Result<Source, String>),
    /// The watched file has a new text.
    FileSaved(Result<Source, String>),
    Suspend,
}

/// Work for the event loop.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::tui) enum Effect {
    StartRun(Arc<Scenario>, Settings),
    SendCommand(Command),
    /// Sets a mark of the user.
    SetMark {
        at: Stamp,
        text: String,
    },
    /// Shows the last moments of the run step by step.
    StartSlowMotion,
    /// Gets what memory holds of the run, for the figures of the shown interval.
    FetchPastEvents,
    /// Starts or ends a recording of the run on screen.
    ToggleRecording,
    /// Ends the run, which is no longer on screen.
    EndRun,
    OpenEditor(PathBuf),
    /// Reads a recording to compare with.
    OpenRecording(PathBuf),
    /// Copies the chosen row, or the report, to the clipboard of the terminal.
    Copy,
    Suspend,
    Redraw,
    /// Ends the measuring of a tuning.
    StopMeasuring,
    Quit {
        interrupted: bool,
    },
}
