//! Runs a fuzz target with a kept corpus and mutations of it.
//!
//! `cargo test` runs some thousands of inputs, `.ci/run` four times as many, `CONTEND_INPUTS=10000000` that many, and
//! `CONTEND_SEED=7` selects others. A build with coverage counters (see `docs/reliability.md`) prefers inputs that
//! reach new code, and keeps a small corpus with the same coverage.

mod bytes;
mod covered;
mod mutate;
mod watch;
#[path = "../../support/whole.rs"]
mod whole;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use bytes::Bytes;
use covered::Guide;
use fastrand::Rng;
use mutate::mutate;
use watch::Watch;
pub use whole::inputs;

/// A fuzz target.
pub struct Target {
    /// Name of the target; its corpus is in `tests/corpus/NAME`.
    pub name: &'static str,
    /// Inputs to mutate in addition to the corpus.
    pub seeds: Vec<Vec<u8>>,
    /// Words of the language that the target reads.
    pub words: Vec<String>,
    /// Longest input, in bytes.
    pub longest: usize,
    /// Default number of mutations.
    pub some: u64,
}

impl Target {
    /// Runs the target. An input fails if it panics or takes a minute; it is then printed, and kept for a debugger.
    pub fn fuzz(self, mut run: impl FnMut(&[u8])) {
        let seed = number("CONTEND_SEED").unwrap_or_else(|| fastrand::u64(..));
        let inputs = number("CONTEND_INPUTS").unwrap_or_else(|| inputs(self.some / 4, self.some));
        println!("{}: {inputs} inputs, CONTEND_SEED={seed}", self.name);
        let mut corpus = self.corpus();
        let first = corpus.len() as u64;
        let mut rng = Rng::with_seed(seed);
        let mut guide = Guide::new();
        let watch = Watch::new(self.name);
        let (began, mut slowest) = (Instant::now(), Duration::ZERO);
        for nth in 0..first + inputs {
            let input = match corpus.get(nth as usize) {
                Some(kept) if nth < first => kept.clone(),
                _ => mutate(&mut rng, &corpus, &self.words, self.longest),
            };
            watch.start_input(&input);
            let start = Instant::now();
            run(&input);
            slowest = slowest.max(start.elapsed());
            corpus.extend(guide.ran(input, &mut run));
        }
        watch.finish();
        println!("{}: done in {:.1?}, the slowest took {slowest:.1?}", self.name, began.elapsed());
        if let Some(kept) = Guide::reduce(corpus, &mut run) {
            self.keep(&kept);
        }
    }

    fn folder(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(self.name)
    }

    /// Returns the kept inputs sorted by name, then the seeds; never empty.
    fn corpus(&self) -> Vec<Vec<u8>> {
        let mut files: Vec<PathBuf> = files(&self.folder());
        files.sort();
        let kept = files.iter().map(|file| std::fs::read(file).expect("a readable file"));
        kept.chain(self.seeds.iter().cloned()).chain([Vec::new()]).collect()
    }

    /// Replaces the inputs that an earlier run kept. Files with word names were added by hand and stay.
    fn keep(&self, inputs: &[Vec<u8>]) {
        let folder = self.folder();
        std::fs::create_dir_all(&folder).expect("a folder");
        let is_number =
            |file: &PathBuf| file.file_name().is_some_and(|name| name.to_string_lossy().parse::<u32>().is_ok());
        for old in files(&folder).into_iter().filter(is_number) {
            std::fs::remove_file(old).expect("a file that can be removed");
        }
        for (at, input) in inputs.iter().enumerate() {
            std::fs::write(folder.join(format!("{at:03}")), input).expect("a file that can be written");
        }
        println!("{}: {} inputs kept", self.name, inputs.len());
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable)
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{variable} must be a number: {text}")))
}
