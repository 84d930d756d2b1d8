//! The files that a run works on: the user's own, or samples made for the run.

mod find_files;
mod request_trace;
mod sample_files;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use self::request_trace::{Request, RequestTrace, TraceError};
use self::sample_files::SAMPLE_COUNT;
use crate::work::picture_paths::is_result;
use contend_scenario::{Expr, Feed, RealWork, Scenario, Settings, Step, TextExpr, TraceFile, sanitize};

/// Why a run cannot work on the given files.
#[derive(Debug, Error)]
pub enum InputError {
    #[error("cannot read the directory `{}`: {source}", sanitize(.dir))]
    Directory { dir: String, source: io::Error },
    #[error("`{}` has no file that matches `{patterns}`", sanitize(.dir))]
    NoFiles { dir: String, patterns: String },
    #[error("no input: the knob `{knob}` is empty")]
    NoWords { knob: String },
    #[error("`{}` has too many files for one run: name a smaller directory", sanitize(.dir))]
    TooMany { dir: String },
    #[error("no trace: the knob `{knob}` is empty; set it to the path of a CSV file")]
    NoTrace { knob: String },
    #[error("the trace `{}`: {problem}", sanitize(.path))]
    Trace { path: String, problem: TraceError },
    #[error("cannot make the directory `{}` for the results: {source}", sanitize(.dir))]
    OutputDirectory { dir: String, source: io::Error },
    #[error("cannot make a directory for sample files: {source}")]
    Samples { source: io::Error },
    #[error("this build has no image support for sample pictures: build with --features images, or set a directory")]
    SamplePictures,
}

/// The files of a run, in the order of their names. Names need not be valid text, so they are kept in the system's
/// form.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct InputItems {
    files: Vec<OsString>,
    output_dir: Option<OsString>,
    /// Extensions of sample files, which the runner makes. Empty if the files exist.
    samples: Vec<String>,
    /// Directories that could not be read, with the reason.
    unreadable_dirs: Vec<String>,
    /// The directory for files that are removed after the run.
    scratch: Option<OsString>,
    /// By the position of its pool: a trace that is replayed.
    traces: BTreeMap<usize, RequestTrace>,
}

impl InputItems {
    /// Finds the files that a scenario's settings name. Without a directory, names samples in `scratch`, which the
    /// caller removes.
    ///
    /// # Errors
    /// If a directory cannot be read or made, or contains no matching file.
    pub fn find_items(scenario: &Scenario, settings: &Settings, scratch: Option<&Path>) -> Result<Self, InputError> {
        let files = Self::find_input_files(scenario, settings, scratch.unwrap_or(Path::new(".")))?;
        let traces = read_traces(scenario, settings)?;
        Ok(Self { scratch: scratch.map(|path| path.as_os_str().to_owned()), traces, ..files })
    }

    fn find_input_files(scenario: &Scenario, settings: &Settings, scratch: &Path) -> Result<Self, InputError> {
        match scenario.pools.iter().map(|pool| &pool.feed).find(|feed| has_items(feed)) {
            Some(Feed::Files { dir, out, patterns, patterns_text, .. }) => {
                let out = out.and_then(|out| settings.text(out)).map(OsString::from);
                if let Some(dir) = out.as_ref().map(Path::new) {
                    let failed = |source| InputError::OutputDirectory { dir: dir.display().to_string(), source };
                    fs::create_dir_all(dir).map_err(failed)?;
                }
                let Some(dir) = settings.text(*dir) else {
                    let samples = sample_files::sample_extensions(patterns);
                    check_samples(&samples, scenario)?;
                    let files = (0..SAMPLE_COUNT)
                        .map(|number| scratch.join(sample_files::sample_name(number, &samples)).into_os_string())
                        .collect();
                    return Ok(Self { files, output_dir: out, samples, ..Self::default() });
                };
                let in_place = out.is_none() && makes_pictures(scenario);
                let is_wanted = |path: &Path| !(in_place && is_result(path));
                let (files, unreadable_dirs) = find_files::find_files(Path::new(dir), patterns, is_wanted)?;
                if files.is_empty() {
                    return Err(InputError::NoFiles { dir: dir.to_owned(), patterns: patterns_text.clone() });
                }
                let files = files.into_iter().map(PathBuf::into_os_string).collect();
                Ok(Self { files, output_dir: out, unreadable_dirs, ..Self::default() })
            }
            Some(Feed::Words { words, .. }) => items_of_words(words, scenario, settings),
            _ => Ok(Self::default()),
        }
    }

    /// Whether a scenario needs a scratch directory: it uses sample files, or a step writes files.
    pub fn needs_scratch(scenario: &Scenario, settings: &Settings) -> bool {
        let groups = scenario.groups.iter().map(|group| &group.steps);
        groups.chain(scenario.pools.iter().map(|pool| &pool.task)).any(|steps| writes_files(steps))
            || scenario
                .pools
                .iter()
                .any(|p| matches!(&p.feed, Feed::Files { dir, .. } if settings.text(*dir).is_none()))
    }

    /// Directories that could not be read, with the reason.
    pub fn unreadable_dirs(&self) -> &[String] {
        &self.unreadable_dirs
    }

    /// Returns how many files or words there are.
    pub fn total(&self) -> u64 {
        self.files.len() as u64
    }

    /// Returns the file or word of the task with this number; numbers wrap around.
    pub fn file(&self, number: u64) -> Option<&Path> {
        let at = number.checked_rem(self.total())?;
        self.files.get(usize::try_from(at).ok()?).map(Path::new)
    }

    /// Returns the trace that the pool at this position replays.
    pub fn trace(&self, pool: usize) -> Option<&RequestTrace> {
        self.traces.get(&pool)
    }

    pub fn scratch(&self) -> Option<&Path> {
        self.scratch.as_deref().map(Path::new)
    }

    /// Returns the directory for results; without one, each goes beside its file.
    pub fn output_dir(&self) -> Option<&Path> {
        self.output_dir.as_deref().map(Path::new)
    }

    /// Makes the file with this number if it is a sample. Called just before it is needed, so that a run begins at
    /// once.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn create_sample(&self, number: u64) -> io::Result<()> {
        match self.file(number) {
            Some(file) if !self.samples.is_empty() && number < self.total() => {
                sample_files::make_sample(file, number, self.samples.len(), |earlier| self.file(earlier))
            }
            _ => Ok(()),
        }
    }
}

fn writes_files(steps: &[Step]) -> bool {
    steps.iter().any(|step| {
        matches!(step, Step::RealWork(RealWork::WriteFile(_))) || step.bodies().any(|body| writes_files(body))
    })
}

const fn has_items(feed: &Feed) -> bool {
    matches!(feed, Feed::Files { .. } | Feed::Words { .. })
}

/// Reads the traces of all pools that replay one.
fn read_traces(scenario: &Scenario, settings: &Settings) -> Result<BTreeMap<usize, RequestTrace>, InputError> {
    let mut traces = BTreeMap::new();
    for (pool, spec) in scenario.pools.iter().enumerate() {
        let Feed::Trace { file, from, to, .. } = &spec.feed else { continue };
        let path = match file {
            TraceFile::Path(path) => path.as_str(),
            TraceFile::Knob(knob) => settings.text(*knob).ok_or_else(|| InputError::NoTrace {
                knob: scenario.knobs.get(knob.index()).map_or_else(String::new, |knob| knob.name.clone()),
            })?,
        };
        let nanos = |moment: &Expr| moment.eval(settings) as u64;
        let (from, to) = (nanos(from), to.as_ref().map_or(u64::MAX, nanos));
        let trace = RequestTrace::read(Path::new(path)).and_then(|trace| trace.window(from, to));
        let failed = |problem| InputError::Trace { path: path.to_owned(), problem };
        traces.insert(pool, trace.map_err(failed)?);
    }
    Ok(traces)
}

/// Returns an error if the samples are pictures and this build cannot draw any. A scenario that makes pictures is
/// refused by the plan: a directory of files would not help it.
fn check_samples(extensions: &[String], scenario: &Scenario) -> Result<(), InputError> {
    let has_pictures = extensions.iter().any(|extension| sample_files::is_picture(extension));
    if has_pictures && !cfg!(feature = "images") && !makes_pictures(scenario) {
        return Err(InputError::SamplePictures);
    }
    Ok(())
}

/// Whether a scenario makes pictures from pictures.
pub fn makes_pictures(scenario: &Scenario) -> bool {
    scenario.any_step(|step| matches!(step, Step::Thumbnail { .. } | Step::RealWork(RealWork::Grayscale)))
}

/// Returns the words of a text as items, in place of files.
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

#[cfg(test)]
mod tests {
    use super::*;
    use contend_scenario::{Source, check};

    #[test]
    fn sample_pictures_need_the_feature_images() {
        let text = "knob dir text=#true\npool w of=threads workers=1 { batch files=\"jpg\" dir=$dir; task { hash } }\n";
        let source = Source { name: "x".into(), path: None, text: text.into() };
        let scenario = check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario;
        let found = InputItems::find_items(&scenario, &scenario.default_settings(), None);
        assert_eq!(found.is_ok(), cfg!(feature = "images"), "{found:?}");
    }
}
