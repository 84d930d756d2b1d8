//! Real clusters of Dask and real queues of RQ through the whole program: a worker that dies, kills that leave nothing
//! behind, plain `distributed` code, TLS, and passwords that nobody reads. Each test says by name what it lacks.

mod clocks;
mod data;
mod figures;
mod kills;
mod passwords;
mod scripts;
mod tls;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::report_skipped;

/// The Python whose packages are used: of `CONTEND_PYTHONS`, as `.ci/run` sets it, or of `PATH`.
fn python() -> Option<PathBuf> {
    let named = std::env::var_os("CONTEND_PYTHONS").unwrap_or_default();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let directories = std::env::split_paths(&named).chain(std::env::split_paths(&path)).collect::<Vec<_>>();
    directories.into_iter().map(|directory| directory.join("python3")).find(|python| python.is_file())
}

/// Returns a Python that has these packages. Without one, the test is skipped by name.
fn python_with(packages: &[&str], test: &str) -> Option<PathBuf> {
    let import = format!("import {}", packages.join(", "));
    let has_them = |python: &PathBuf| {
        let mut command = Command::new(python);
        let silent = command.args(["-c", &import]).stdout(Stdio::null()).stderr(Stdio::null());
        silent.status().is_ok_and(|status| status.success())
    };
    let found = python().filter(has_them);
    if found.is_none() {
        report_skipped(test, &format!("a Python in CONTEND_PYTHONS with {}", packages.join(", ")));
    }
    found
}

/// Returns `PATH` with the directory of this Python first.
fn path_with(python: &Path) -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let first = python.parent().map(Path::to_owned).into_iter();
    std::env::join_paths(first.chain(std::env::split_paths(&path))).expect("directories without a colon")
}

/// Returns contend with this Python, and a directory of its own for temporary files.
fn contend(python: &Path, temporary: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_contend"));
    command.env("PATH", path_with(python)).env("CONTEND_PYTHON", python).env("TMPDIR", temporary);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Returns the names in a directory.
fn names_in(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
