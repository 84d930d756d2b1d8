//! Reads the text of a scenario from a file or from bytes. Nothing in the file is trusted.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags};

use super::sanitize::sanitize;

/// Size limit of a scenario file, in bytes.
pub const MAX_SOURCE_BYTES: usize = 1 << 20;

/// The text of a scenario, before any check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Name of the scenario in the catalogue, or the file name without its extension.
    pub name: String,
    /// File that the text was read from; `None` for a scenario of the catalogue.
    pub path: Option<PathBuf>,
    pub text: String,
}

/// A failure to read a scenario. Every field is safe to print.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("`{path}` does not exist")]
    Missing { path: String },
    #[error("`{path}` is {kind}, but a scenario must be a regular file")]
    NotAFile { path: String, kind: &'static str },
    #[error("`{path}` cannot be read: {reason}")]
    Unreadable { path: String, reason: String },
    #[error("`{path}` is larger than 1 MiB, the limit for a scenario")]
    TooLarge { path: String },
    #[error("`{path}` is {found}, but a scenario must be UTF-8 text")]
    NotText { path: String, found: String },
}

impl Source {
    /// Decodes bytes that did not come from a path, such as standard input.
    ///
    /// # Errors
    ///
    /// If the bytes are not UTF-8 text; the error says what they are instead.
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self, String> {
        Ok(Self { name: name.to_owned(), path: None, text: decode(bytes)? })
    }

    /// Reads a file. Never blocks, not even on a named pipe or a device.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is not text.
    pub fn read(file: &Path) -> Result<Self, ReadError> {
        let path = sanitize(&file.to_string_lossy());
        let bytes = read_bytes(file, &path)?;
        let text = decode(bytes).map_err(|what| ReadError::NotText { path, found: what })?;
        let stem = file.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
        Ok(Self { name: sanitize(&stem), path: Some(file.to_owned()), text })
    }

    /// Returns the name to show in messages.
    pub(super) fn label(&self) -> String {
        let path = self.path.as_ref().map(|path| path.to_string_lossy().into_owned());
        sanitize(&path.unwrap_or_else(|| format!("{}.kdl", self.name)))
    }
}

/// Reads the bytes of a regular file. Opens without blocking, since a named pipe without a writer would hang.
fn read_bytes(file: &Path, path: &str) -> Result<Vec<u8>, ReadError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => ReadError::Missing { path: path.to_owned() },
        _ => ReadError::Unreadable { path: path.to_owned(), reason: reason(&error) },
    };
    // Check the kind before opening, since opening a device can have effects, and again afterwards, since the path can
    // change in between.
    ensure_regular_file(rustix::fs::stat(file).map_err(|e| failed(e.into()))?.st_mode, path)?;
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let opened = rustix::fs::open(file, flags, Mode::empty()).map_err(|e| failed(e.into()))?;
    ensure_regular_file(rustix::fs::fstat(&opened).map_err(|e| failed(e.into()))?.st_mode, path)?;
    let mut bytes = Vec::new();
    File::from(opened).take(MAX_SOURCE_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > MAX_SOURCE_BYTES {
        return Err(ReadError::TooLarge { path: path.to_owned() });
    }
    Ok(bytes)
}

/// Returns the system's message without its number: `permission denied`.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

fn ensure_regular_file(mode: rustix::fs::RawMode, path: &str) -> Result<(), ReadError> {
    special_file_kind(mode).map_or(Ok(()), |kind| Err(ReadError::NotAFile { path: path.to_owned(), kind }))
}

/// Returns what a file of this mode is, if it is not a regular file: `a named pipe`.
pub fn special_file_kind(mode: u32) -> Option<&'static str> {
    match FileType::from_raw_mode(mode) {
        FileType::RegularFile => None,
        FileType::Directory => Some("a directory"),
        FileType::Fifo => Some("a named pipe"),
        FileType::Socket => Some("a socket"),
        FileType::CharacterDevice | FileType::BlockDevice => Some("a device"),
        _ => Some("not a file"),
    }
}

/// Decodes UTF-8 and drops a byte order mark. The error says what the bytes are instead.
fn decode(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("UTF-16".to_owned());
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let before = &error.as_bytes()[..at];
        if error.as_bytes().contains(&0) {
            return "binary".to_owned();
        }
        let line = before.split(|byte| *byte == b'\n');
        let column = line.clone().next_back().map_or(0, <[u8]>::len) + 1;
        format!("not valid UTF-8 (byte {column} of line {})", line.count())
    })?;
    if text.contains('\0') {
        let half = text.bytes().filter(|b| *b == 0).count() * 3 > text.len();
        return Err(if half { "UTF-16" } else { "binary (it contains zero bytes)" }.to_owned());
    }
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}
