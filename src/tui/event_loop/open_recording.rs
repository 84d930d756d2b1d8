//! Reading a recording that the run is compared with.

use std::path::Path;

use crate::platform::limits::describe_io_error;
use crate::recording::{OpenError, Recording};
use crate::report::replay_recording;
use crate::scenario::sanitize;
use crate::tui::run_view::OpenedRecording;

/// Reads a recording to its end.
///
/// # Errors
/// Says which file cannot be read, and why.
pub(super) fn open_recording(path: &Path) -> Result<Box<OpenedRecording>, String> {
    let name = sanitize(&path.display().to_string());
    let unreadable = |why: String| format!("{name} cannot be read: {why}");
    let mut recording = Recording::open(path).map_err(|error| match error {
        OpenError::Io(error) => unreadable(describe_io_error(&error)),
        error => unreadable(error.to_string()),
    })?;
    let run = replay_recording(&mut recording).map_err(|error| unreadable(describe_io_error(&error)))?;
    Ok(Box::new(OpenedRecording { name, model: run.model, end: run.ended_at }))
}
