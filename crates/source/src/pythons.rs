//! The Pythons of this machine: their versions, and which packages of clusters they have.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::program::find_python;
use contend_platform::{CommandOptions, run_command};
use contend_scenario::sanitize;

/// The oldest Python that the tracer runs on.
pub const OLDEST_TRACED: (u16, u16) = (3, 8);
/// The newest version whose name is looked for.
const NEWEST_MINOR: u16 = 16;

/// Time after which a Python counts as one that does not start.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// Prints one line of JSON. It finds packages without loading them, which would take a second. It must run on Python 2
/// as well, to be told apart.
const ASK: &str = "\
import json, sys
sys.path[:] = [place for place in sys.path if place]
packages = {}
try:
    import importlib.util, importlib.metadata
    for name in ('distributed', 'rq', 'redis', 'ray'):
        if importlib.util.find_spec(name):
            try:
                packages[name] = importlib.metadata.version(name)
            except Exception:
                packages[name] = ''
except Exception:
    pass
try:
    import sysconfig
    free = bool(sysconfig.get_config_var('Py_GIL_DISABLED'))
    implementation = sys.implementation.name
except Exception:
    free, implementation = False, 'cpython'
print(json.dumps({'version': list(sys.version_info[:3]), 'prefix': sys.prefix, 'free_threaded': free,
                  'implementation': implementation, 'packages': packages}))
";

/// A Python that starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundPython {
    /// The path that it was found under.
    pub path: PathBuf,
    pub version: (u16, u16, u16),
    /// Whether it is built without the GIL.
    pub is_free_threaded: bool,
    /// `cpython`, or the name of another implementation.
    pub implementation: String,
    /// Versions of `distributed`, `rq`, `redis` and `ray`, as far as it has them.
    pub packages: BTreeMap<String, String>,
}

impl FoundPython {
    /// Whether the tracer runs on it.
    pub fn is_traced(&self) -> bool {
        self.implementation == "cpython" && (self.version.0, self.version.1) >= OLDEST_TRACED
    }
}

#[derive(Debug, Deserialize)]
struct Answer {
    version: (u16, u16, u16),
    prefix: String,
    free_threaded: bool,
    implementation: String,
    packages: BTreeMap<String, String>,
}

/// Returns the Pythons of `CONTEND_PYTHON` and of `PATH`, the one that scenarios on Dask use first. Those that do not
/// start are left out, as are other names of the same one.
pub fn find_pythons() -> Vec<FoundPython> {
    let mut seen = BTreeSet::new();
    let all = candidates().into_iter().filter_map(|path| Some((ask(&path)?, path)));
    let different = all.filter(|(answer, _)| seen.insert((answer.prefix.clone(), answer.version)));
    different.map(|(answer, path)| FoundPython::new(path, answer)).collect()
}

impl FoundPython {
    fn new(path: PathBuf, answer: Answer) -> Self {
        let packages = answer.packages.into_iter().map(|(name, version)| (sanitize(&name), sanitize(&version)));
        Self {
            path,
            version: answer.version,
            is_free_threaded: answer.free_threaded,
            implementation: sanitize(&answer.implementation),
            packages: packages.collect(),
        }
    }
}

/// Returns the paths under which a Python may be, each once.
fn candidates() -> Vec<PathBuf> {
    let minors = (OLDEST_TRACED.1..=NEWEST_MINOR).flat_map(|minor| [format!("3.{minor}"), format!("3.{minor}t")]);
    let versions = minors.map(|version| format!("python{version}"));
    let names = ["python3".to_owned(), "python".to_owned()].into_iter().chain(versions);
    let first = find_python().map(|python| find_program(&python).unwrap_or_else(|| python.into()));
    let all = first.into_iter().chain(names.filter_map(|name| find_program(name.as_ref())));
    let mut seen = BTreeSet::new();
    all.filter(|path| seen.insert(path.clone())).collect()
}

/// Returns the first file of this name in the directories of `PATH`.
pub fn find_program(name: &std::ffi::OsStr) -> Option<PathBuf> {
    if Path::new(name).components().count() != 1 {
        return None;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.is_file())
}

fn ask(python: &Path) -> Option<Answer> {
    let words: [OsString; 3] = [python.into(), "-c".into(), ASK.into()];
    let options = CommandOptions { timeout: Some(START_TIMEOUT), on_group_change: |_| {}, should_stop: || false };
    parse(&run_command(&words, &options).ok()?.output_tail)
}

/// Reads the last line that is an answer: a Python may print others before.
fn parse(output: &[u8]) -> Option<Answer> {
    let text = String::from_utf8_lossy(output);
    text.lines().rev().find_map(|line| serde_json::from_str(line).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_is_found_among_other_lines() {
        let line = r#"{"version": [3, 13, 1], "prefix": "/x", "free_threaded": true, "implementation": "cpython",
            "packages": {"ray": "2.60\u001b[31m"}}"#
            .replace('\n', "");
        let answer = parse(format!("loaded\n{line}\nbye\n").as_bytes()).expect("an answer");
        let python = FoundPython::new("/usr/bin/python3".into(), answer);
        assert!(python.is_traced() && python.is_free_threaded);
        assert!(!python.packages["ray"].contains('\u{1b}'), "{python:?}");
        for wrong in ["", "{}", "[]", r#"{"version": [3]}"#, "\u{0}\u{ff}"] {
            assert!(parse(wrong.as_bytes()).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn old_and_other_pythons_are_not_traced() {
        let python = |version, implementation: &str| {
            let (packages, prefix) = (BTreeMap::new(), String::new());
            let answer =
                Answer { version, prefix, free_threaded: false, implementation: implementation.into(), packages };
            FoundPython::new(PathBuf::new(), answer).is_traced()
        };
        assert!(python((3, 8, 0), "cpython") && python((4, 0, 0), "cpython"));
        assert!(!python((3, 7, 16), "cpython") && !python((2, 7, 18), "cpython") && !python((3, 11, 1), "pypy"));
    }
}
