//! Gives the engine a number for the sources that determine what goes over its pipes: runner and workers refuse to work
//! for a dashboard that was built from others.

use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The crates whose types go over the pipes, or lie in the shared memory.
const CRATES: [&str; 4] = ["engine", "platform", "scenario", "trace"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut hasher = DefaultHasher::new();
    // Of a crate that was unpacked alone, the others are missing: their versions are fixed then.
    for directory in CRATES.map(|name| here.join("..").join(name).join("src")) {
        if directory.is_dir() {
            println!("cargo::rerun-if-changed={}", directory.display());
            hash_directory(&directory, &mut hasher);
        }
    }
    println!("cargo::rustc-env=CONTEND_BUILD={:012x}", hasher.finish() >> 16);
}

fn hash_directory(directory: &Path, hasher: &mut DefaultHasher) {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(directory).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            hash_directory(&path, hasher);
        } else {
            hasher.write(&fs::read(&path).unwrap_or_default());
        }
    }
}
