//! The files a run works on: the user's, or samples that are made for it.

mod find_files;
mod sample_files;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use image::ImageError;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use self::sample_files::SAMPLE_COUNT;
use super::picture::GREY;
use contend_scenario::{Feed, RealWork, Scenario, Settings, Step, TextExpr, sanitize};

/// Why a run cannot work on the files it was given.
#[derive(Debug, Error)]
pub enum InputError {
    #[error("cannot read the directory `{}`: {source}", sanitize(.dir))]
    Directory { dir: String, source: io::Error },
    #[error("`{}` has no file that `{patterns}` means", sanitize(.dir))]
    NoFiles { dir: String, patterns: String },
    #[error("there is nothing to work on: the knob `{knob}` is empty")]
    NoWords { knob: String },
    #[error("`{}` has more files than one run can work on, or look at", sanitize(.dir))]
    TooMany { dir: String },
    #[error("cannot make the directory `{}` for the results: {source}", sanitize(.dir))]
    OutputDirectory { dir: String, source: io::Error },
    #[error("cannot make a directory for sample files: {source}")]
    Samples { source: io::Error },
}

/// The files of a run, in the order of their names. Names need not be text, and so are kept as the system has them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct InputItems {
    files: Vec<OsString>,
    output_dir: Option<OsString>,
    /// Endings of files that do not exist yet: the runner makes them. Empty: they exist.
    samples: Vec<String>,
    /// Directories that could not be read, with the reason.
    unreadable_dirs: Vec<String>,
    /// Where workers may write what nobody wants to keep.
    scratch: Option<OsString>,
}

impl InputItems {
    /// The files that a scenario's settings name. Without a directory, samples in `scratch`, which the caller removes.
    ///
    /// # Errors
    /// If a directory cannot be read or made, or has nothing to work on.
    pub fn find_items(scenario: &Scenario, settings: &Settings, scratch: Option<&Path>) -> Result<Self, InputError> {
        let files = Self::find_input_files(scenario, settings, scratch.unwrap_or(Path::new(".")))?;
        Ok(Self { scratch: scratch.map(|path| path.as_os_str().to_owned()), ..files })
    }

    fn find_input_files(scenario: &Scenario, settings: &Settings, scratch: &Path) -> Result<Self, InputError> {
        match scenario.pools.iter().map(|pool| &pool.feed).find(|feed| has_items(feed)) {
            Some(Feed::Files { dir, out, patterns, patterns_text: written, .. }) => {
                let out = out.and_then(|out| settings.text(out)).map(OsString::from);
                if let Some(dir) = out.as_ref().map(Path::new) {
                    let failed = |source| InputError::OutputDirectory { dir: dir.display().to_string(), source };
                    fs::create_dir_all(dir).map_err(failed)?;
                }
                let Some(dir) = settings.text(*dir) else {
                    let samples = sample_files::sample_extensions(patterns);
                    let files = (0..SAMPLE_COUNT)
                        .map(|number| scratch.join(sample_files::sample_name(number, &samples)).into_os_string())
                        .collect();
                    return Ok(Self { files, output_dir: out, samples, ..Self::default() });
                };
                let in_place = out.is_none() && makes_pictures(scenario);
                let wanted = |path: &Path| !(in_place && find_files::is_result(path, GREY));
                let (files, unread) = find_files::find_files(Path::new(dir), patterns, wanted)?;
                if files.is_empty() {
                    return Err(InputError::NoFiles { dir: dir.to_owned(), patterns: written.clone() });
                }
                let files = files.into_iter().map(PathBuf::into_os_string).collect();
                Ok(Self { files, output_dir: out, unreadable_dirs: unread, ..Self::default() })
            }
            Some(Feed::Words { words, .. }) => items_of_words(words, scenario, settings),
            _ => Ok(Self::default()),
        }
    }

    /// Whether a scenario works on files and its settings name none, or writes some: it needs a scratch directory.
    pub fn needs_scratch(scenario: &Scenario, settings: &Settings) -> bool {
        let groups = scenario.groups.iter().map(|group| &group.steps);
        groups.chain(scenario.pools.iter().map(|pool| &pool.task)).any(|steps| writes(steps))
            || scenario
                .pools
                .iter()
                .any(|p| matches!(&p.feed, Feed::Files { dir, .. } if settings.text(*dir).is_none()))
    }

    /// Directories that could not be read, with the reason.
    pub fn unreadable_dirs(&self) -> &[String] {
        &self.unreadable_dirs
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
    pub fn output_dir(&self) -> Option<&Path> {
        self.output_dir.as_deref().map(Path::new)
    }

    /// Makes the file with this number if it is a sample: just before it is needed, so that a run begins at once.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn create_sample(&self, number: u64) -> Result<(), ImageError> {
        match self.file(number) {
            Some(file) if !self.samples.is_empty() && number < self.total() => {
                sample_files::make_sample(file, number, self.samples.len(), |earlier| self.file(earlier))
            }
            _ => Ok(()),
        }
    }
}

fn writes(steps: &[Step]) -> bool {
    steps
        .iter()
        .any(|step| matches!(step, Step::RealWork(RealWork::WriteFile(_))) || step.bodies().any(|body| writes(body)))
}

const fn has_items(feed: &Feed) -> bool {
    matches!(feed, Feed::Files { .. } | Feed::Words { .. })
}

/// Whether results may lie beside what they were made of.
fn makes_pictures(scenario: &Scenario) -> bool {
    scenario.any_step(|step| matches!(step, Step::Thumbnail { .. } | Step::RealWork(RealWork::Grayscale)))
}

/// A task for each word: words take the place of files.
fn items_of_words(words: &TextExpr, scenario: &Scenario, settings: &Settings) -> Result<InputItems, InputError> {
    let text = match words {
        TextExpr::Template(template) => template.to_source(),
        TextExpr::Knob(knob) => settings.text(*knob).unwrap_or_default().to_owned(),
    };
    let files: Vec<OsString> = text.split_whitespace().map(OsString::from).collect();
    match words {
        TextExpr::Knob(knob) if files.is_empty() => {
            let knob = scenario.knobs.get(knob.index()).map_or_else(String::new, |knob| knob.name.clone());
            Err(InputError::NoWords { knob })
        }
        _ => Ok(InputItems { files, ..InputItems::default() }),
    }
}
