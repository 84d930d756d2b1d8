//! Finds the files below a directory that match patterns.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::InputError;
use contend_scenario::Glob;

/// The most files of one run: the names of more would not fit into one frame.
const MAX_FILES: usize = 100_000;
/// The most names that are read: the user may give the root directory.
const MAX_NAMES: usize = 1_000_000;
/// The depth that `**` matches.
const MAX_DEPTH: usize = 64;

/// Returns the matching files in the order of their names, and the directories that could not be read, with the reason.
pub(super) fn find_files(
    dir: &Path,
    patterns: &[Glob],
    is_wanted: impl Fn(&Path) -> bool,
) -> Result<(Vec<PathBuf>, Vec<String>), InputError> {
    let max_depth = patterns.iter().map(|glob| glob.depth().unwrap_or(MAX_DEPTH)).max().unwrap_or(1).min(MAX_DEPTH);
    let mut walk = FileWalk {
        patterns,
        is_wanted,
        max_depth,
        relative_parts: Vec::new(),
        visited: 0,
        files: Vec::new(),
        unreadable_dirs: Vec::new(),
    };
    let name = || dir.display().to_string();
    match walk.visit_dir(dir) {
        Err(WalkError::TooMany) => return Err(InputError::TooMany { dir: name() }),
        Err(WalkError::Unreadable(source)) => return Err(InputError::Directory { dir: name(), source }),
        Ok(()) => {}
    }
    walk.files.sort();
    Ok((walk.files, walk.unreadable_dirs))
}

struct FileWalk<'a, W> {
    patterns: &'a [Glob],
    is_wanted: W,
    max_depth: usize,
    /// The path of the present entry below the directory, in parts.
    relative_parts: Vec<String>,
    visited: usize,
    files: Vec<PathBuf>,
    unreadable_dirs: Vec<String>,
}

enum WalkError {
    TooMany,
    Unreadable(io::Error),
}

impl<W: Fn(&Path) -> bool> FileWalk<'_, W> {
    fn visit_dir(&mut self, dir: &Path) -> Result<(), WalkError> {
        for entry in fs::read_dir(dir).map_err(WalkError::Unreadable)? {
            let entry = entry.map_err(WalkError::Unreadable)?;
            self.visited += 1;
            if self.visited > MAX_NAMES || self.files.len() > MAX_FILES {
                return Err(WalkError::TooMany);
            }
            let path = entry.path();
            self.relative_parts.push(entry.file_name().to_string_lossy().into_owned());
            // A link to a directory is not followed: it may form a cycle.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                self.visit_subdir(&path)?;
            } else if self.patterns.iter().any(|glob| glob.matches(&self.relative_parts))
                && path.is_file()
                && (self.is_wanted)(&path)
            {
                self.files.push(path);
            }
            self.relative_parts.pop();
        }
        Ok(())
    }

    fn visit_subdir(&mut self, dir: &Path) -> Result<(), WalkError> {
        if self.relative_parts.len() >= self.max_depth {
            return Ok(());
        }
        match self.visit_dir(dir) {
            Err(WalkError::Unreadable(e)) => self.unreadable_dirs.push(format!("{}: {e}", dir.display())),
            other => other?,
        }
        Ok(())
    }
}
