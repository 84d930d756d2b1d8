//! Tells the program which commit and target it was built from, for `--version`.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-env=CONTEND_TARGET={}", std::env::var("TARGET").unwrap_or_default());
    if let Some(commit) = commit() {
        println!("cargo::rustc-env=CONTEND_COMMIT={commit}");
        // The log of HEAD grows with every commit and every switch of branch.
        if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]).filter(|log| Path::new(log).exists()) {
            println!("cargo::rerun-if-changed={log}");
        }
    }
}

/// The short hash of this very repository; none for an unpacked archive, even one that lies inside another repository.
fn commit() -> Option<String> {
    let here = std::env::var("CARGO_MANIFEST_DIR").ok()?;
    let top = git(&["rev-parse", "--show-toplevel"])?;
    let same = Path::new(&top).canonicalize().ok()? == Path::new(&here).canonicalize().ok()?;
    same.then(|| git(&["rev-parse", "--short=9", "HEAD"])).flatten()
}

fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}
