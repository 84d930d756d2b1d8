//! Pictures of the dashboard of a recorded run: one that moves, for players of terminal sessions and for web pages, and
//! one of a moment.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek};
use std::path::Path;

use ratatui::buffer::Buffer;

use super::frame::{Frame, WrittenPicture};
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
    let written = match (options.format, options.at) {
        (PictureFormat::Svg, Some(at)) => {
            let text = svg::still(&frames_until(&mut film, at)?, &title);
            fs::write(path, &text)?;
            WrittenPicture { frames: 1, bytes: text.len() as u64 }
        }
        (PictureFormat::Svg, None) => {
            let mut animation = svg::Animation::new(options.size);
            for_each_frame(&mut film, options.speed, |frame| {
                animation.add(&frame);
                Ok(())
            })?;
            let (text, frames) = animation.picture(&title, options.max_bytes);
            fs::write(path, &text)?;
            WrittenPicture { frames, bytes: text.len() as u64 }
        }
        (PictureFormat::Cast, _) => {
            let mut session = cast::CastSession::begin(BufWriter::new(File::create(path)?), options.size, &title)?;
            for_each_frame(&mut film, options.speed, |frame| session.add(frame))?;
            session.finish()?
        }
    };
    Ok(Some(written))
}

/// Draws all frames up to a moment, as the dashboard does, and returns the last.
fn frames_until<R: Read + Seek>(film: &mut Film<'_, R>, at: Stamp) -> io::Result<Buffer> {
    let mut moment = film.begin();
    let at = at.min(film.end()).max(moment);
    while moment + FRAME_TIME < at {
        moment = moment + FRAME_TIME;
        film.frame_at(moment)?;
    }
    film.frame_at(at)
}

/// Draws the whole recording, frame by frame.
fn for_each_frame<R: Read + Seek>(
    film: &mut Film<'_, R>,
    speed: f64,
    mut use_frame: impl FnMut(Frame) -> io::Result<()>,
) -> io::Result<()> {
    let (begin, end) = (film.begin(), film.end());
    for at in frame_moments(begin, end, speed) {
        let at_s = at.span_since(begin).as_secs_f64() / speed;
        use_frame(Frame { at_s, screen: film.frame_at(at)? })?;
    }
    Ok(())
}

/// Returns the moments of the frames: from the beginning to the end, with both.
fn frame_moments(begin: Stamp, end: Stamp, speed: f64) -> impl Iterator<Item = Stamp> {
    let whole = end.span_since(begin).0;
    let step = ((FRAME_TIME.0 as f64 * speed) as u64).max(whole / MAX_FRAMES).max(1);
    std::iter::successors(Some(begin), move |at| (*at < end).then(|| Stamp(at.0.saturating_add(step)).min(end)))
}

#[cfg(test)]
mod tests {
    use std::env;

    use super::*;
    use crate::tui::{DrawnScreen, draw_every_screen};

    /// Draws every screen as a picture into the folder that `CONTEND_PICTURES` names, for people to look at: runs of
    /// the folder `CONTEND_RECORDINGS`, or else the previews.
    #[test]
    fn every_screen_becomes_a_picture() {
        let Some(folder) = env::var_os("CONTEND_PICTURES").map(std::path::PathBuf::from) else {
            println!("skipped: every_screen_becomes_a_picture: CONTEND_PICTURES names no folder");
            return;
        };
        fs::create_dir_all(&folder).expect("a folder");
        let previews = || Path::new(env!("CARGO_MANIFEST_DIR")).join("previews");
        let recordings = env::var_os("CONTEND_RECORDINGS").map_or_else(previews, std::path::PathBuf::from);
        draw_every_screen(&recordings, &mut |DrawnScreen { name, size: (columns, rows), theme, buffer }| {
            let file = folder.join(format!("{name}-{columns}x{rows}-{theme}.svg"));
            fs::write(file, svg::still(buffer, name)).expect("room for the pictures");
        });
    }

    #[test]
    fn frames_begin_where_the_recording_begins() {
        let hour = Stamp(0) + Span::from_millis(3_600_000);
        let moments: Vec<Stamp> = frame_moments(hour, hour + Span::from_millis(250), 1.0).collect();
        let expected = [0, 100, 200, 250].map(|ms| hour + Span::from_millis(ms));
        assert_eq!(moments, expected);
        assert!(frame_moments(Stamp(0), hour, 1.0).count() as u64 <= MAX_FRAMES + 2);
        assert_eq!(frame_moments(hour, hour, 1.0).count(), 1);
    }
}
