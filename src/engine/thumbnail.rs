//! Thumbnails of real pictures: read, decode, scale, write.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{ImageError, ImageFormat, ImageReader, Limits};

use super::recorder::Recorder;
use crate::trace::State;

/// Larger pictures are refused instead of filling the memory: 16,384 pixels a side, 512 MiB decoded.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(16_384);
    limits.max_image_height = Some(16_384);
    limits.max_alloc = Some(512 << 20);
    limits
}

/// Makes one thumbnail for each of `sizes` (pixels of the longer side) of the picture in `file`, named `NAME-64.png`,
/// into `out` or beside it. Reading and writing are recorded as I/O; decoding and scaling are work.
///
/// # Errors
/// If the file cannot be read or is no picture, or a result cannot be written. A result is there whole or not at all.
pub fn make(file: &Path, out: Option<&Path>, sizes: &[u32], pen: &mut Recorder<'_>) -> Result<(), ImageError> {
    let bytes = io(pen, || fs::read(file))?;
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    reader.limits(limits());
    let format = reader.format().unwrap_or(ImageFormat::Png);
    let picture = reader.decode()?;
    for &size in sizes {
        let small = picture.thumbnail(size, size);
        let mut bytes = Cursor::new(Vec::new());
        small.write_to(&mut bytes, format)?;
        let to = target(file, out, size);
        io(pen, || write_whole(&to, bytes.get_ref()))?;
    }
    Ok(())
}

fn io<T>(pen: &mut Recorder<'_>, what: impl FnOnce() -> std::io::Result<T>) -> std::io::Result<T> {
    pen.block(State::Io, None);
    let result = what();
    pen.resume();
    result
}

/// Writes under another name first, so that a worker killed half-way leaves no half picture under the right one.
fn write_whole(to: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let part = to.with_extension("part");
    fs::write(&part, bytes).and_then(|()| fs::rename(&part, to)).inspect_err(|_| {
        let _ = fs::remove_file(&part);
    })
}

/// Where the thumbnail of this size goes.
pub fn target(file: &Path, out: Option<&Path>, size: u32) -> PathBuf {
    let dir = out.or_else(|| file.parent()).unwrap_or(Path::new("."));
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let ending = file.extension().unwrap_or_default().to_string_lossy();
    dir.join(format!("{stem}-{size}.{ending}"))
}
