//! Copies of programs and scripts, placed in test directories.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes a copy that every user may run. Another process writes it: a file that this process holds open for writing is
/// inherited, for a moment, by a process that another test starts, and executing it then fails with "text file busy".
pub fn install_copy(from: impl AsRef<Path>, to: PathBuf) -> PathBuf {
    let done = Command::new("install").args(["-m", "755"]).arg(from.as_ref()).arg(&to).status();
    assert!(done.as_ref().is_ok_and(std::process::ExitStatus::success), "install to {}: {done:?}", to.display());
    to
}

/// Writes a script for `/bin/sh`.
pub fn install_script(directory: &Path, name: &str, lines: &str) -> PathBuf {
    let text = directory.join(format!("{name}.sh"));
    std::fs::write(&text, format!("#!/bin/sh\n{lines}\n")).expect("it is written");
    install_copy(text, directory.join(name))
}
