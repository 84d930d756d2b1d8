//! Programs in places of their own.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A copy that everybody may run. Somebody else makes it: what this process has open for writing is inherited, for a moment,
/// by whatever another test starts just then, and as long as that is so nobody can run it ("text file busy").
pub fn install_copy(from: impl AsRef<Path>, to: PathBuf) -> PathBuf {
    let done = Command::new("install").args(["-m", "755"]).arg(from.as_ref()).arg(&to).status();
    assert!(done.as_ref().is_ok_and(std::process::ExitStatus::success), "install to {}: {done:?}", to.display());
    to
}

/// A script for `/bin/sh`.
pub fn install_script(directory: &Path, name: &str, lines: &str) -> PathBuf {
    let text = directory.join(format!("{name}.sh"));
    std::fs::write(&text, format!("#!/bin/sh\n{lines}\n")).expect("it is written");
    install_copy(text, directory.join(name))
}
