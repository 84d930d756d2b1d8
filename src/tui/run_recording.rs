//! Recordings of the runs that the dashboard shows. The newest messages of the run on screen are in memory, so that a
//! recording that begins during the run has them, too.

use std::path::{Path, PathBuf};

use crate::platform::limits::describe_io_error;
use crate::recording::{
    Conclusion, FlightRecorder, FlightTape, RecordingFile, RecordingStatus, RunDescription, file_name_part,
};
use crate::report::describe_run;
use crate::scenario::sanitize;
use crate::source::Header;
use crate::trace::format::{format_bytes, format_stamp};
use crate::trace::{Message, Registry, RunEnd, Span, Stamp};
use crate::tui::HistorySizes;
use crate::tui::time_of_day::utc_for_file_name;

/// Largest size of a file, unless the command line says another, in bytes.
pub(super) const DEFAULT_LIMIT: u64 = 1 << 30;

/// Where to record runs.
#[derive(Debug, Clone)]
pub struct RecordOptions {
    pub path: PathBuf,
    /// Largest size of a file in bytes.
    pub limit: u64,
}

/// A file that was written, and how its recording ended.
pub type WrittenRecording = (PathBuf, RecordingStatus);

/// Records one run after the other: each of them if there are options, and the one on screen on request.
#[derive(Debug, Default)]
pub(super) struct RunRecording {
    options: Option<RecordOptions>,
    /// Runs that were recorded from their beginning.
    run_count: usize,
    /// The run on screen.
    current: Option<CurrentRun>,
    history: HistorySizes,
    /// Files that end, in order; the last sections of some are still being written.
    ended: Vec<(PathBuf, RecordingFile)>,
    /// The number of these files that the user knows of.
    reported_count: usize,
}

#[derive(Debug)]
struct CurrentRun {
    description: RunDescription,
    name: String,
    flight: FlightRecorder,
    /// The file that is being written.
    path: Option<PathBuf>,
    run_end: Option<(Stamp, RunEnd)>,
    /// Whether the user knows that the file ended early.
    is_failure_reported: bool,
}

impl RunRecording {
    pub(super) fn new(options: Option<RecordOptions>, history: HistorySizes) -> Self {
        Self { options, history, ..Self::default() }
    }

    /// Keeps fewer bytes of the next runs.
    #[cfg(test)]
    pub(super) const fn limit_memory(&mut self, bytes: usize) {
        self.history.memory = bytes;
    }

    /// Begins to keep the messages of a run of the scenario `name`, in its file if each run has one.
    ///
    /// # Errors
    /// If the file cannot be written; the text is a sentence.
    pub(super) fn begin(&mut self, header: &Header, name: &str, time_limit: Option<Span>) -> Result<(), String> {
        let run = self.current.insert(CurrentRun {
            description: describe_run(header, time_limit),
            name: file_name_part(name),
            flight: FlightRecorder::with_budget(self.history.memory),
            path: None,
            run_end: None,
            is_failure_reported: false,
        });
        let Some(options) = &self.options else { return Ok(()) };
        run.start_file(path_of_run(&options.path, self.run_count), options.limit)?;
        self.run_count += 1;
        Ok(())
    }

    /// Keeps a message that the dashboard applies now.
    pub(super) fn record(&mut self, message: &Message) {
        let Some(run) = &mut self.current else { return };
        run.flight.record(message);
        run.run_end = run.run_end.take().or_else(|| find_end(message));
    }

    /// Starts a file in this directory for the run on screen, or ends the one that is being written. A run that has
    /// ended is written at once. Returns a sentence for the user.
    pub(super) fn toggle_file(&mut self, directory: &Path) -> String {
        let limit = self.options.as_ref().map_or(self.history.recording, |options| options.limit);
        let Some(run) = &mut self.current else { return "There is no run to record".into() };
        if run.path.is_some() {
            let end = run.conclusion();
            self.end_file(end);
            return String::new();
        }
        let path = free_path(directory.join(file_name_now(&run.name)));
        let name = shown_name(&path);
        if let Err(why) = run.start_file(path, limit) {
            return why;
        }
        let begins_at = run.flight.begins_at();
        let since = if begins_at == Stamp(0) {
            "from the start of the run".to_owned()
        } else {
            format!("from {} on: memory holds nothing older", format_stamp(begins_at))
        };
        if run.run_end.is_some() {
            let end = run.conclusion();
            self.end_file(end);
        }
        format!("Recording to {name}, {since}")
    }

    /// Ends the recording of the run, whose clock is at `now`.
    pub(super) fn finish(&mut self, now: Stamp) {
        let Some(run) = &self.current else { return };
        let end = run.conclusion().unwrap_or(Conclusion { at: now, ended: RunEnd::Stopped, signal: None });
        self.end_file(Some(end));
        self.current = None;
    }

    fn end_file(&mut self, end: Option<Conclusion>) {
        let Some(run) = &mut self.current else { return };
        let (Some(path), Some(file)) = (run.path.take(), run.flight.close_file(end)) else { return };
        self.ended.push((path, file));
    }

    /// Returns how far the file of the run on screen is.
    pub(super) fn status(&self) -> Option<RecordingStatus> {
        self.current.as_ref().and_then(|run| run.flight.file_status())
    }

    /// Returns what happened to a file since the last call, for the user: it is written, or ended early.
    pub(super) fn take_news(&mut self) -> Option<String> {
        if let Some(run) = &mut self.current
            && let (Some(path), Some(status)) = (&run.path, run.flight.file_status())
            && status.failure.is_some()
            && !std::mem::replace(&mut run.is_failure_reported, true)
        {
            return Some(describe_file(path, &status));
        }
        let (path, file) = self.ended.get(self.reported_count).filter(|(_, file)| file.is_written())?;
        self.reported_count += 1;
        Some(describe_file(path, &file.status()))
    }

    /// Whether the user does not know yet that a file is written.
    pub(super) fn is_writing_end(&self) -> bool {
        self.reported_count < self.ended.len()
    }

    /// Returns what memory holds of the run on screen, and the registry with which it began.
    pub(super) fn tape(&mut self) -> Option<(FlightTape, Registry)> {
        self.current.as_mut().map(|run| (run.flight.tape(), run.description.registry.clone()))
    }

    /// Waits for all files, and returns them with how each recording ended.
    pub(super) fn into_files(self) -> Vec<WrittenRecording> {
        self.ended.into_iter().map(|(path, mut file)| (path, file.wait())).collect()
    }
}

impl CurrentRun {
    fn start_file(&mut self, path: PathBuf, limit: u64) -> Result<(), String> {
        self.is_failure_reported = false;
        self.flight
            .start_file(&path, self.description.clone(), Some(limit))
            .map_err(|error| format!("Not recorded in {}: {}", shown_name(&path), describe_io_error(&error)))?;
        self.path = Some(path);
        Ok(())
    }

    /// Returns the end of the run, if it has ended.
    fn conclusion(&self) -> Option<Conclusion> {
        self.run_end.clone().map(|(at, ended)| Conclusion { at, ended, signal: None })
    }
}

fn describe_file(path: &Path, status: &RecordingStatus) -> String {
    let (name, size) = (shown_name(path), format_bytes(status.bytes));
    match &status.failure {
        None => format!("Recorded {size} in {name}"),
        Some(why) => format!("The recording {name} ended early: {why}; {size} are written"),
    }
}

fn shown_name(path: &Path) -> String {
    sanitize(&path.display().to_string())
}

/// Returns the file of the run with this index: `run.contend`, then `run-2.contend`.
fn path_of_run(path: &Path, index: usize) -> PathBuf {
    if index == 0 {
        return path.to_owned();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().map_or(String::new(), |end| format!(".{}", end.to_string_lossy()));
    path.with_file_name(format!("{stem}-{}{extension}", index + 1))
}

/// Returns the name of a new recording, from the scenario and the time: `deadlock-20261231-235959Z.contend`.
fn file_name_now(scenario: &str) -> String {
    format!("{scenario}-{}.contend", utc_for_file_name())
}

/// Returns the path, or one with a number if it exists.
fn free_path(path: PathBuf) -> PathBuf {
    (0..1_000).map(|index| path_of_run(&path, index)).find(|path| !path.exists()).unwrap_or(path)
}

/// Returns the end of the run, if the message contains it.
fn find_end(message: &Message) -> Option<(Stamp, RunEnd)> {
    match message {
        Message::Ended { at, reason } => Some((*at, reason.clone())),
        Message::Batch(messages) => messages.iter().find_map(find_end),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_file_of_the_same_second_gets_a_number() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("deadlock-20261231-235959Z.contend");
        assert_eq!(free_path(path.clone()), path);
        std::fs::write(&path, "").expect("it is written");
        assert_eq!(free_path(path), directory.path().join("deadlock-20261231-235959Z-2.contend"));
    }
}
