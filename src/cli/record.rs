//! `--record`: keeps runs in files; and opening such files.

use std::path::{Path, PathBuf};

use super::args::RecordArgs;
use super::exit::CliError;
use super::output;
use crate::platform::limits::describe_io_error;
use crate::recording::{OpenError, Recorder, Recording, RecordingDirectory, RecordingStatus};
use crate::report::describe_run;
use crate::scenario::sanitize;
use crate::source::EventSource;
use crate::trace::Span;
use crate::trace::format::format_bytes;

/// Starts the recording of a run, if one is asked for.
pub(super) fn start_recorder(
    args: &RecordArgs,
    run: &dyn EventSource,
    time_limit: Option<Span>,
) -> Result<Option<Recorder>, CliError> {
    let Some(path) = &args.record else { return Ok(None) };
    Recorder::create(path, &describe_run(run.header(), time_limit), Some(args.record_limit))
        .map(Some)
        .map_err(|error| CliError::Run(cannot_record(path, &describe_io_error(&error))))
}

/// Creates the directory for the recordings of several runs, if one is asked for.
pub(super) fn create_directory(args: &RecordArgs) -> Result<Option<RecordingDirectory>, CliError> {
    let Some(path) = &args.record else { return Ok(None) };
    RecordingDirectory::create(path, Some(args.record_limit))
        .map(Some)
        .map_err(|error| CliError::Run(cannot_record(path, &describe_io_error(&error))))
}

/// Returns the error of a directory in which a recording could not be created.
pub(super) fn directory_failure(directory: Option<RecordingDirectory>) -> Option<CliError> {
    let (path, error) = directory?.into_failure()?;
    Some(CliError::Run(cannot_record(&path, &describe_io_error(&error))))
}

/// Prints where the recording is, or why it ended early.
pub(super) fn print_status(path: Option<&PathBuf>, status: Option<&RecordingStatus>) {
    let (Some(path), Some(status)) = (path, status) else { return };
    let name = sanitize(&path.display().to_string());
    let size = format_bytes(status.bytes);
    output::print_stderr(&match &status.failure {
        None => format!("recorded in {name} ({size}); to see it: contend replay {name}\n"),
        Some(why) => format!("the recording {name} ends early: {why}; contend replay shows what it has\n"),
    });
}

/// Opens a recording.
pub(super) fn open_recording(path: &Path) -> Result<Recording, CliError> {
    Recording::open(path).map_err(|error| {
        let why = describe_open_error(&error);
        CliError::Usage(format!("{} cannot be read: {why}", sanitize(&path.display().to_string())))
    })
}

/// Returns why a recording cannot be opened.
pub(super) fn describe_open_error(error: &OpenError) -> String {
    match error {
        OpenError::Io(error) => describe_io_error(error),
        error => error.to_string(),
    }
}

fn cannot_record(path: &Path, why: &str) -> String {
    format!("cannot record to {}: {why}", sanitize(&path.display().to_string()))
}
