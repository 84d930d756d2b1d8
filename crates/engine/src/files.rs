//! The files a run works on: the user's, or samples that are made for it.

mod find;
mod sample;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use image::ImageError;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use self::sample::SAMPLES;
use super::picture::GREY;
use contend_scenario::{Feed, Real, Scenario, Settings, Step, Text, clean};

/// Why a run cannot work on the files it was given.
#[derive(Debug, Error)]
pub enum JobError {
    #[error("cannot read the directory `{}`: {source}", clean(.dir))]
    Directory { dir: String, source: io::Error },
    #[error("`{}` has no file that `{patterns}` means", clean(.dir))]
    Nothing { dir: String, patterns: String },
    #[error("there is nothing to work on: the knob `{knob}` is empty")]
    NoWords { knob: String },
    #[error("`{}` has more files than one run can work on, or look at", clean(.dir))]
    TooMany { dir: String },
    #[error("cannot make the directory `{}` for the results: {source}", clean(.dir))]
    Out { dir: String, source: io::Error },
    #[error("cannot make a directory for sample files: {source}")]
    Samples { source: io::Error },
}

/// The files of a run, in the order of their names. Names need not be text, and so are kept as the system has them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Job {
    files: Vec<OsString>,
    out: Option<OsString>,
    /// Endings of files that do not exist yet: the runner makes them. Empty: they exist.
    samples: Vec<String>,
    /// Directories that could not be read, with the reason.
    unread: Vec<String>,
    /// Where workers may write what nobody wants to keep.
    scratch: Option<OsString>,
}

impl Job {
    /// The files that a scenario's settings name. Without a directory, samples in `scratch`, which the caller removes.
    ///
    /// # Errors
    /// If a directory cannot be read or made, or has nothing to work on.
    pub fn find(scenario: &Scenario, settings: &Settings, scratch: Option<&Path>) -> Result<Self, JobError> {
        let files = Self::files(scenario, settings, scratch.unwrap_or(Path::new(".")))?;
        Ok(Self { scratch: scratch.map(|path| path.as_os_str().to_owned()), ..files })
    }

    fn files(scenario: &Scenario, settings: &Settings, scratch: &Path) -> Result<Self, JobError> {
        match scenario.pools.iter().map(|pool| &pool.feed).find(|feed| has_items(feed)) {
            Some(Feed::Files { dir, out, patterns, written, .. }) => {
                let out = out.and_then(|out| settings.text(out)).map(OsString::from);
                if let Some(dir) = out.as_ref().map(Path::new) {
                    let failed = |source| JobError::Out { dir: dir.display().to_string(), source };
                    fs::create_dir_all(dir).map_err(failed)?;
                }
                let Some(dir) = settings.text(*dir) else {
                    let samples = sample::endings(patterns);
                    let files = (0..SAMPLES)
                        .map(|number| scratch.join(sample::name(number, &samples)).into_os_string())
                        .collect();
                    return Ok(Self { files, out, samples, ..Self::default() });
                };
                let in_place = out.is_none() && makes_pictures(scenario);
                let wanted = |path: &Path| !(in_place && find::is_result(path, GREY));
                let (files, unread) = find::find(Path::new(dir), patterns, wanted)?;
                if files.is_empty() {
                    return Err(JobError::Nothing { dir: dir.to_owned(), patterns: written.clone() });
                }
                let files = files.into_iter().map(PathBuf::into_os_string).collect();
                Ok(Self { files, out, unread, ..Self::default() })
            }
            Some(Feed::Each { words, .. }) => words_of(words, scenario, settings),
            _ => Ok(Self::default()),
        }
    }

    /// Whether a scenario works on files and its settings name none, or writes some: it needs a scratch directory.
    pub fn needs_scratch(scenario: &Scenario, settings: &Settings) -> bool {
        let groups = scenario.workers.iter().map(|group| &group.steps);
        groups.chain(scenario.pools.iter().map(|pool| &pool.task)).any(|steps| writes(steps))
            || scenario
                .pools
                .iter()
                .any(|p| matches!(&p.feed, Feed::Files { dir, .. } if settings.text(*dir).is_none()))
    }

    /// Directories that could not be read, with the reason.
    pub fn unread(&self) -> &[String] {
        &self.unread
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.files.len() as u64
    }

    /// What the task with this number works on; after the last file comes the first again.
    pub fn file(&self, number: u64) -> Option<&Path> {
        let at = number.checked_rem(self.total())?;
        self.files.get(usize::try_from(at).ok()?).map(Path::new)
    }

    pub fn scratch(&self) -> Option<&Path> {
        self.scratch.as_deref().map(Path::new)
    }

    /// Where results go; `None` is beside each file.
    pub fn out(&self) -> Option<&Path> {
        self.out.as_deref().map(Path::new)
    }

    /// Makes the file with this number if it is a sample: just before it is needed, so that a run begins at once.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn prepare(&self, number: u64) -> Result<(), ImageError> {
        match self.file(number) {
            Some(file) if !self.samples.is_empty() && number < self.total() => {
                sample::make(file, number, self.samples.len(), |earlier| self.file(earlier))
            }
            _ => Ok(()),
        }
    }
}

fn writes(steps: &[Step]) -> bool {
    steps.iter().any(|step| matches!(step, Step::Real(Real::WriteFile(_))) || step.bodies().any(writes))
}

const fn has_items(feed: &Feed) -> bool {
    matches!(feed, Feed::Files { .. } | Feed::Each { .. })
}

/// Whether results may lie beside what they were made of.
fn makes_pictures(scenario: &Scenario) -> bool {
    scenario.any_step(|step| matches!(step, Step::Thumbnail { .. } | Step::Real(Real::Grayscale)))
}

/// A task for each word: words take the place of files.
fn words_of(words: &Text, scenario: &Scenario, settings: &Settings) -> Result<Job, JobError> {
    let text = match words {
        Text::Template(template) => template.written(),
        Text::Knob(knob) => settings.text(*knob).unwrap_or_default().to_owned(),
    };
    let files: Vec<OsString> = text.split_whitespace().map(OsString::from).collect();
    match words {
        Text::Knob(knob) if files.is_empty() => {
            let knob = scenario.knobs.get(knob.index()).map_or_else(String::new, |knob| knob.name.clone());
            Err(JobError::NoWords { knob })
        }
        _ => Ok(Job { files, ..Job::default() }),
    }
}
