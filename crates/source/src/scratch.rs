//! A directory for files that exist only for a run.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use contend_platform::{exists, guard};

const PREFIX: &str = "contend-";

/// Gone when dropped. If this process is killed, its guardian removes it; if that is killed as well, the next run does.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// A new directory that only this user can enter.
    ///
    /// # Errors
    /// When the system's directory for such things cannot be written to.
    /// `image` is the program to start a guardian from, by default the one that helpers are started from.
    pub fn new(image: Option<&Path>) -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let parent = std::env::temp_dir();
        sweep(&parent);
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = parent.join(format!("{PREFIX}{}-{number}", std::process::id()));
            // First of all, so that it is never there without; refused, we go on without.
            let _ = guard(image, |all| all.directories.push(path.as_os_str().as_bytes().to_owned()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self { path }),
                Err(e) => {
                    unguard(&path);
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

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
        unguard(&self.path);
    }
}

fn unguard(path: &Path) {
    let _ = guard(None, |all| all.directories.retain(|other| other != path.as_os_str().as_bytes()));
}

/// Removes what processes left that are no more.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|n| n.strip_prefix(PREFIX)?.split_once('-')?.0.parse::<u32>().ok());
        if owner.is_some_and(|pid| !exists(pid)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_with_its_owner_and_what_the_dead_left_is_swept() {
        let left = std::env::temp_dir().join(format!("{PREFIX}4194304-0")); // above the kernel's highest process id
        fs::create_dir_all(&left).expect("the temporary directory can be written to");
        let scratch = Scratch::new(None).expect("the temporary directory can be written to");
        let path = scratch.path().to_owned();
        assert!(path.is_dir() && !left.exists());
        drop(scratch);
        assert!(!path.exists());
    }
}
