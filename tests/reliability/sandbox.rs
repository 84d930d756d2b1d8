//! A copy of the program that every user may run.

use std::fs::{Permissions, set_permissions, write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::support::program::install_copy;

/// A copy of the program in a directory that every user may read.
pub struct Sandbox {
    directory: tempfile::TempDir,
    pub program: PathBuf,
}

impl Sandbox {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        set_permissions(directory.path(), Permissions::from_mode(0o755)).expect("it is ours");
        let program = install_copy(env!("CARGO_BIN_EXE_contend"), directory.path().join("contend"));
        Self { directory, program }
    }

    /// Writes a scenario to a file and returns its path.
    pub fn scenario(&self, text: &str) -> String {
        let file = self.directory.path().join("own.kdl");
        write(&file, text).expect("it is written");
        file.to_string_lossy().into_owned()
    }
}
