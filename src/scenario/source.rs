//! Where a scenario's text comes from: the catalogue, or a file that is trusted in nothing.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags};

use super::catalogue;
use super::clean::clean;
use super::nearest::nearest;

/// Largest file that is read, in bytes.
pub const LARGEST: usize = 1 << 20;

/// A scenario's text, not checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What one types: the catalogue's name, or the file's stem.
    pub name: String,
    /// `None` for the catalogue.
    pub path: Option<PathBuf>,
    pub text: String,
}

/// Why there is no text. Every field is harmless to print.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    #[error("no scenario is called `{name}`{}", hint(*nearest))]
    Unknown { name: String, nearest: Option<&'static str> },
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

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(
        || "; `contend list` shows them, a file is given by a path such as ./mine.kdl".to_owned(),
        |name| format!("; did you mean `{name}`?"),
    )
}

impl Source {
    /// The catalogue's scenario of this name, or the file at this path (it contains `/` or ends in `.kdl`).
    ///
    /// # Errors
    ///
    /// Nothing of this name, or a file that cannot be read as text. Never waits, whatever the path leads to.
    pub fn find(spec: impl AsRef<OsStr>) -> Result<Self, FindError> {
        let file = Path::new(spec.as_ref());
        let is_below = spec.as_ref().as_encoded_bytes().contains(&b'/');
        if is_below || file.extension().is_some_and(|end| end.eq_ignore_ascii_case("kdl")) {
            return Self::read(file);
        }
        let spec = spec.as_ref().to_string_lossy();
        let entry = catalogue::get(&spec).ok_or_else(|| FindError::Unknown {
            name: clean(&spec),
            nearest: nearest(&spec, catalogue::all().iter().map(|e| e.name)),
        })?;
        Ok(Self { name: entry.name.to_owned(), path: None, text: entry.text.to_owned() })
    }

    /// What these bytes say, which came by another way than a path.
    ///
    /// # Errors
    ///
    /// What the bytes are instead of text in UTF-8.
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self, String> {
        Ok(Self { name: name.to_owned(), path: None, text: decode(bytes)? })
    }

    fn read(file: &Path) -> Result<Self, FindError> {
        let path = clean(&file.to_string_lossy());
        let bytes = bytes_of(file, &path)?;
        let text = decode(bytes).map_err(|what| FindError::NotText { path, what })?;
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
fn bytes_of(file: &Path, path: &str) -> Result<Vec<u8>, FindError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => FindError::Missing { path: path.to_owned() },
        _ => FindError::Unreadable { path: path.to_owned(), reason: reason(&error) },
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
        return Err(FindError::TooLarge { path: path.to_owned() });
    }
    Ok(bytes)
}

/// The system's words without its number: `Permission denied`.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

fn regular(mode: rustix::fs::RawMode, path: &str) -> Result<(), FindError> {
    let what = match FileType::from_raw_mode(mode) {
        FileType::RegularFile => return Ok(()),
        FileType::Directory => "a directory",
        FileType::Fifo => "a named pipe",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        _ => "no file",
    };
    Err(FindError::NotAFile { path: path.to_owned(), what })
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
