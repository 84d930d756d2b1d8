//! Passes the target to the program and, in optimised builds, the commit and its date, for `--version`.
//!
//! A debug build names no commit, so that it need not be rebuilt after each commit.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-env=CONTEND_TARGET={}", std::env::var("TARGET").unwrap_or_default());
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
