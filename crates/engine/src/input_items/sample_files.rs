//! Sample files for scenarios that are run without a directory of files.

use std::fs;
use std::io;
use std::path::Path;

use contend_scenario::Glob;

/// How many files there are, and how many of each extension differ: drawing a picture takes longer than shrinking it.
pub(super) const SAMPLE_COUNT: u64 = 96;
const DISTINCT_PER_EXTENSION: u64 = 2;

/// Extensions of sample files that are pictures.
const PICTURE_EXTENSIONS: [&str; 3] = ["jpg", "jpeg", "png"];

/// Returns the extensions of the samples: those that the patterns name, or else `bin`.
pub(super) fn sample_extensions(patterns: &[Glob]) -> Vec<String> {
    let mut extensions: Vec<String> = patterns.iter().filter_map(Glob::extension).collect();
    extensions.dedup();
    if extensions.is_empty() { vec!["bin".to_owned()] } else { extensions }
}

/// Whether samples with this extension are pictures.
pub(super) fn is_picture(extension: &str) -> bool {
    PICTURE_EXTENSIONS.contains(&extension)
}

/// Returns the name of a sample. The extensions take turns.
pub(super) fn sample_name(number: u64, extensions: &[String]) -> String {
    let extension = &extensions[number as usize % extensions.len()];
    format!("sample-{:02}.{extension}", number + 1)
}

/// Makes a sample. `earlier` returns the path of a sample with a lower number, which exists already.
pub(super) fn make_sample<'a>(
    file: &Path,
    number: u64,
    extensions: usize,
    earlier: impl Fn(u64) -> Option<&'a Path>,
) -> io::Result<()> {
    let original = number.checked_sub(DISTINCT_PER_EXTENSION * extensions as u64);
    match original.and_then(earlier) {
        Some(original) => fs::copy(original, file).map(drop),
        None if file.extension().and_then(|extension| extension.to_str()).is_some_and(is_picture) => {
            save_picture(number as u32 + 1, file)
        }
        None => fs::write(file, make_bytes(number)),
    }
}

/// Draws a picture with something to see and to compress: coloured rings, with another centre for each `i`.
#[cfg(feature = "images")]
fn save_picture(i: u32, file: &Path) -> io::Result<()> {
    let (width, height) = (640 + i % 4 * 160, 480 + i % 3 * 120);
    let picture = image::RgbImage::from_fn(width, height, |x, y| {
        let (dx, dy) = (x.abs_diff(width * (i % 7) / 7), y.abs_diff(height * (i % 5) / 5));
        let ring = (dx * dx + dy * dy).isqrt() / (4 + i % 9);
        image::Rgb([(ring * 7 + i * 31) as u8, (ring * 3 + x / 4) as u8, (ring * 5 + y / 4) as u8])
    });
    picture.save(file).map_err(io::Error::other)
}

/// Fails. [`super::InputItems`] refuses sample pictures in a build without image support.
#[cfg(not(feature = "images"))]
fn save_picture(_: u32, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Returns 32 to 512 KiB, half of it random and half of it the same byte, so that there is something to compress.
fn make_bytes(number: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(number);
    let mut bytes = vec![b'.'; (32 << 10) << (number % 5)];
    let half = bytes.len() / 2;
    random.fill(&mut bytes[..half]);
    bytes
}
