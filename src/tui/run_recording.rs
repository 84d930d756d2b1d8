//! Recordings of the runs that the dashboard shows: the first in the named file, later ones in files beside it.

use std::path::PathBuf;

use crate::platform::limits::describe_io_error;
use crate::recording::{Conclusion, Recorder, RecordingStatus};
use crate::report::describe_run;
use crate::source::Header;
use crate::trace::{Message, RunEnd, Span, Stamp};

/// Where to record runs.
#[derive(Debug, Clone)]
pub struct RecordOptions {
    pub path: PathBuf,
    /// Largest size of a file in bytes.
    pub limit: u64,
}

/// A file that was written, and how its recording ended.
pub type WrittenRecording = (PathBuf, RecordingStatus);

/// Records one run after the other.
#[derive(Debug)]
pub(super) struct RunRecording {
    options: RecordOptions,
    current: Option<CurrentRecording>,
    /// Recordings that have ended.
    ended: Vec<WrittenRecording>,
}

#[derive(Debug)]
struct CurrentRecording {
    path: PathBuf,
    recorder: Recorder,
    run_end: Option<(Stamp, RunEnd)>,
}

impl RunRecording {
    pub(super) const fn new(options: RecordOptions) -> Self {
        Self { options, current: None, ended: Vec::new() }
    }

    /// Begins the recording of a run.
    ///
    /// # Errors
    /// If the file cannot be written; the text is a sentence.
    pub(super) fn begin(&mut self, header: &Header, time_limit: Option<Span>) -> Result<(), String> {
        let path = self.path_of_run(self.ended.len());
        let recorder = Recorder::create(&path, &describe_run(header, time_limit), Some(self.options.limit))
            .map_err(|error| format!("Not recorded: {}", describe_io_error(&error)))?;
        self.current = Some(CurrentRecording { path, recorder, run_end: None });
        Ok(())
    }

    /// Records a message that the dashboard applies now.
    pub(super) fn record(&mut self, message: &Message) {
        let Some(current) = &mut self.current else { return };
        current.recorder.record(message);
        current.run_end = current.run_end.take().or_else(|| find_end(message));
    }

    /// Ends the recording of the run, whose clock is at `now`.
    pub(super) fn finish(&mut self, now: Stamp) {
        let Some(CurrentRecording { path, recorder, run_end }) = self.current.take() else { return };
        let (at, ended) = run_end.unwrap_or((now, RunEnd::Stopped));
        self.ended.push((path, recorder.finish(Conclusion { at, ended, signal: None })));
    }

    /// Returns how far the recording of the present run is.
    pub(super) fn status(&self) -> Option<RecordingStatus> {
        self.current.as_ref().map(|current| current.recorder.status())
    }

    /// Returns all files that were written, and how each recording ended.
    pub(super) fn into_files(self) -> Vec<WrittenRecording> {
        self.ended
    }

    /// Returns the file of the run with this index: `run.contend`, then `run-2.contend`.
    fn path_of_run(&self, index: usize) -> PathBuf {
        let path = &self.options.path;
        if index == 0 {
            return path.clone();
        }
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let extension = path.extension().map_or(String::new(), |end| format!(".{}", end.to_string_lossy()));
        path.with_file_name(format!("{stem}-{}{extension}", index + 1))
    }
}

/// Returns the end of the run, if the message contains it.
fn find_end(message: &Message) -> Option<(Stamp, RunEnd)> {
    match message {
        Message::Ended { at, reason } => Some((*at, reason.clone())),
        Message::Batch(messages) => messages.iter().find_map(find_end),
        _ => None,
    }
}
