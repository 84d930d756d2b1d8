//! `--record`: keeps runs in files; and opening such files.

use std::path::{Path, PathBuf};

use super::args::RecordArgs;
use super::exit::CliError;
use super::output;
use crate::catalogue;
use crate::platform::limits::describe_io_error;
use crate::recording::{OpenError, Recorder, Recording, RecordingDirectory, RecordingStatus};
use crate::report::describe_run;
use crate::scenario::{sanitize, suggest};
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
        let hint = match &error {
            OpenError::Io(error) if error.kind() == std::io::ErrorKind::NotFound => hint_for_missing(path),
            _ => String::new(),
        };
        CliError::Usage(format!("{} cannot be read: {why}{hint}", sanitize(&path.display().to_string())))
    })
}

/// Names the file nearest to a misspelled one, or the command for a scenario.
fn hint_for_missing(path: &Path) -> String {
    let Some(name) = path.file_name().map(|name| name.to_string_lossy()) else { return String::new() };
    if catalogue::get(&name).is_some() && path.components().count() == 1 {
        return format!("; to run this scenario: contend run {name}");
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let files = std::fs::read_dir(directory).into_iter().flatten().flatten().take(MAX_FILES);
    let names: Vec<String> = files.filter_map(|file| file.file_name().into_string().ok()).collect();
    let recordings = names.iter().map(String::as_str).filter(|name| name.ends_with(".contend"));
    suggest(&name, recordings).map_or_else(String::new, |nearest| {
        format!("; did you mean {}?", sanitize(&directory.join(nearest).display().to_string()))
    })
}

/// Most files of a directory among which the nearest is looked for.
const MAX_FILES: usize = 10_000;

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
