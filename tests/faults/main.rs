//! Regression tests: small programs with a former wrong verdict, figure or ending, run through the program. Most are
//! reduced from public bug reports and textbooks.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test may fail")]

mod accounting;
mod answers;
mod endings;
mod explanations;
mod findings;
mod proofs;
mod queueing;
mod reports;

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The time limit of runs that end by themselves, complete or stuck: long enough for the slowest machine, so that it
/// cuts off none of them.
pub const LIMIT: [&str; 2] = ["--for", "60s"];

/// The report of a headless run, and the program's exit code.
#[derive(Debug)]
pub struct Report {
    pub json: Value,
    pub code: Option<i32>,
}

impl Report {
    /// Returns the ids of the findings, in the order of the report.
    pub fn findings(&self) -> Vec<&str> {
        self.json["findings"].as_array().unwrap().iter().map(|finding| finding["id"].as_str().unwrap()).collect()
    }

    /// Returns the first finding with this id.
    pub fn finding(&self, id: &str) -> &Value {
        let all = self.json["findings"].as_array().unwrap();
        all.iter().find(|finding| finding["id"] == id).unwrap_or_else(|| panic!("no `{id}` in {all:#?}"))
    }
}

/// Returns the path of a scenario in `tests/fixtures/faults`.
pub fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/faults").join(name)
}

/// Runs `contend run FILE --json ARGS` to its end.
pub fn run(file: &str, args: &[&str]) -> Report {
    report(&contend(&[&["run", fixture(file).to_str().unwrap(), "--json"], args].concat()))
}

/// Runs a scenario given as text.
pub fn run_text(text: &str, args: &[&str]) -> Report {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("scenario.kdl");
    std::fs::write(&file, text).unwrap();
    report(&contend(&[&["run", file.to_str().unwrap(), "--json"], args].concat()))
}

/// Runs the program to its end, without a terminal.
pub fn contend(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_contend"));
    command.args(args).env_remove("NO_COLOR").stdin(Stdio::null()).output().unwrap()
}

fn report(output: &Output) -> Report {
    let err = String::from_utf8_lossy(&output.stderr);
    let json = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {err}"));
    Report { json, code: output.status.code() }
}
