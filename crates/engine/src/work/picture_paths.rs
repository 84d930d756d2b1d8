//! Recognises the pictures that an earlier run made.

use std::ffi::OsStr;
use std::path::Path;

/// The suffix of a grey copy: `NAME-grey.jpg`.
pub const GREY: &str = "grey";

/// Whether an earlier run left this file beside its picture: `NAME-64.jpg` or `NAME-grey.jpg`, where `NAME.jpg` exists.
pub fn is_result(path: &Path) -> bool {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let Some((name, suffix)) = stem.rsplit_once('-') else { return false };
    let original = path.with_file_name(name).with_extension(path.extension().unwrap_or(OsStr::new("")));
    (suffix.parse::<u32>().is_ok() || suffix == GREY) && original.is_file()
}
