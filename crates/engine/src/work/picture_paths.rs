//! Names of the pictures that a run makes from a picture.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The suffix of a grey copy: `NAME-grey.jpg`.
pub const GREY: &str = "grey";

/// Returns the path of a result: `NAME-SUFFIX.EXTENSION` in `output_dir` or, without one, beside `file`.
pub fn result_path(file: &Path, output_dir: Option<&Path>, suffix: &str) -> PathBuf {
    let dir = output_dir.or_else(|| file.parent()).unwrap_or(Path::new("."));
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let extension = file.extension().unwrap_or_default().to_string_lossy();
    dir.join(format!("{stem}-{suffix}.{extension}"))
}

/// Whether an earlier run left this file beside its picture: `NAME-64.jpg` or `NAME-grey.jpg`, where `NAME.jpg` exists.
pub fn is_result(path: &Path) -> bool {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let Some((name, suffix)) = stem.rsplit_once('-') else { return false };
    let original = path.with_file_name(name).with_extension(path.extension().unwrap_or(OsStr::new("")));
    (suffix.parse::<u32>().is_ok() || suffix == GREY) && original.is_file()
}
