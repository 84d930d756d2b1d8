//! The newest messages of a run, kept in memory: a recording can begin with what has happened already.
//!
//! Messages are encoded once, in sections, for the memory and for a file. When the sections exceed their budget, the
//! oldest is dropped. Its events are then counted as lost for each worker, so that a model that is fed the rest
//! concludes nothing from them; what belongs to no single moment (turned knobs, deaths, sizes of pools) is kept.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::dropped::DroppedPart;
use super::format::{Conclusion, RunDescription};
use super::recording_file::{RecordingFile, RecordingStatus};
use super::section::Content;
use super::section_builder::{SectionBuilder, messages_of};
use contend_trace::{Message, Stamp};

/// Bytes of encoded messages that are kept: about five million events.
pub const FLIGHT_BYTES: usize = 32 << 20;

/// Keeps the newest messages of a run, and writes a file if it is asked to.
#[derive(Debug)]
pub struct FlightRecorder {
    builder: SectionBuilder,
    sections: VecDeque<Arc<Content>>,
    bytes: usize,
    budget: usize,
    dropped: DroppedPart,
    file: Option<RecordingFile>,
}

/// The messages that a flight recorder had at one moment, in sections.
#[derive(Debug, Clone, Default)]
pub struct FlightTape {
    sections: Vec<Arc<Content>>,
    begins_at: Stamp,
}

impl Default for FlightRecorder {
    fn default() -> Self {
        Self::with_budget(FLIGHT_BYTES)
    }
}

impl FlightRecorder {
    /// Returns a recorder that keeps at most this many bytes of encoded messages, and one section in any case.
    pub fn with_budget(budget: usize) -> Self {
        Self {
            builder: SectionBuilder::default(),
            sections: VecDeque::new(),
            bytes: 0,
            budget,
            dropped: DroppedPart::default(),
            file: None,
        }
    }

    /// Keeps a message that the observer of the run applies now.
    pub fn record(&mut self, message: &Message) {
        if let Some(section) = self.builder.push(message) {
            self.keep(section);
        }
    }

    /// Begins a file, with everything that is in memory. `description` is that of the run; its beginning is filled in.
    ///
    /// # Errors
    /// If the file cannot be written, or it exists and is not a recording.
    pub fn start_file(&mut self, path: &Path, description: RunDescription, limit: Option<u64>) -> io::Result<()> {
        let tape = self.tape();
        let begins_at = (tape.begins_at > Stamp(0)).then_some(tape.begins_at);
        let mut file = RecordingFile::create(path, &RunDescription { begins_at, ..description }, limit)?;
        file.send(tape.sections);
        self.file = Some(file);
        Ok(())
    }

    /// Ends the file, with the end of the run if it has ended. Returns the file, which is still being written; `None`
    /// if there is none.
    pub fn close_file(&mut self, conclusion: Option<Conclusion>) -> Option<RecordingFile> {
        self.end_section();
        let mut file = self.file.take()?;
        file.close(conclusion);
        Some(file)
    }

    /// Returns how far the file is, if one is being written.
    pub fn file_status(&self) -> Option<RecordingStatus> {
        self.file.as_ref().map(RecordingFile::status)
    }

    /// Returns the moment from which on all events are in memory.
    pub const fn begins_at(&self) -> Stamp {
        self.dropped.until
    }

    /// Returns everything that is in memory now.
    pub fn tape(&mut self) -> FlightTape {
        self.end_section();
        let preface = self.dropped.preface().map(Arc::new);
        FlightTape {
            sections: preface.into_iter().chain(self.sections.iter().cloned()).collect(),
            begins_at: self.begins_at(),
        }
    }

    fn end_section(&mut self) {
        if let Some(section) = self.builder.end_section() {
            self.keep(section);
        }
    }

    fn keep(&mut self, section: Content) {
        let section = Arc::new(section);
        if let Some(file) = &mut self.file {
            file.send(vec![Arc::clone(&section)]);
        }
        self.bytes += section.bytes.len();
        self.sections.push_back(section);
        while self.bytes > self.budget && self.sections.len() > 1 {
            let Some(oldest) = self.sections.pop_front() else { break };
            self.bytes -= oldest.bytes.len();
            self.dropped.add(&oldest);
        }
    }
}

impl FlightTape {
    pub fn section_count(&self) -> usize {
        self.sections.len()
    }

    /// Returns the messages of a section; `None` if there is none with this number.
    pub fn read_section(&self, section: usize) -> Option<Vec<Message>> {
        self.sections.get(section).map(|section| messages_of(section))
    }

    /// Returns the first moment of a section.
    pub fn section_start(&self, section: usize) -> Stamp {
        self.sections.get(section).map_or_else(Stamp::default, |section| section.first)
    }

    /// Returns the size of an encoded section.
    pub fn section_bytes(&self, section: usize) -> usize {
        self.sections.get(section).map_or(0, |section| section.bytes.len())
    }

    /// Returns the last moment.
    pub fn end(&self) -> Stamp {
        self.sections.iter().map(|section| section.last).max().unwrap_or_default()
    }

    /// Returns the moment from which on all events are there.
    pub const fn begins_at(&self) -> Stamp {
        self.begins_at
    }
}
