//! The text of a scenario, read from a file or from bytes. Nothing in the file is trusted.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags};

use super::clean::clean;

/// Largest file that is read, in bytes.
pub const LARGEST: usize = 1 << 20;

/// A scenario's text, not checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Name of the scenario in the catalogue, or the file's stem.
    pub name: String,
    /// File that it was read from; `None` for a scenario of the catalogue.
    pub path: Option<PathBuf>,
    pub text: String,
}

/// Why there is no text. Every field is harmless to print.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("`{path}` does not exist")]
    Missing { path: String },
    #[error("`{path}` is {what}; a scenario is a regular file")]
    NotAFile { path: String, what: &'static str },
    #[error("`{path}` cannot be read: {reason}")]
    Unreadable { path: String, reason: String },
    #[error("`{path}` is larger than 1 MiB; no scenario is")]
    TooLarge { path: String },
    #[error("`{path}` is {what}; a scenario is text in UTF-8")]
    NotText { path: String, what: String },
}

impl Source {
    /// What these bytes say, which came by another way than a path.
    ///
    /// # Errors
    ///
    /// What the bytes are instead of text in UTF-8.
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self, String> {
        Ok(Self { name: name.to_owned(), path: None, text: decode(bytes)? })
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// A file that cannot be read as text. Never waits, whatever the path leads to.
    pub fn read(file: &Path) -> Result<Self, ReadError> {
        let path = clean(&file.to_string_lossy());
        let bytes = bytes_of(file, &path)?;
        let text = decode(bytes).map_err(|what| ReadError::NotText { path, what })?;
        let stem = file.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
        Ok(Self { name: clean(&stem), path: Some(file.to_owned()), text })
    }

    /// What messages call it.
    pub(super) fn label(&self) -> String {
        let path = self.path.as_ref().map(|path| path.to_string_lossy().into_owned());
        clean(&path.unwrap_or_else(|| format!("{}.kdl", self.name)))
    }
}

/// The bytes of a regular file. Opened without waiting, so that a named pipe nobody writes to does not hang.
fn bytes_of(file: &Path, path: &str) -> Result<Vec<u8>, ReadError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => ReadError::Missing { path: path.to_owned() },
        _ => ReadError::Unreadable { path: path.to_owned(), reason: reason(&error) },
    };
    // The kind is asked before and after opening: opening a device may already do something, and in between the
    // path may come to lead elsewhere.
    regular(rustix::fs::stat(file).map_err(|e| failed(e.into()))?.st_mode, path)?;
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let opened = rustix::fs::open(file, flags, Mode::empty()).map_err(|e| failed(e.into()))?;
    regular(rustix::fs::fstat(&opened).map_err(|e| failed(e.into()))?.st_mode, path)?;
    let mut bytes = Vec::new();
    File::from(opened).take(LARGEST as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > LARGEST {
        return Err(ReadError::TooLarge { path: path.to_owned() });
    }
    Ok(bytes)
}

/// The system's words without its number: `Permission denied`.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

fn regular(mode: rustix::fs::RawMode, path: &str) -> Result<(), ReadError> {
    let what = match FileType::from_raw_mode(mode) {
        FileType::RegularFile => return Ok(()),
        FileType::Directory => "a directory",
        FileType::Fifo => "a named pipe",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        _ => "no file",
    };
    Err(ReadError::NotAFile { path: path.to_owned(), what })
}

/// The text, without a byte order mark; or what the bytes are instead.
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
