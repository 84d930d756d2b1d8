//! Thumbnails and grey copies of pictures. Reading and writing files are recorded as I/O; the rest is CPU work.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageError, ImageFormat, ImageReader, Limits};

use super::picture_paths::GREY;
use crate::recorder::Recorder;
use contend_trace::State;

/// Returns the limits beyond which pictures are refused: 16,384 pixels a side, 512 MiB decoded.
fn decode_limits() -> Limits {
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
/// If the file cannot be read or is no picture, or a result cannot be written. A result is written completely or not at
/// all.
pub fn make_thumbnails(
    file: &Path,
    out: Option<&Path>,
    sizes: &[u32],
    recorder: &mut Recorder<'_>,
) -> Result<(), ImageError> {
    let (picture, format) = read_picture(file, recorder)?;
    for &size in sizes {
        write_picture(&picture.thumbnail(size, size), format, &result_path(file, out, &size.to_string()), recorder)?;
    }
    Ok(())
}

/// Makes a grey copy of the picture in `file`, named `NAME-grey.png`, into `out` or beside it.
///
/// # Errors
/// As [`make_thumbnails`].
pub fn make_grey_copy(file: &Path, out: Option<&Path>, recorder: &mut Recorder<'_>) -> Result<(), ImageError> {
    let (picture, format) = read_picture(file, recorder)?;
    write_picture(&picture.grayscale(), format, &result_path(file, out, GREY), recorder)
}

fn read_picture(file: &Path, recorder: &mut Recorder<'_>) -> Result<(DynamicImage, ImageFormat), ImageError> {
    let bytes = record_io(recorder, || fs::read(file))?;
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    reader.limits(decode_limits());
    let format = reader.format().unwrap_or(ImageFormat::Png);
    Ok((reader.decode()?, format))
}

fn write_picture(
    picture: &DynamicImage,
    format: ImageFormat,
    to: &Path,
    recorder: &mut Recorder<'_>,
) -> Result<(), ImageError> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format)?;
    Ok(record_io(recorder, || write_whole(to, bytes.get_ref()))?)
}

fn record_io<T>(recorder: &mut Recorder<'_>, operation: impl FnOnce() -> std::io::Result<T>) -> std::io::Result<T> {
    recorder.block(State::Io, None);
    let result = operation();
    recorder.resume();
    result
}

/// Writes to a temporary name first, so that a worker killed in between leaves no incomplete picture.
fn write_whole(to: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let part = to.with_extension("part");
    fs::write(&part, bytes).and_then(|()| fs::rename(&part, to)).inspect_err(|_| {
        let _ = fs::remove_file(&part);
    })
}

/// Returns the path of a result: `NAME-SUFFIX.EXTENSION` in `output_dir` or, without one, beside `file`.
fn result_path(file: &Path, output_dir: Option<&Path>, suffix: &str) -> PathBuf {
    let dir = output_dir.or_else(|| file.parent()).unwrap_or(Path::new("."));
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let extension = file.extension().unwrap_or_default().to_string_lossy();
    dir.join(format!("{stem}-{suffix}.{extension}"))
}
