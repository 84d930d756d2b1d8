//! The thread that compresses sections and writes them to a file. If the disk is full or too slow, the file ends there.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use super::format::{Conclusion, FILE_MAGIC, RunDescription};
use super::section::Content;
use super::writer::RecordingWriter;
use contend_platform::limits::describe_io_error;

/// Sections that wait for the disk: 16 MiB.
const QUEUE_LEN: usize = 64;

const TOO_SLOW: &str = "the disk is too slow for the run's events";

/// How far a recording is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordingStatus {
    /// Bytes in the file.
    pub bytes: u64,
    /// Events in the file.
    pub events: u64,
    /// Why the recording ended early, as a phrase: "the disk is full".
    pub failure: Option<String>,
}

/// A file that is being written. Dropping it ends the file without the end of the run.
#[derive(Debug)]
pub struct RecordingFile {
    /// `None` after a failure.
    sections: Option<Sender<WriterTask>>,
    thread: Option<JoinHandle<()>>,
    status: Arc<Mutex<RecordingStatus>>,
}

#[derive(Debug)]
enum WriterTask {
    Write(Vec<Arc<Content>>),
    Finish(Option<Conclusion>),
}

impl RecordingFile {
    /// Creates the file, and writes the description of the run. An earlier recording of the same name is replaced. The
    /// file ends when it has `limit` bytes.
    ///
    /// # Errors
    /// If the file cannot be written, or it exists and is not a recording.
    pub fn create(path: &Path, description: &RunDescription, limit: Option<u64>) -> io::Result<Self> {
        if is_foreign_file(path) {
            return Err(io::Error::other("the file exists and is not a recording; choose another name"));
        }
        let writer = RecordingWriter::new(File::create(path)?, description)?;
        let status = Arc::new(Mutex::new(RecordingStatus { bytes: writer.written(), ..RecordingStatus::default() }));
        let (sections, tasks) = bounded(QUEUE_LEN);
        let shared = Arc::clone(&status);
        let write = move || write_tasks(writer, &tasks, &shared, limit);
        let thread = thread::Builder::new().name("record".into()).stack_size(256 << 10).spawn(write)?;
        Ok(Self { sections: Some(sections), thread: Some(thread), status })
    }

    /// Whether a section that is sent now has a chance to be written.
    pub const fn is_open(&self) -> bool {
        self.sections.is_some()
    }

    /// Has sections written.
    pub fn send(&mut self, contents: Vec<Arc<Content>>) {
        let Some(sections) = &self.sections else { return };
        match sections.try_send(WriterTask::Write(contents)) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => self.fail(TOO_SLOW),
            Err(TrySendError::Disconnected(_)) => self.sections = None, // the thread has said why
        }
    }

    /// Returns how far the file is.
    pub fn status(&self) -> RecordingStatus {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Writes the end of the file, with the end of the run if it has ended, and waits until all of it is written.
    pub fn finish(&mut self, conclusion: Option<Conclusion>) -> RecordingStatus {
        if let Some(sections) = self.sections.take() {
            let _ = sections.send(WriterTask::Finish(conclusion)); // the thread is gone if the disk failed
        }
        self.wait()
    }

    /// As [`RecordingFile::finish`], without waiting.
    pub fn close(&mut self, conclusion: Option<Conclusion>) {
        if let Some(Err(TrySendError::Full(_))) =
            self.sections.take().map(|sections| sections.try_send(WriterTask::Finish(conclusion)))
        {
            self.fail(TOO_SLOW);
        }
    }

    /// Whether everything is written, after [`RecordingFile::close`].
    pub fn is_written(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits until everything is written.
    pub fn wait(&mut self) -> RecordingStatus {
        self.join();
        self.status()
    }

    /// Ends the file early.
    fn fail(&mut self, why: &str) {
        self.sections = None;
        self.status.lock().unwrap_or_else(PoisonError::into_inner).failure.get_or_insert_with(|| why.to_owned());
    }

    fn join(&mut self) {
        self.sections = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for RecordingFile {
    fn drop(&mut self) {
        self.join();
    }
}

/// Whether there is a regular file with content that is not a recording.
fn is_foreign_file(path: &Path) -> bool {
    if !path.is_file() {
        return false;
    }
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(FILE_MAGIC.len() as u64).read_to_end(&mut start));
    read.is_ok() && !start.is_empty() && start != FILE_MAGIC
}

/// Writes what arrives, until the recording is finished, or the disk fails.
fn write_tasks(
    mut writer: RecordingWriter<File>,
    tasks: &Receiver<WriterTask>,
    status: &Mutex<RecordingStatus>,
    limit: Option<u64>,
) {
    let update = |change: &dyn Fn(&mut RecordingStatus)| {
        change(&mut status.lock().unwrap_or_else(PoisonError::into_inner));
    };
    let fail = |error: &io::Error| {
        let why = describe_io_error(error);
        update(&|status| status.failure = Some(why.clone()));
    };
    let mut conclusion = None;
    'tasks: for task in tasks {
        let sections = match task {
            WriterTask::Write(sections) => sections,
            WriterTask::Finish(end) => {
                conclusion = end;
                break;
            }
        };
        for section in sections {
            if let Err(error) = writer.write_messages(&section) {
                return fail(&error);
            }
            let bytes = writer.written();
            update(&|status| (status.bytes, status.events) = (bytes, status.events + section.events));
            if limit.is_some_and(|limit| bytes >= limit) {
                update(&|status| status.failure = Some("it reached its size limit".to_owned()));
                break 'tasks;
            }
        }
    }
    match writer.finish(conclusion) {
        Ok(bytes) => update(&|status| status.bytes = bytes),
        Err(error) => fail(&error),
    }
}
