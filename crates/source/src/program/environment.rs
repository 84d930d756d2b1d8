//! The command line and the environment of a program.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::trace_directory;
use contend_platform::ProgramOutput;
use contend_program::write_tracer;

/// Where the ring files go, and where lines of JSON are taken.
const TRACE_VAR: &str = "CONTEND_TRACE";
const SOCKET_VAR: &str = "CONTEND_SOCK";
const PYTHON_PATH: &str = "PYTHONPATH";

/// Names the Python to use, instead of the one in `PATH`.
const PYTHON_VAR: &str = "CONTEND_PYTHON";

/// Names under which Python is looked for.
const INTERPRETERS: [&str; 2] = ["python3", "python"];

/// The reason why a command line cannot be run.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ProgramError {
    #[error("there is no Python here to run {0}: install python3, or name one by CONTEND_PYTHON")]
    NoPython(String),
    #[error("there is no file {0}")]
    NoFile(String),
}

/// Returns the command that runs a script with arguments, by the Python that the user has chosen or that `PATH` has.
///
/// # Errors
/// If there is no such file, or no Python.
pub fn program_words(script: &OsStr, arguments: &[OsString]) -> Result<Vec<OsString>, ProgramError> {
    let shown = || script.to_string_lossy().into_owned();
    if !Path::new(script).is_file() {
        return Err(ProgramError::NoFile(shown()));
    }
    let python = find_python().ok_or_else(|| ProgramError::NoPython(shown()))?;
    Ok([python, script.to_owned()].into_iter().chain(arguments.iter().cloned()).collect())
}

/// Returns the Python that the user has chosen, or the one that is found in `PATH`.
pub fn find_python() -> Option<OsString> {
    let chosen = std::env::var_os(PYTHON_VAR).filter(|python| !python.is_empty());
    chosen.or_else(|| INTERPRETERS.into_iter().find(|name| is_in_path(name)).map(OsString::from))
}

/// Whether a program of this name is in one of the directories of `PATH`.
fn is_in_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(name).is_file())
}

/// Returns the title of a run: the words as typed, each in short.
pub fn program_title(words: &[OsString]) -> String {
    const MAX_TITLE: usize = 60;
    let words: Vec<_> = without_interpreter(words).iter().map(|word| word.to_string_lossy()).collect();
    let title = words.join(" ");
    match title.char_indices().nth(MAX_TITLE) {
        Some((end, _)) => format!("{}…", &title[..end]),
        None => title,
    }
}

/// Returns the script or module that Python runs and its arguments: without Python itself and its options. A program
/// that stands on the command line has no name: that leaves `python3 -c`.
fn without_interpreter(words: &[OsString]) -> &[OsString] {
    let text = |at: usize| words.get(at).and_then(|word| word.to_str()).unwrap_or_default();
    if !words.first().is_some_and(|word| is_python(word)) {
        return words;
    }
    let mut at = 1;
    while text(at).starts_with('-') {
        match text(at) {
            "-c" => return &words[..=at],
            "-X" | "-W" => at += 2,
            _ => at += 1,
        }
    }
    words.get(at..).filter(|rest| !rest.is_empty()).unwrap_or(words)
}

/// Whether a word names Python: that of the user's choice, or any path that ends with `python3`, `python3.14t` or so.
fn is_python(word: &OsStr) -> bool {
    let name = Path::new(word).file_name().and_then(OsStr::to_str).unwrap_or_default();
    let is_usual = name.strip_prefix("python").is_some_and(|version| {
        version.trim_end_matches('t').chars().all(|letter| letter.is_ascii_digit() || letter == '.')
    });
    is_usual || std::env::var_os(PYTHON_VAR).is_some_and(|chosen| chosen == word)
}

/// The private directories of a run.
#[derive(Debug)]
pub(super) struct Directories {
    pub traces: PathBuf,
    pub tracer: PathBuf,
    pub socket: PathBuf,
}

impl Directories {
    /// Creates them, with the tracer's files.
    pub fn create(scratch: &Path) -> io::Result<Self> {
        let directories =
            Self { traces: trace_directory(scratch), tracer: scratch.join("python"), socket: scratch.join("events") };
        for directory in [&directories.traces, &directories.tracer] {
            DirBuilder::new().mode(0o700).create(directory)?;
        }
        write_tracer(&directories.tracer)?;
        Ok(Self { traces: fs::canonicalize(&directories.traces)?, ..directories })
    }
}

/// Returns the additions to the environment of the program.
pub(super) fn program_environment(directories: &Directories, output: ProgramOutput) -> Vec<(OsString, OsString)> {
    let mut path = directories.tracer.clone().into_os_string();
    if let Some(own) = std::env::var_os(PYTHON_PATH).filter(|own| !own.is_empty()) {
        path.push(":");
        path.push(own);
    }
    let mut environment: Vec<(OsString, OsString)> = vec![
        (TRACE_VAR.into(), directories.traces.clone().into()),
        (SOCKET_VAR.into(), directories.socket.clone().into()),
        (PYTHON_PATH.into(), path),
    ];
    if output == ProgramOutput::Pipe && std::env::var_os("PYTHONUNBUFFERED").is_none() {
        environment.push(("PYTHONUNBUFFERED".into(), "1".into())); // lines come when they are printed
    }
    environment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn title_is_what_was_typed() {
        let title = |words: &[&str]| program_title(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(title(&["python3", "bank.py", "10"]), "bank.py 10");
        assert_eq!(title(&["uv", "run", "bank.py"]), "uv run bank.py");
        assert_eq!(title(&["/opt/python3.14t/bin/python3.14t", "bank.py"]), "bank.py");
        assert_eq!(title(&["python-config", "bank.py"]), "python-config bank.py");
        assert_eq!(title(&["python3"]), "python3");
        assert_eq!(title(&["python3", "-c", "import time"]), "python3 -c");
        assert_eq!(title(&["python3", "-X", "dev", "-um", "pytest", "tests"]), "pytest tests");
        assert_eq!(title(&[&"x".repeat(99)]).chars().count(), 61);
    }

    #[test]
    fn script_that_does_not_exist_is_named() {
        let error = program_words(OsStr::new("/no/such.py"), &[]).expect_err("no file");
        assert_eq!(error.to_string(), "there is no file /no/such.py");
    }
}
