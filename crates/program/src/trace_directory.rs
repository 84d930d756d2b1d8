//! The directory into which the tracers of a program's processes write their ring files.

mod bytes;
mod ring_file;
mod slot;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use self::ring_file::RingFile;
use super::line::TextIds;
use super::trace_record::{Counts, TraceRecord};

/// The most files that are read. A program with more is shown in part.
const MAX_FILES: usize = 4_096;
/// The ending of a complete ring file.
const ENDING: &str = ".cvr";

/// The ring files of a program.
#[derive(Debug)]
pub struct TraceDirectory {
    path: PathBuf,
    files: BTreeMap<OsString, RingFile>,
    refused: BTreeSet<OsString>,
    ids: TextIds,
    counts: Counts,
}

impl TraceDirectory {
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            files: BTreeMap::new(),
            refused: BTreeSet::new(),
            ids: TextIds::default(),
            counts: Counts::default(),
        }
    }

    /// Returns what could not be read or understood.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Returns the number of processes and interpreters that have written a file.
    pub fn file_count(&self) -> usize {
        self.files.len()
    }

    /// Opens files that are new.
    pub fn find_files(&mut self) {
        let Ok(entries) = fs::read_dir(&self.path) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let is_ring = name.to_str().is_some_and(|name| name.ends_with(ENDING) && !name.starts_with('.'));
            if !is_ring || self.files.contains_key(&name) || self.refused.contains(&name) {
                continue;
            }
            let opened = if self.files.len() < MAX_FILES { RingFile::open(&entry.path()) } else { None };
            match opened {
                Some(file) => {
                    self.files.insert(name, file);
                }
                None if self.refused.len() < MAX_FILES => {
                    self.counts.refused_files += 1;
                    self.refused.insert(name);
                }
                None => {}
            }
        }
    }

    /// Reads everything that is new. `now` is the time before the first file is read: no record may claim to be newer.
    pub fn read(&mut self, now: u64, records: &mut Vec<TraceRecord>) {
        for file in self.files.values_mut() {
            file.read_definitions(now, &mut self.ids, &mut self.counts, records);
        }
        for file in self.files.values_mut() {
            file.read_slots(now, &mut self.counts, records);
            // Objects that a record names were defined before it, maybe just now.
            file.read_definitions(now, &mut self.ids, &mut self.counts, records);
        }
    }
}

#[cfg(test)]
mod tests;
