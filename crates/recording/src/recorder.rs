//! Records a run while it is observed, without ever disturbing it: messages are encoded at once, and a thread of its
//! own compresses and writes them. If the disk is full or too slow, the recording ends there, and the run goes on.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::format::{Conclusion, RunDescription};
use super::recording_file::{RecordingFile, RecordingStatus};
use super::section_builder::SectionBuilder;
use contend_trace::Message;

/// A recording in progress. Dropping it ends the file without the end of the run.
#[derive(Debug)]
pub struct Recorder {
    builder: SectionBuilder,
    file: RecordingFile,
}

impl Recorder {
    /// Creates the file, and writes the description of the run. An earlier recording of the same name is replaced. The
    /// recording ends when the file has `limit` bytes.
    ///
    /// # Errors
    /// If the file cannot be written, or it exists and is not a recording.
    pub fn create(path: &Path, description: &RunDescription, limit: Option<u64>) -> io::Result<Self> {
        Ok(Self { builder: SectionBuilder::default(), file: RecordingFile::create(path, description, limit)? })
    }

    /// Records a message that the observer of the run applies now.
    pub fn record(&mut self, message: &Message) {
        if self.file.is_open()
            && let Some(section) = self.builder.push(message)
        {
            self.file.send(vec![Arc::new(section)]);
        }
    }

    /// Returns how far the file is.
    pub fn status(&self) -> RecordingStatus {
        self.file.status()
    }

    /// Writes the end of the file, and waits until all of it is written.
    pub fn finish(mut self, conclusion: Conclusion) -> RecordingStatus {
        self.end_section();
        self.file.finish(Some(conclusion))
    }

    fn end_section(&mut self) {
        if let Some(section) = self.builder.end_section() {
            self.file.send(vec![Arc::new(section)]);
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.end_section();
    }
}
