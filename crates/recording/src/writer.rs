//! Writes a recording, section by section.

use std::io::{self, Write};

use super::format::{Conclusion, END_MAGIC, FILE_MAGIC, FORMAT_VERSION, FileEnd, IndexEntry, RunDescription};
use super::section::{Content, SectionKind, write_section};

/// Writes the sections of one file.
#[derive(Debug)]
pub struct RecordingWriter<W> {
    file: W,
    /// Bytes written so far.
    written: u64,
    sections: u64,
    index: Vec<IndexEntry>,
}

impl<W: Write> RecordingWriter<W> {
    /// Writes the beginning of a file.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn new(mut file: W, description: &RunDescription) -> io::Result<Self> {
        file.write_all(&FILE_MAGIC)?;
        file.write_all(&FORMAT_VERSION.to_le_bytes())?;
        let written = (FILE_MAGIC.len() + size_of_val(&FORMAT_VERSION)) as u64;
        let mut writer = Self { file, written, sections: 0, index: Vec::new() };
        writer.write_value(SectionKind::Header, description)?;
        Ok(writer)
    }

    /// Writes a section of encoded messages.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_messages(&mut self, content: &Content) -> io::Result<()> {
        let Content { first, last, events, .. } = *content;
        let entry = IndexEntry { offset: self.written, first, last, events };
        self.write(SectionKind::Messages, content)?;
        self.index.push(entry);
        Ok(())
    }

    /// Writes the end of the file, with the end of the run if the recording lasted until then. Returns the size of the
    /// file in bytes.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(mut self, conclusion: Option<Conclusion>) -> io::Result<u64> {
        let offset = self.written;
        let end = FileEnd { sections: std::mem::take(&mut self.index), conclusion };
        self.write_value(SectionKind::End, &end)?;
        let tail = [offset.to_le_bytes(), END_MAGIC].concat();
        self.file.write_all(&tail)?;
        self.file.flush()?;
        Ok(self.written + tail.len() as u64)
    }

    /// Returns the number of bytes written so far.
    pub const fn written(&self) -> u64 {
        self.written
    }

    fn write_value(&mut self, kind: SectionKind, value: &impl serde::Serialize) -> io::Result<()> {
        let bytes = postcard::to_stdvec(value).map_err(io::Error::other)?;
        self.write(kind, &Content { bytes, ..Content::default() })
    }

    fn write(&mut self, kind: SectionKind, content: &Content) -> io::Result<()> {
        self.written += write_section(&mut self.file, kind, self.sections, content)?;
        self.sections += 1;
        Ok(())
    }
}
