//! Reports of tested runs, each in a file of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Case;
use crate::cli::failure::Failure;
use crate::platform::machine;
use crate::report::{self, Followed, Report, Verdict};
use crate::scenario::clean;

/// A directory that reports are written into, by several threads at once.
#[derive(Debug)]
pub(super) struct Reports {
    directory: PathBuf,
    next: AtomicUsize,
    /// Why one could not be written.
    failed: Mutex<Option<Failure>>,
}

impl Reports {
    /// Makes the directory, unless it is there.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(super) fn into(directory: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(directory).map_err(|error| cannot(directory, &error.to_string()))?;
        Ok(Self { directory: directory.to_owned(), next: AtomicUsize::new(1), failed: Mutex::new(None) })
    }

    /// Writes the report of a run: `0007-thread-pool.json`, in the order in which runs end.
    pub(super) fn write(&self, case: &Case<'_>, followed: &Followed, verdicts: &[Verdict]) {
        let nth = self.next.fetch_add(1, Ordering::Relaxed); // Relaxed: a number of its own, orders nothing
        let file = self.directory.join(format!("{nth:04}-{}.json", file_name(&case.scenario.name)));
        let findings = followed.model.findings(followed.at);
        let text = report::json(&Report {
            model: &followed.model,
            scenario: case.scenario,
            settings: &case.variant.settings,
            machine: &machine(),
            ended: &followed.ended,
            at: followed.at,
            limit: Some(report::longest(case.scenario, &case.variant.settings)),
            findings: &findings,
            verdicts,
        });
        let written = text.map_err(|error| error.to_string());
        let written = written.and_then(|text| fs::write(&file, text).map_err(|error| error.to_string()));
        if let (Err(why), Ok(mut failed)) = (written, self.failed.lock()) {
            *failed = Some(cannot(&file, &why));
        }
    }

    /// Why one of them could not be written.
    pub(super) fn failure(self) -> Option<Failure> {
        self.failed.into_inner().ok().flatten()
    }
}

/// A scenario's name as part of a file's: it may be the path of its own file.
fn file_name(scenario: &str) -> String {
    scenario.chars().map(|letter| if letter.is_alphanumeric() || letter == '-' { letter } else { '_' }).collect()
}

fn cannot(path: &Path, why: &str) -> Failure {
    Failure::Run(format!("cannot write {}: {why}", clean(&path.display().to_string())))
}
