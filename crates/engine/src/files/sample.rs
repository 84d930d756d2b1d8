//! Sample files, for those who have none at hand.

use std::fs;
use std::path::Path;

use image::{ImageError, Rgb, RgbImage};

use contend_scenario::Glob;

/// How many there are, and how many of each ending are different: making a picture is more work than shrinking it.
pub(super) const SAMPLES: u64 = 96;
const DIFFERENT: u64 = 2;

/// Endings of what is made as a picture.
const PICTURES: [&str; 3] = ["jpg", "jpeg", "png"];

/// The endings that samples get: those that the patterns name, or else one that says nothing.
pub(super) fn endings(patterns: &[Glob]) -> Vec<String> {
    let mut endings: Vec<String> = patterns.iter().filter_map(Glob::ending).collect();
    endings.dedup();
    if endings.is_empty() { vec!["bin".to_owned()] } else { endings }
}

/// The name of one of them, by turns of each ending.
pub(super) fn name(number: u64, endings: &[String]) -> String {
    let ending = &endings[number as usize % endings.len()];
    format!("sample-{:02}.{ending}", number + 1)
}

/// Makes the file. `made` gives those with lower numbers, which are there already.
pub(super) fn make<'a>(
    file: &Path,
    number: u64,
    endings: usize,
    made: impl Fn(u64) -> Option<&'a Path>,
) -> Result<(), ImageError> {
    let same = number.checked_sub(DIFFERENT * endings as u64);
    match same.and_then(made) {
        Some(like) => Ok(fs::copy(like, file).map(|_| ())?),
        None if file.extension().is_some_and(|ending| PICTURES.iter().any(|known| ending == *known)) => {
            picture(number as u32 + 1).save(file)
        }
        None => Ok(fs::write(file, bytes(number))?),
    }
}

/// A picture with something to see and to compress: rings of colour, another centre for each.
fn picture(i: u32) -> RgbImage {
    let (width, height) = (640 + i % 4 * 160, 480 + i % 3 * 120);
    RgbImage::from_fn(width, height, |x, y| {
        let (dx, dy) = (x.abs_diff(width * (i % 7) / 7), y.abs_diff(height * (i % 5) / 5));
        let ring = (dx * dx + dy * dy).isqrt() / (4 + i % 9);
        Rgb([(ring * 7 + i * 31) as u8, (ring * 3 + x / 4) as u8, (ring * 5 + y / 4) as u8])
    })
}

/// 32 to 512 KiB, half of it the same byte again and again, so that there is something to compress.
fn bytes(number: u64) -> Vec<u8> {
    let mut dice = fastrand::Rng::with_seed(number);
    let mut bytes = vec![b'.'; (32 << 10) << (number % 5)];
    let half = bytes.len() / 2;
    dice.fill(&mut bytes[..half]);
    bytes
}
