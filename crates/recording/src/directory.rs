//! A directory of recordings, one for each of several runs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::format::RunDescription;
use super::recorder::Recorder;

/// A directory into which several threads record runs.
#[derive(Debug)]
pub struct RecordingDirectory {
    directory: PathBuf,
    next_number: AtomicUsize,
    /// Largest size of a file in bytes.
    limit: Option<u64>,
    /// The first failure to create a file, and the file.
    failure: Mutex<Option<(PathBuf, io::Error)>>,
}

impl RecordingDirectory {
    /// Creates the directory, unless it exists; recordings that are there stay. A recording in it ends when it has
    /// `limit` bytes.
    ///
    /// # Errors
    /// If it cannot be created.
    pub fn create(directory: &Path, limit: Option<u64>) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let next_number = AtomicUsize::new(highest_number(directory)? + 1);
        Ok(Self { directory: directory.to_owned(), next_number, limit, failure: Mutex::new(None) })
    }

    /// Begins the recording of a run in a file such as `0007-thread-pool.contend`. Returns `None` if the file cannot be
    /// created.
    pub fn start(&self, name: &str, description: &RunDescription) -> Option<Recorder> {
        let number = self.next_number.fetch_add(1, Ordering::Relaxed); // Relaxed: only the number matters
        let path = self.directory.join(format!("{number:04}-{}.contend", file_name_part(name)));
        match Recorder::create(&path, description, self.limit) {
            Ok(recorder) => Some(recorder),
            Err(error) => {
                self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert((path, error));
                None
            }
        }
    }

    /// Returns the first file that could not be created, and why.
    pub fn into_failure(self) -> Option<(PathBuf, io::Error)> {
        self.failure.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a scenario's name as part of a file name: the name may be a path.
pub fn file_name_part(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

/// Returns the highest number of a recording in the directory; 0 for none.
fn highest_number(directory: &Path) -> io::Result<usize> {
    let mut highest = 0;
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        let number = name.to_str().filter(|name| name.ends_with(".contend")).and_then(|name| name.split_once('-'));
        highest = highest.max(number.and_then(|(number, _)| number.parse().ok()).unwrap_or(0));
    }
    Ok(highest)
}
