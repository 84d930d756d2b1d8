//! The sections of a file: a head with checksum, then compressed bytes.
//!
//! ```text
//! byte  0  "ctnd"               24  stamp of the first moment in the section, nanoseconds
//!       4  kind                 32  stamp of the last
//!       8  length when decoded  40  number of events
//!      12  length in the file   48  CRC-32 of bytes 4 to 47 and of the content
//!      16  number of the section in the file
//! ```
//!
//! All numbers are little-endian. The content is an LZ4 block.

use std::io::{self, Read, Write};

use contend_trace::Stamp;

/// Bytes of a head.
pub const HEAD_BYTES: usize = 52;

/// The largest content of a section, before compression: a registry of 65,535 workers and resources has 8 MiB.
pub const MAX_CONTENT: usize = 64 << 20;

const MAGIC: [u8; 4] = *b"ctnd";

/// What a section holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum SectionKind {
    /// The description of the run.
    Header = 1,
    /// Messages.
    Messages = 2,
    /// The list of all sections of messages, and how the run ended.
    End = 3,
}

impl SectionKind {
    const ALL: [Self; 3] = [Self::Header, Self::Messages, Self::End];
}

/// The head of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SectionHead {
    pub kind: SectionKind,
    /// Bytes of the content when decoded.
    pub decoded: u32,
    /// Bytes of the content in the file.
    pub stored: u32,
    /// The number of the section in its file, from 0 on.
    pub number: u64,
    pub first: Stamp,
    pub last: Stamp,
    pub events: u64,
    checksum: u32,
}

/// A section that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SectionError {
    /// The file ends before the section does.
    #[error("the file ends inside a section")]
    Cut,
    #[error("a section is damaged")]
    Damaged,
    #[error(transparent)]
    Io(io::Error),
}

impl From<io::Error> for SectionError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof { Self::Cut } else { Self::Io(error) }
    }
}

/// The content of a section that is to be written, and what its head says about it.
#[derive(Debug, Clone, Default)]
pub struct Content {
    pub bytes: Vec<u8>,
    pub first: Stamp,
    pub last: Stamp,
    pub events: u64,
}

/// Writes a section with one call of `write`. Returns the number of bytes.
///
/// # Errors
/// If the file cannot be written, or the content exceeds [`MAX_CONTENT`].
pub fn write_section(file: &mut impl Write, kind: SectionKind, number: u64, content: &Content) -> io::Result<u64> {
    if content.bytes.len() > MAX_CONTENT {
        return Err(io::Error::other("a section of a recording exceeds 64 MiB"));
    }
    let mut section = vec![0; HEAD_BYTES + lz4_flex::block::get_maximum_output_size(content.bytes.len())];
    let stored =
        lz4_flex::block::compress_into(&content.bytes, &mut section[HEAD_BYTES..]).map_err(io::Error::other)?;
    section.truncate(HEAD_BYTES + stored);
    let mut head = SectionHead {
        kind,
        decoded: content.bytes.len() as u32,
        stored: stored as u32,
        number,
        first: content.first,
        last: content.last,
        events: content.events,
        checksum: 0,
    };
    head.checksum = head.checksum_with(&section[HEAD_BYTES..]);
    section[..HEAD_BYTES].copy_from_slice(&head.to_bytes());
    file.write_all(&section)?;
    Ok(section.len() as u64)
}

/// Reads the head of the next section, without its content. Returns `None` at the end of the file.
///
/// # Errors
/// If the bytes are no head, or the file ends inside.
pub fn read_head(file: &mut impl Read) -> Result<Option<SectionHead>, SectionError> {
    let mut bytes = [0; HEAD_BYTES];
    match file.read(&mut bytes)? {
        0 => return Ok(None),
        read => file.read_exact(&mut bytes[read..])?,
    }
    SectionHead::from_bytes(&bytes).map(Some).ok_or(SectionError::Damaged)
}

/// Reads and decodes the content that follows a head.
///
/// # Errors
/// If the content is damaged, or the file ends inside.
pub fn read_content(file: &mut impl Read, head: &SectionHead) -> Result<Vec<u8>, SectionError> {
    let mut stored = Vec::new();
    file.take(u64::from(head.stored)).read_to_end(&mut stored)?; // allocates for bytes that exist, not for claimed ones
    if stored.len() < head.stored as usize {
        return Err(SectionError::Cut);
    }
    if head.checksum_with(&stored) != head.checksum {
        return Err(SectionError::Damaged);
    }
    let decoded = lz4_flex::block::decompress(&stored, head.decoded as usize).map_err(|_| SectionError::Damaged)?;
    if decoded.len() == head.decoded as usize { Ok(decoded) } else { Err(SectionError::Damaged) }
}

impl SectionHead {
    fn checksum_with(&self, stored: &[u8]) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&self.to_bytes()[4..HEAD_BYTES - 4]);
        hasher.update(stored);
        hasher.finalize()
    }

    fn to_bytes(self) -> [u8; HEAD_BYTES] {
        let mut bytes = [0; HEAD_BYTES];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4] = self.kind as u8;
        bytes[8..12].copy_from_slice(&self.decoded.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.stored.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.number.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.first.0.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.last.0.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.events.to_le_bytes());
        bytes[48..].copy_from_slice(&self.checksum.to_le_bytes());
        bytes
    }

    /// Returns `None` if the bytes are no head.
    fn from_bytes(bytes: &[u8; HEAD_BYTES]) -> Option<Self> {
        let u32_at = |at: usize| bytes[at..].first_chunk().map(|chunk| u32::from_le_bytes(*chunk));
        let u64_at = |at: usize| bytes[at..].first_chunk().map(|chunk| u64::from_le_bytes(*chunk));
        let head = Self {
            kind: SectionKind::ALL.into_iter().find(|kind| *kind as u8 == bytes[4])?,
            decoded: u32_at(8)?,
            stored: u32_at(12)?,
            number: u64_at(16)?,
            first: Stamp(u64_at(24)?),
            last: Stamp(u64_at(32)?),
            events: u64_at(40)?,
            checksum: u32_at(48)?,
        };
        let is_head = bytes[..4] == MAGIC && bytes[5..8] == [0; 3] && head.decoded as usize <= MAX_CONTENT;
        is_head.then_some(head)
    }
}
