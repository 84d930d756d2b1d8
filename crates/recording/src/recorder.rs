//! Records a run while it is observed, without ever disturbing it: messages are encoded at once, and a thread of its
//! own compresses and writes them. If the disk is full or too slow, the recording ends there, and the run goes on.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use super::codec::Encoder;
use super::format::{Conclusion, FILE_MAGIC, RunDescription};
use super::section::Content;
use super::writer::RecordingWriter;
use contend_platform::limits::describe_io_error;
use contend_trace::{Message, Span, Stamp};

/// Size at which a section is written: large enough to compress well.
const SECTION_BYTES: usize = 256 << 10;
/// Time after which a smaller section is written: what a crash may cost.
const SECTION_TIME: Span = Span::from_millis(500);
/// Sections that wait for the disk: 16 MiB.
const QUEUE_LEN: usize = 64;

/// A recording in progress. Dropping it ends the file without the end of the run.
#[derive(Debug)]
pub struct Recorder {
    encoder: Encoder,
    section: Content,
    /// Whether the section has a first moment.
    is_section_dated: bool,
    newest: Stamp,
    /// `None` after a failure.
    sections: Option<Sender<WriterTask>>,
    thread: Option<JoinHandle<()>>,
    status: Arc<Mutex<RecordingStatus>>,
}

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

#[derive(Debug)]
enum WriterTask {
    Write(Content),
    Finish(Conclusion),
}

impl Recorder {
    /// Creates the file, and writes the description of the run. An earlier recording of the same name is replaced. The
    /// recording ends when the file has `limit` bytes.
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
        Ok(Self {
            encoder: Encoder::default(),
            section: Content::default(),
            is_section_dated: false,
            newest: Stamp::default(),
            sections: Some(sections),
            thread: Some(thread),
            status,
        })
    }

    /// Records a message that the observer of the run applies now.
    pub fn record(&mut self, message: &Message) {
        if self.sections.is_none() {
            return;
        }
        self.note_times(message);
        self.encoder.encode(message, &mut self.section.bytes);
        let is_old = self.section.last.span_since(self.section.first) >= SECTION_TIME;
        if self.section.bytes.len() >= SECTION_BYTES || self.is_section_dated && is_old {
            self.end_section();
        }
    }

    /// Returns how far the file is.
    pub fn status(&self) -> RecordingStatus {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Writes the end of the file, and waits until all of it is written.
    pub fn finish(mut self, conclusion: Conclusion) -> RecordingStatus {
        self.end_section();
        if let Some(sections) = self.sections.take() {
            let _ = sections.send(WriterTask::Finish(conclusion)); // the thread is gone if the disk failed
        }
        self.join();
        self.status()
    }

    /// Notes the moments and the number of events of a message.
    fn note_times(&mut self, message: &Message) {
        match message {
            Message::Events(events) => {
                self.section.events += events.len() as u64;
                if let Some(event) = events.last() {
                    self.newest = self.newest.max(event.at);
                }
            }
            Message::Batch(messages) => return messages.iter().for_each(|message| self.note_times(message)),
            Message::Watermark(at) | Message::Ended { at, .. } | Message::Notice { at, .. } => {
                self.newest = self.newest.max(*at);
            }
            Message::Look(look) => self.newest = self.newest.max(look.at),
            Message::WaitSnapshot(_) | Message::Sample(_) | Message::Declare(_) => {}
        }
        if !self.is_section_dated {
            (self.section.first, self.is_section_dated) = (self.newest, true);
        }
        self.section.last = self.newest;
    }

    /// Hands the section to the thread that writes.
    fn end_section(&mut self) {
        if self.section.bytes.is_empty() {
            return;
        }
        self.encoder.reset();
        self.is_section_dated = false;
        let section = std::mem::take(&mut self.section);
        let Some(sections) = &self.sections else { return };
        match sections.try_send(WriterTask::Write(section)) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => self.fail("the disk is too slow for the run's events"),
            Err(TrySendError::Disconnected(_)) => self.sections = None, // the thread has said why
        }
    }

    /// Ends the recording early.
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

impl Drop for Recorder {
    fn drop(&mut self) {
        self.end_section();
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
    for task in tasks {
        let section = match task {
            WriterTask::Write(section) => section,
            WriterTask::Finish(end) => {
                conclusion = Some(end);
                break;
            }
        };
        if let Err(error) = writer.write_messages(&section) {
            return fail(&error);
        }
        let bytes = writer.written();
        update(&|status| (status.bytes, status.events) = (bytes, status.events + section.events));
        if limit.is_some_and(|limit| bytes >= limit) {
            update(&|status| status.failure = Some("it reached its size limit".to_owned()));
            break;
        }
    }
    match writer.finish(conclusion) {
        Ok(bytes) => update(&|status| status.bytes = bytes),
        Err(error) => fail(&error),
    }
}
