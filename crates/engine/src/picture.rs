//! Real pictures: read, decode, change, write. Reading and writing are recorded as I/O; the rest is work.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageError, ImageFormat, ImageReader, Limits};

use super::recorder::Recorder;
use contend_trace::State;

/// What is added to the name of a grey copy.
pub const GREY: &str = "grey";

/// Larger pictures are refused instead of filling the memory: 16,384 pixels a side, 512 MiB decoded.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(16_384);
    limits.max_image_height = Some(16_384);
    limits.max_alloc = Some(512 << 20);
    limits
}

/// Makes one thumbnail for each of `sizes` (pixels of the longer side) of the picture in `file`, named `NAME-64.png`,
/// into `out` or beside it.
///
/// # Errors
/// If the file cannot be read or is no picture, or a result cannot be written. A result is there whole or not at all.
pub fn thumbnails(file: &Path, out: Option<&Path>, sizes: &[u32], pen: &mut Recorder<'_>) -> Result<(), ImageError> {
    let (picture, format) = read(file, pen)?;
    for &size in sizes {
        write(&picture.thumbnail(size, size), format, &target(file, out, &size.to_string()), pen)?;
    }
    Ok(())
}

/// Makes a grey copy of the picture in `file`, named `NAME-grey.png`, into `out` or beside it.
///
/// # Errors
/// As [`thumbnails`].
pub fn grey(file: &Path, out: Option<&Path>, pen: &mut Recorder<'_>) -> Result<(), ImageError> {
    let (picture, format) = read(file, pen)?;
    write(&picture.grayscale(), format, &target(file, out, GREY), pen)
}

fn read(file: &Path, pen: &mut Recorder<'_>) -> Result<(DynamicImage, ImageFormat), ImageError> {
    let bytes = io(pen, || fs::read(file))?;
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    reader.limits(limits());
    let format = reader.format().unwrap_or(ImageFormat::Png);
    Ok((reader.decode()?, format))
}

fn write(picture: &DynamicImage, format: ImageFormat, to: &Path, pen: &mut Recorder<'_>) -> Result<(), ImageError> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format)?;
    Ok(io(pen, || write_whole(to, bytes.get_ref()))?)
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

/// Where the result goes that is called so.
pub fn target(file: &Path, out: Option<&Path>, what: &str) -> PathBuf {
    let dir = out.or_else(|| file.parent()).unwrap_or(Path::new("."));
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let ending = file.extension().unwrap_or_default().to_string_lossy();
    dir.join(format!("{stem}-{what}.{ending}"))
}
