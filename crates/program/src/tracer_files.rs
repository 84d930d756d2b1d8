//! The files of the tracer for Python, which a program finds at its start.

use std::fs;
use std::io;
use std::path::Path;

/// Names with contents.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/tracer_files.rs"));

/// Writes the tracer into a directory, for `PYTHONPATH`.
///
/// # Errors
/// If the directory cannot be written to.
pub fn write_tracer(directory: &Path) -> io::Result<()> {
    for (name, content) in FILES {
        let path = directory.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, content)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracer_has_its_entry_point() {
        let directory = tempfile::tempdir().expect("a directory");
        write_tracer(directory.path()).expect("written");
        assert!(directory.path().join("sitecustomize.py").is_file());
    }
}
