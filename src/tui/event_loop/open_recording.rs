//! Reading a recording that the run is compared with, on a thread of its own.

use std::path::{Path, PathBuf};
use std::thread;

use crossbeam_channel::{Receiver, bounded};

use crate::model::Thresholds;
use crate::platform::limits::describe_io_error;
use crate::recording::{OpenError, Recording};
use crate::report::replay_recording;
use crate::scenario::sanitize;
use crate::tui::run_view::OpenedRecording;

/// A recording that has been read, or why it cannot be.
pub(super) type Opened = Result<Box<OpenedRecording>, String>;

/// Starts reading a recording. It is sent when it has been read.
///
/// # Errors
/// When the system refuses another thread.
pub(super) fn start_reading(path: PathBuf) -> Result<Receiver<Opened>, String> {
    let (sender, receiver) = bounded(1);
    let read = move || drop(sender.send(open_recording(&path))); // nobody waits for it any more if that fails
    let reader = thread::Builder::new().name("compared".into()).spawn(read);
    reader.map(|_| receiver).map_err(|error| format!("The recording cannot be read: {}", describe_io_error(&error)))
}

/// Reads a recording to its end.
///
/// # Errors
/// Says which file cannot be read, and why.
fn open_recording(path: &Path) -> Result<Box<OpenedRecording>, String> {
    let name = sanitize(&path.display().to_string());
    let unreadable = |why: String| format!("{name} cannot be read: {why}");
    let mut recording = Recording::open(path).map_err(|error| match error {
        OpenError::Io(error) => unreadable(describe_io_error(&error)),
        error => unreadable(error.to_string()),
    })?;
    let run =
        replay_recording(&mut recording, Thresholds::DEFAULT).map_err(|error| unreadable(describe_io_error(&error)))?;
    let begins_at = recording.description().begins_at.unwrap_or_default();
    Ok(Box::new(OpenedRecording { name, model: run.model, begins_at, end: run.ended_at }))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_not_a_file_is_refused_without_waiting() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for path in [pipe, directory.path().to_owned(), "/dev/zero".into()] {
            let opened = start_reading(path).unwrap().recv_timeout(Duration::from_secs(20)).unwrap();
            let refused = opened.unwrap_err();
            assert!(refused.ends_with("but a recording must be a regular file"), "{refused}");
        }
    }
}
