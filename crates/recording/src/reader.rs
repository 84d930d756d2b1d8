//! Reads a recording. Nothing in the file is trusted.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread;

use thiserror::Error;

use super::codec::Decoder;
use super::format::{
    Conclusion, END_MAGIC, FILE_MAGIC, FORMAT_VERSION, FileEnd, IndexEntry, OLDEST_VERSION, RunDescription,
};
use super::section::{SectionError, SectionHead, SectionKind, read_content, read_head};
use super::untrusted::{MAX_DECODED, from_untrusted};
use contend_scenario::special_file_kind;
use contend_trace::printable::mask_line;
use contend_trace::{Message, Registry};

/// Nested values of a description that are accepted: 64 nested blocks of a scenario, and the formulas in them.
const MAX_DEPTH: usize = 512;

/// Stack for decoding that many.
const STACK_BYTES: usize = 64 << 20;

/// The reason why a recording cannot be opened. Every field is safe to print.
#[derive(Debug, Error)]
pub enum OpenError {
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("it is not a recording of contend")]
    NotARecording,
    #[error("it is {0}, but a recording must be a regular file")]
    SpecialFile(&'static str),
    #[error(
        "it has version {0} of the format, but this program reads versions {OLDEST_VERSION} to {FORMAT_VERSION}; use the \
         version of contend that recorded it"
    )]
    OtherVersion(u32),
    #[error("the description of the run is damaged")]
    NoDescription,
}

/// A recording that is open for reading.
#[derive(Debug)]
pub struct Recording<R = BufReader<File>> {
    file: R,
    description: RunDescription,
    sections: Vec<IndexEntry>,
    conclusion: Option<Conclusion>,
    /// Why the file is read only in part, if it is.
    damage: Option<Damage>,
}

/// The place up to which a damaged file can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// The file has no end: the program that wrote it was killed, or the disk was full.
    Cut,
    /// A section has been changed.
    Changed,
}

impl Recording {
    /// Opens a file. A named pipe is refused: opening it would wait for a writer.
    ///
    /// # Errors
    /// If it is not a recording that this version can read.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        if let Some(kind) = special_file_kind(std::fs::metadata(path)?.mode()) {
            return Err(OpenError::SpecialFile(kind));
        }
        Self::from_reader(BufReader::new(File::open(path)?))
    }
}

impl<R: Read + Seek> Recording<R> {
    /// Opens a recording in a reader.
    ///
    /// # Errors
    /// If it is not a recording that this version can read.
    pub fn from_reader(mut file: R) -> Result<Self, OpenError> {
        check_version(&mut file)?;
        let description = read_description(&mut file).ok_or(OpenError::NoDescription)?;
        let first = file.stream_position()?;
        let mut recording = Self { file, description, sections: Vec::new(), conclusion: None, damage: None };
        if !recording.read_end()? {
            recording.scan_sections(first)?;
        }
        Ok(recording)
    }

    pub const fn description(&self) -> &RunDescription {
        &self.description
    }

    /// Returns the sections of messages, in order.
    pub fn sections(&self) -> &[IndexEntry] {
        &self.sections
    }

    /// Returns how the run ended, if the recording lasted until then.
    pub const fn conclusion(&self) -> Option<&Conclusion> {
        self.conclusion.as_ref()
    }

    /// Returns the damage found so far. Some is found only when sections are read.
    pub const fn damage(&self) -> Option<Damage> {
        self.damage
    }

    /// Reads the messages of a section. Returns `None` if the section is damaged, or there is none with this number.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn read_messages(&mut self, section: usize) -> io::Result<Option<Vec<Message>>> {
        let Some(entry) = self.sections.get(section).copied() else { return Ok(None) };
        let messages = match self.read_section(entry.offset) {
            Ok(Some((SectionHead { kind: SectionKind::Messages, .. }, content))) => decode_messages(&content),
            Ok(_) | Err(SectionError::Cut | SectionError::Damaged) => None,
            Err(SectionError::Io(error)) => return Err(error),
        };
        if messages.is_none() {
            self.damage = Some(Damage::Changed);
        }
        Ok(messages)
    }

    fn read_section(&mut self, offset: u64) -> Result<Option<(SectionHead, Vec<u8>)>, SectionError> {
        self.file.seek(SeekFrom::Start(offset))?;
        let Some(head) = read_head(&mut self.file)? else { return Ok(None) };
        let content = read_content(&mut self.file, &head)?;
        Ok(Some((head, content)))
    }

    /// Reads the end of the file. Returns whether there is one.
    fn read_end(&mut self) -> io::Result<bool> {
        let mut tail = [0; 16];
        if self.file.seek(SeekFrom::End(-(tail.len() as i64))).is_err() {
            return Ok(false); // it is shorter
        }
        self.file.read_exact(&mut tail)?;
        let (offset, magic) = tail.split_at(8);
        let offset = offset.first_chunk().map(|chunk| u64::from_le_bytes(*chunk));
        let Some(offset) = offset.filter(|_| magic == END_MAGIC) else { return Ok(false) };
        let Some(end) = self.read_value::<FileEnd>(offset, SectionKind::End) else { return Ok(false) };
        (self.sections, self.conclusion) = (end.sections, end.conclusion);
        Ok(true)
    }

    fn read_value<T: serde::de::DeserializeOwned>(&mut self, offset: u64, kind: SectionKind) -> Option<T> {
        let (head, content) = self.read_section(offset).ok()??;
        if head.kind == kind { from_untrusted(&content, MAX_DEPTH, &mut { MAX_DECODED }) } else { None }
    }

    /// Finds the sections of a file without end, up to the first damage.
    fn scan_sections(&mut self, mut offset: u64) -> io::Result<()> {
        (self.sections, self.conclusion) = (Vec::new(), None);
        self.damage = Some(Damage::Cut);
        loop {
            match self.read_section(offset) {
                Ok(Some((head, _))) if head.kind == SectionKind::Messages => {
                    let SectionHead { first, last, events, .. } = head;
                    self.sections.push(IndexEntry { offset, first, last, events });
                    offset = self.file.stream_position()?;
                }
                Ok(_) | Err(SectionError::Cut) => return Ok(()),
                Err(SectionError::Damaged) => {
                    self.damage = Some(Damage::Changed);
                    return Ok(());
                }
                Err(SectionError::Io(error)) => return Err(error),
            }
        }
    }
}

fn check_version(file: &mut impl Read) -> Result<(), OpenError> {
    let mut magic = [0; FILE_MAGIC.len()];
    let mut version = [0; size_of::<u32>()];
    for part in [&mut magic[..], &mut version[..]] {
        file.read_exact(part).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => OpenError::NotARecording,
            _ => OpenError::Io(error),
        })?;
        if part.len() == FILE_MAGIC.len() && part != FILE_MAGIC {
            return Err(OpenError::NotARecording);
        }
    }
    match u32::from_le_bytes(version) {
        OLDEST_VERSION..=FORMAT_VERSION => Ok(()),
        other => Err(OpenError::OtherVersion(other)),
    }
}

fn read_description(file: &mut impl Read) -> Option<RunDescription> {
    let head = read_head(file).ok()??;
    let content = read_content(file, &head).ok()?;
    if head.kind != SectionKind::Header {
        return None;
    }
    let decode = || from_untrusted::<RunDescription>(&content, MAX_DEPTH, &mut { MAX_DECODED });
    let mut description = thread::scope(|scope| {
        let decoder = thread::Builder::new().name("description".into()).stack_size(STACK_BYTES);
        decoder.spawn_scoped(scope, decode).ok()?.join().ok()?
    })?;
    description.registry.mask_names();
    description.title = mask_line(&description.title).into_owned();
    let Registry { workers, resources, .. } = &description.registry;
    (workers.len().max(resources.len()) <= Registry::MAX_DECLARED).then_some(description)
}

/// Decodes all messages of a section, or returns `None`.
fn decode_messages(mut content: &[u8]) -> Option<Vec<Message>> {
    let (mut decoder, mut messages) = (Decoder::default(), Vec::new());
    while !content.is_empty() {
        messages.push(decoder.decode(&mut content)?);
    }
    Some(messages)
}
