//! Passes the target to the program and, in optimised builds, the commit and its date, for `--version`. Lists the
//! recordings of `previews/` for the catalogue.
//!
//! A debug build names no commit, so that it need not be rebuilt after each commit.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-env=CONTEND_TARGET={}", std::env::var("TARGET").unwrap_or_default());
    write_previews();
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "debug") {
        return;
    }
    if let Some(commit) = commit() {
        println!("cargo::rustc-env=CONTEND_COMMIT={commit}");
        // Git appends to the log of HEAD at every commit and every switch of branch.
        if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]).filter(|log| Path::new(log).exists()) {
            println!("cargo::rerun-if-changed={log}");
        }
    }
}

/// Writes a table of the recordings in `previews/`, sorted by name. It is empty without the feature `previews`.
fn write_previews() {
    println!("cargo::rerun-if-changed=previews");
    let mut files: Vec<PathBuf> = match fs::read_dir("previews") {
        Ok(entries) if std::env::var_os("CARGO_FEATURE_PREVIEWS").is_some() => {
            entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
        }
        _ => Vec::new(),
    };
    files.retain(|file| file.extension().is_some_and(|end| end == "contend"));
    files.sort_by(|a, b| a.file_stem().cmp(&b.file_stem()));
    let here = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let mut table = String::from("&[\n");
    for file in files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let path = Path::new(&here).join(&file);
        let _ = writeln!(table, "({name:?}, include_bytes!({:?}).as_slice()),", path.to_string_lossy());
    }
    table.push_str("]\n");
    let to = Path::new(&std::env::var("OUT_DIR").unwrap_or_default()).join("previews.rs");
    fs::write(&to, table).unwrap_or_else(|error| panic!("{}: {error}", to.display()));
}

/// Returns the short hash and the date of the checked-out commit. `None` for an unpacked archive, even if that lies
/// inside another repository.
fn commit() -> Option<String> {
    let here = std::env::var("CARGO_MANIFEST_DIR").ok()?;
    let top = git(&["rev-parse", "--show-toplevel"])?;
    let same = Path::new(&top).canonicalize().ok()? == Path::new(&here).canonicalize().ok()?;
    same.then(|| git(&["log", "-1", "--abbrev=9", "--date=short", "--format=%h %cd"])).flatten()
}

fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}
