//! The files a run works on: the user's, or samples that are made for it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use image::{ImageError, Rgb, RgbImage};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::picture::GREY;
use crate::scenario::{Feed, Real, Scenario, Settings, Step};

/// How many sample pictures there are, and how many of them are different: making one is more work than shrinking it.
const SAMPLES: u64 = 96;
const DIFFERENT: u64 = 6;
/// Most files of one run: more would not fit the frame that carries their names.
const MOST_FILES: usize = 100_000;

/// Why a run cannot work on the files it was given.
#[derive(Debug, Error)]
pub enum JobError {
    #[error("cannot read the directory `{dir}`: {source}")]
    Directory { dir: String, source: io::Error },
    #[error("`{dir}` has no file that ends in {endings}")]
    Nothing { dir: String, endings: String },
    #[error("`{dir}` has more than {MOST_FILES} files to work on")]
    TooMany { dir: String },
    #[error("cannot make the directory `{dir}` for the results: {source}")]
    Out { dir: String, source: io::Error },
    #[error("cannot make a directory for sample files: {source}")]
    Samples { source: io::Error },
}

/// The files of a run, in the order of their names.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Job {
    files: Vec<PathBuf>,
    out: Option<PathBuf>,
    /// The files do not exist yet: the runner makes them.
    samples: bool,
    /// Where workers may write what nobody wants to keep.
    scratch: Option<PathBuf>,
}

impl Job {
    /// The files that a scenario's settings name. Without a directory, samples in `scratch`, which the caller removes.
    ///
    /// # Errors
    /// If a directory cannot be read or made, or has nothing to work on.
    pub fn find(scenario: &Scenario, settings: &Settings, scratch: Option<&Path>) -> Result<Self, JobError> {
        let files = Self::files(scenario, settings, scratch.unwrap_or(Path::new(".")))?;
        Ok(Self { scratch: scratch.map(Path::to_owned), ..files })
    }

    fn files(scenario: &Scenario, settings: &Settings, scratch: &Path) -> Result<Self, JobError> {
        let Some(Feed::Files { dir, out, endings }) = scenario.pools.iter().map(|p| &p.feed).find(|f| is_files(f))
        else {
            return Ok(Self::default());
        };
        let out = settings.text(*out).map(PathBuf::from);
        if let Some(dir) = &out {
            fs::create_dir_all(dir).map_err(|source| JobError::Out { dir: dir.display().to_string(), source })?;
        }
        match settings.text(*dir) {
            Some(dir) => {
                Ok(Self { files: list(Path::new(dir), endings, out.as_deref())?, out, samples: false, scratch: None })
            }
            None => Ok(Self {
                files: (1..=SAMPLES).map(|i| scratch.join(format!("sample-{i:02}.{}", sample_ending(i)))).collect(),
                out,
                samples: true,
                scratch: None,
            }),
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

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.files.len() as u64
    }

    pub fn file(&self, number: u64) -> Option<&Path> {
        self.files.get(usize::try_from(number).ok()?).map(PathBuf::as_path)
    }

    pub fn scratch(&self) -> Option<&Path> {
        self.scratch.as_deref()
    }

    /// Where results go; `None` is beside each file.
    pub fn out(&self) -> Option<&Path> {
        self.out.as_deref()
    }

    /// Makes the file with this number if it is a sample: just before it is needed, so that a run begins at once.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn prepare(&self, number: u64) -> Result<(), ImageError> {
        match self.file(number) {
            Some(file) if self.samples => match number.checked_sub(DIFFERENT).and_then(|n| self.file(n)) {
                Some(like) => Ok(fs::copy(like, file).map(|_| ())?),
                None => sample(number as u32 + 1).save(file),
            },
            _ => Ok(()),
        }
    }
}

fn writes(steps: &[Step]) -> bool {
    steps.iter().any(|step| matches!(step, Step::Real(Real::WriteFile(_))) || step.bodies().any(writes))
}

const fn is_files(feed: &Feed) -> bool {
    matches!(feed, Feed::Files { .. })
}

const fn sample_ending(i: u64) -> &'static str {
    if i.is_multiple_of(3) { "png" } else { "jpg" }
}

fn list(dir: &Path, endings: &[String], out: Option<&Path>) -> Result<Vec<PathBuf>, JobError> {
    let shown = dir.display().to_string();
    let entries = fs::read_dir(dir).map_err(|source| JobError::Directory { dir: shown.clone(), source })?;
    let wanted = |path: &PathBuf| {
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        ending.is_some_and(|e| endings.contains(&e)) && (out.is_some() || !is_result(path)) && path.is_file()
    };
    let mut files: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).filter(wanted).collect();
    files.sort();
    match files.len() {
        0 => Err(JobError::Nothing { dir: shown, endings: endings.join(", ") }),
        n if n > MOST_FILES => Err(JobError::TooMany { dir: shown }),
        _ => Ok(files),
    }
}

/// What an earlier run left beside its picture: `NAME-64.jpg` or `NAME-grey.jpg` where `NAME.jpg` is there too.
fn is_result(path: &Path) -> bool {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let Some((name, size)) = stem.rsplit_once('-') else { return false };
    let original = path.with_file_name(name).with_extension(path.extension().unwrap_or_default());
    (size.parse::<u32>().is_ok() || size == GREY) && original.is_file()
}

/// A picture with something to see and to compress: rings of colour, another centre for each.
fn sample(i: u32) -> RgbImage {
    let (width, height) = (640 + i % 4 * 160, 480 + i % 3 * 120);
    RgbImage::from_fn(width, height, |x, y| {
        let (dx, dy) = (x.abs_diff(width * (i % 7) / 7), y.abs_diff(height * (i % 5) / 5));
        let ring = (dx * dx + dy * dy).isqrt() / (4 + i % 9);
        Rgb([(ring * 7 + i * 31) as u8, (ring * 3 + x / 4) as u8, (ring * 5 + y / 4) as u8])
    })
}
