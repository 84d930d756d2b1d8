//! A temporary directory for the files of one run.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use contend_platform::{process_exists, update_cleanup};

const PREFIX: &str = "contend-";

/// A temporary directory, removed on drop. If this process is killed, its guardian removes it; if the guardian is
/// killed too, the next run does.
#[derive(Debug)]
pub struct ScratchDir {
    path: PathBuf,
}

impl ScratchDir {
    /// Creates a directory that only this user can access. `image` is the program to start a guardian from, by default
    /// the one that helpers are started from.
    ///
    /// # Errors
    /// If the system's temporary directory is not writable.
    pub fn new(image: Option<&Path>) -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let parent = std::env::temp_dir();
        remove_stale_dirs(&parent);
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = parent.join(format!("{PREFIX}{}-{number}", std::process::id()));
            // Before the directory exists, so that it is always guarded. Without a guardian the run continues.
            let _ = update_cleanup(image, |all| all.directories.push(path.as_os_str().as_bytes().to_owned()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self { path }),
                Err(e) => {
                    release_from_guardian(&path);
                    if e.kind() != io::ErrorKind::AlreadyExists {
                        return Err(e);
                    }
                }
            }
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for ScratchDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
        release_from_guardian(&self.path);
    }
}

fn release_from_guardian(path: &Path) {
    let _ = update_cleanup(None, |all| all.directories.retain(|other| other != path.as_os_str().as_bytes()));
}

/// Removes the directories of processes that no longer exist.
fn remove_stale_dirs(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|n| n.strip_prefix(PREFIX)?.split_once('-')?.0.parse::<u32>().ok());
        if owner.is_some_and(|pid| !process_exists(pid)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scratch_dir_is_removed_on_drop_and_stale_ones_at_the_next_start() {
        let left = std::env::temp_dir().join(format!("{PREFIX}4194304-0")); // above the kernel's highest process id
        fs::create_dir_all(&left).expect("the temporary directory can be written to");
        let scratch = ScratchDir::new(None).expect("the temporary directory can be written to");
        let path = scratch.path().to_owned();
        assert!(path.is_dir() && !left.exists());
        drop(scratch);
        assert!(!path.exists());
    }
}
