//! `contend test --reports`: writes the report of each run into a file.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::TestCase;
use crate::cli::exit::CliError;
use crate::model::{FindingOptions, SplitFindings};
use crate::platform::detect_machine;
use crate::recording::file_name_part;
use crate::report::{self, FinishedRun, Report, Verdict};
use crate::scenario::sanitize;

/// A directory into which several threads write reports.
#[derive(Debug)]
pub(super) struct ReportDirectory {
    directory: PathBuf,
    next_number: AtomicUsize,
    /// The last error of a write.
    failure: Mutex<Option<CliError>>,
}

impl ReportDirectory {
    /// Creates the directory, unless it exists.
    ///
    /// # Errors
    /// If it cannot be created.
    pub(super) fn create(directory: &Path) -> Result<Self, CliError> {
        fs::create_dir_all(directory).map_err(|error| write_error(directory, &error.to_string()))?;
        Ok(Self { directory: directory.to_owned(), next_number: AtomicUsize::new(1), failure: Mutex::new(None) })
    }

    /// Writes the report of a run to a file such as `0007-thread-pool.json`, numbered in the order in which runs end.
    pub(super) fn write(
        &self,
        case: &TestCase<'_>,
        options: &FindingOptions,
        followed: &FinishedRun,
        verdicts: &[Verdict],
    ) {
        let nth = self.next_number.fetch_add(1, Ordering::Relaxed); // Relaxed: only the number matters, orders nothing
        let file = self.directory.join(format!("{nth:04}-{}.json", file_name_part(&case.scenario.name)));
        let SplitFindings { listed, muted } = options.split(followed.model.findings(followed.ended_at));
        let text = report::report_json(&Report {
            model: &followed.model,
            scenario: case.scenario,
            settings: &case.variant.settings,
            machine: &detect_machine(),
            ended: &followed.ended,
            ended_at: followed.ended_at,
            time_limit: Some(report::max_test_time(case.scenario, &case.variant.settings)),
            findings: &listed,
            muted: &muted,
            verdicts,
        });
        let written = text.map_err(|error| error.to_string());
        let written = written.and_then(|text| fs::write(&file, text).map_err(|error| error.to_string()));
        if let (Err(why), Ok(mut failed)) = (written, self.failure.lock()) {
            *failed = Some(write_error(&file, &why));
        }
    }

    /// Returns why a report could not be written, if one could not.
    pub(super) fn failure(self) -> Option<CliError> {
        self.failure.into_inner().ok().flatten()
    }
}

fn write_error(path: &Path, why: &str) -> CliError {
    CliError::Run(format!("cannot write {}: {why}", sanitize(&path.display().to_string())))
}
