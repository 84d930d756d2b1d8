//! Pictures of the dashboard of a recorded run: one that moves, for players of terminal sessions and for web pages, and
//! one of a moment.

use std::fs;
use std::io::{self, Read, Seek};
use std::path::Path;

use ratatui::buffer::Buffer;

use super::{cast, svg};
use crate::recording::Recording;
use crate::trace::{Span, Stamp};
use crate::tui::Film;

/// Time between two frames of the dashboard.
const FRAME_TIME: Span = Span::from_millis(100);

/// Most frames of a picture; a long run gets fewer a second.
const MAX_FRAMES: u64 = 6_000;

/// The form of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureFormat {
    /// A session for asciinema, version 2 of its format.
    Cast,
    /// SVG whose text can be selected.
    Svg,
}

/// What to draw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PictureOptions {
    pub format: PictureFormat,
    /// Columns and rows of the screen.
    pub size: (u16, u16),
    /// How many times as fast as the run.
    pub speed: f64,
    /// The moment of a still picture; `None` for one that moves.
    pub at: Option<Stamp>,
    /// Largest size of an SVG picture that moves, in bytes: it gets fewer frames a second to fit.
    pub max_bytes: u64,
}

/// A picture that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenPicture {
    pub frames: usize,
    pub bytes: u64,
}

/// A frame and the time at which it is shown, from the start of the picture.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) at_s: f64,
    pub(super) screen: Buffer,
}

/// Draws a recorded run into a file. Returns `None` if it is not the run of a scenario.
///
/// # Errors
/// If the recording cannot be read, or the file not written.
pub fn export_picture<R: Read + Seek>(
    recording: &mut Recording<R>,
    options: &PictureOptions,
    path: &Path,
) -> io::Result<Option<WrittenPicture>> {
    let title = recording.description().title.clone();
    let Some(mut film) = Film::new(recording, options.size) else { return Ok(None) };
    let (text, count) = match (options.format, options.at) {
        (PictureFormat::Svg, Some(at)) => (svg::still(&frames_until(&mut film, at)?, &title), 1),
        (PictureFormat::Svg, None) => svg::animation(&all_frames(&mut film, options.speed)?, &title, options.max_bytes),
        (PictureFormat::Cast, _) => {
            let frames = all_frames(&mut film, options.speed)?;
            (cast::session(&frames, options.size, &title)?, frames.len())
        }
    };
    fs::write(path, &text)?;
    Ok(Some(WrittenPicture { frames: count, bytes: text.len() as u64 }))
}

/// Draws all frames up to a moment, as the dashboard does, and returns the last.
fn frames_until<R: Read + Seek>(film: &mut Film<'_, R>, at: Stamp) -> io::Result<Buffer> {
    let at = at.min(film.end());
    let mut moment = Stamp(0);
    while moment + FRAME_TIME < at {
        moment = moment + FRAME_TIME;
        film.frame_at(moment)?;
    }
    film.frame_at(at)
}

/// Draws the whole run.
fn all_frames<R: Read + Seek>(film: &mut Film<'_, R>, speed: f64) -> io::Result<Vec<Frame>> {
    let end = film.end();
    let step = ((FRAME_TIME.0 as f64 * speed) as u64).max(end.0 / MAX_FRAMES).max(1);
    let mut frames = Vec::new();
    let mut at = Stamp(0);
    loop {
        let at_s = at.as_secs_f64() / speed;
        frames.push(Frame { at_s, screen: film.frame_at(at)? });
        if at >= end {
            return Ok(frames);
        }
        at = Stamp(at.0.saturating_add(step)).min(end);
    }
}
