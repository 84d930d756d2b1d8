//! Replaces the content of a file at once: a reader, or a machine that loses power, sees the old text or the new one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Attempts to find an unused name for the new file.
const ATTEMPTS: u32 = 100;

/// Replaces a file's content and keeps its permissions and its owner. A link stays a link. Does nothing if the file
/// has this content already.
pub(super) fn replace_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    // Also asks for the right to write: replacing a file would need only that of its directory.
    let mut old = OpenOptions::new().read(true).write(true).open(&path)?;
    let mut before = Vec::new();
    old.read_to_end(&mut before)?;
    if before == content {
        return Ok(());
    }
    let metadata = old.metadata()?;
    let (part, mut new) = create_beside(&path)?;
    let written = new
        .write_all(content)
        .and_then(|()| keep_owner(&new, &metadata))
        .and_then(|()| new.set_permissions(metadata.permissions()))
        .and_then(|()| new.sync_all())
        .and_then(|()| fs::rename(&part, &path));
    written.inspect_err(|_| {
        let _ = fs::remove_file(&part);
    })
}

/// Creates a file with an unused name in the directory of `path`, for its owner alone.
fn create_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    let mut taken = None;
    for attempt in 0..ATTEMPTS {
        let part = path.with_file_name(format!(".{name}.{}.{attempt}.part", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part) {
            Ok(file) => return Ok((part, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(taken.unwrap_or_else(|| io::ErrorKind::AlreadyExists.into()))
}

/// Gives the new file the owner of the old one, where they differ.
fn keep_owner(new: &File, old: &fs::Metadata) -> io::Result<()> {
    let metadata = new.metadata()?;
    if (metadata.uid(), metadata.gid()) == (old.uid(), old.gid()) {
        return Ok(());
    }
    std::os::unix::fs::fchown(new, Some(old.uid()), Some(old.gid()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn replaced_file_keeps_its_mode_and_a_link_stays_a_link() {
        let directory = tempfile::tempdir().expect("a directory");
        let (file, link) = (directory.path().join("own.kdl"), directory.path().join("link.kdl"));
        fs::write(&file, "old").expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("set");
        symlink("own.kdl", &link).expect("linked");
        replace_file(&link, b"new").expect("replaced");
        assert_eq!(fs::read(&file).expect("it is there"), b"new");
        assert_eq!(fs::metadata(&file).expect("it is there").permissions().mode() & 0o7777, 0o640);
        assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
        assert_eq!(fs::read_dir(directory.path()).expect("a directory").count(), 2, "nothing is left over");
    }

    #[test]
    fn unchanged_file_is_not_replaced() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("own.kdl");
        fs::write(&file, "same").expect("written");
        let inode = fs::metadata(&file).expect("it is there").ino();
        replace_file(&file, b"same").expect("nothing to do");
        assert_eq!(fs::metadata(&file).expect("it is there").ino(), inode);
    }
}
