//! Finds files by patterns.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::JobError;
use contend_scenario::Glob;

/// Most files of one run: more would not fit the frame that carries their names.
const MOST_FILES: usize = 100_000;
/// Most names that are looked at: somebody may name the root directory.
const MOST_NAMES: usize = 1_000_000;
/// How deep `**` goes.
const DEEPEST: usize = 64;

/// The files that patterns mean below a directory, in the order of their names; and the directories below it that could
/// not be read, with the reason.
pub(super) fn find(
    dir: &Path,
    patterns: &[Glob],
    wanted: impl Fn(&Path) -> bool,
) -> Result<(Vec<PathBuf>, Vec<String>), JobError> {
    let deepest = patterns.iter().map(|glob| glob.depth().unwrap_or(DEEPEST)).max().unwrap_or(1).min(DEEPEST);
    let mut walk =
        Walk { patterns, wanted, deepest, below: Vec::new(), seen: 0, files: Vec::new(), unread: Vec::new() };
    let shown = || dir.display().to_string();
    match walk.enter(dir) {
        Err(Stop::TooMany) => return Err(JobError::TooMany { dir: shown() }),
        Err(Stop::Unread(source)) => return Err(JobError::Directory { dir: shown(), source }),
        Ok(()) => {}
    }
    walk.files.sort();
    Ok((walk.files, walk.unread))
}

struct Walk<'a, W> {
    patterns: &'a [Glob],
    wanted: W,
    deepest: usize,
    /// Where it is, part by part below the directory.
    below: Vec<String>,
    seen: usize,
    files: Vec<PathBuf>,
    unread: Vec<String>,
}

enum Stop {
    TooMany,
    Unread(io::Error),
}

impl<W: Fn(&Path) -> bool> Walk<'_, W> {
    fn enter(&mut self, dir: &Path) -> Result<(), Stop> {
        for entry in fs::read_dir(dir).map_err(Stop::Unread)? {
            let entry = entry.map_err(Stop::Unread)?;
            self.seen += 1;
            if self.seen > MOST_NAMES || self.files.len() > MOST_FILES {
                return Err(Stop::TooMany);
            }
            let path = entry.path();
            self.below.push(entry.file_name().to_string_lossy().into_owned());
            // A link to a directory is not followed: it may lead in a ring.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                self.go_below(&path)?;
            } else if self.patterns.iter().any(|glob| glob.matches(&self.below))
                && path.is_file()
                && (self.wanted)(&path)
            {
                self.files.push(path);
            }
            self.below.pop();
        }
        Ok(())
    }

    fn go_below(&mut self, dir: &Path) -> Result<(), Stop> {
        if self.below.len() >= self.deepest {
            return Ok(());
        }
        match self.enter(dir) {
            Err(Stop::Unread(e)) => self.unread.push(format!("{}: {e}", dir.display())),
            other => other?,
        }
        Ok(())
    }
}

/// What an earlier run left beside its picture: `NAME-64.jpg` or `NAME-grey.jpg` where `NAME.jpg` is there too.
pub(super) fn is_result(path: &Path, grey: &str) -> bool {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let Some((name, size)) = stem.rsplit_once('-') else { return false };
    let original = path.with_file_name(name).with_extension(path.extension().unwrap_or(OsStr::new("")));
    (size.parse::<u32>().is_ok() || size == grey) && original.is_file()
}
