//! Pictures of the screen in SVG: text stays text, and what does not change between frames is written once.

mod colours;
mod paint;
mod pieces;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write;
use std::rc::Rc;

use ratatui::buffer::Buffer;

use super::frame::Frame;
use paint::{CELL_HEIGHT, CELL_WIDTH, MARGIN, Painting};
use pieces::{Piece, pieces_of};

/// How long the last frame of a picture that moves is shown, s.
const LAST_FRAME_TIME: f64 = 2.5;

/// The end of a picture.
const TAIL: &str = "</g>\n</svg>\n";

/// Returns the picture of a screen.
pub(super) fn still(screen: &Buffer, title: &str) -> Vec<u8> {
    let mut out = String::new();
    write_head(&mut out, (screen.area.width, screen.area.height), title, "");
    Painting::of(&pieces_of(screen)).write(&mut out);
    out.push_str(TAIL);
    out.into_bytes()
}

/// A picture that shows frames again and again. A piece that many frames have is kept once.
#[derive(Debug, Default)]
pub(super) struct Animation {
    /// Columns and rows.
    size: (u16, u16),
    /// The frames that differ from the one before.
    frames: Vec<PieceFrame>,
    /// The time of the last frame, s.
    end_s: f64,
    known: HashSet<Rc<Piece>>,
}

/// A frame in pieces.
#[derive(Debug)]
struct PieceFrame {
    at_s: f64,
    pieces: Vec<Rc<Piece>>,
}

impl Animation {
    pub(super) fn new(size: (u16, u16)) -> Self {
        Self { size, ..Self::default() }
    }

    pub(super) fn add(&mut self, frame: &Frame) {
        self.end_s = frame.at_s;
        let pieces: Vec<_> = pieces_of(&frame.screen).into_iter().map(|piece| self.keep(piece)).collect();
        if self.frames.last().is_none_or(|last| last.pieces != pieces) {
            self.frames.push(PieceFrame { at_s: frame.at_s, pieces });
        }
    }

    fn keep(&mut self, piece: Piece) -> Rc<Piece> {
        if let Some(known) = self.known.get(&piece) {
            return Rc::clone(known);
        }
        let piece = Rc::new(piece);
        self.known.insert(Rc::clone(&piece));
        piece
    }

    /// Returns the picture, and the number of its frames. If it exceeds `max_bytes`, it has fewer frames.
    pub(super) fn picture(&self, title: &str, max_bytes: u64) -> (Vec<u8>, usize) {
        let mut every = 1;
        loop {
            // Always with the last one.
            let mut chosen: Vec<&PieceFrame> = self.frames.iter().rev().step_by(every).collect();
            chosen.reverse();
            let picture = self.draw(&chosen, title);
            if picture.len() as u64 <= max_bytes || chosen.len() <= 2 {
                return (picture, chosen.len());
            }
            every += every.div_ceil(2);
        }
    }

    fn draw(&self, frames: &[&PieceFrame], title: &str) -> Vec<u8> {
        let duration = self.end_s + LAST_FRAME_TIME;
        let lifetimes = piece_lifetimes(frames);
        let mut out = String::new();
        write_head(&mut out, self.size, title, &animation_style(&lifetimes, frames, duration));
        for (number, (life, pieces)) in lifetimes.iter().enumerate() {
            let painting = Painting::of(pieces.iter().map(|piece| &**piece));
            if is_always(*life, frames.len()) {
                painting.write(&mut out);
            } else {
                let _ = write!(out, "<g class=\"k{number}\">");
                painting.write(&mut out);
                out.push_str("</g>\n");
            }
        }
        out.push_str(TAIL);
        out.into_bytes()
    }
}

/// Returns the styles that show and hide the pieces that are not always shown.
fn animation_style(lifetimes: &Lifetimes, frames: &[&PieceFrame], duration: f64) -> String {
    let mut style = String::new();
    for (number, (from, to)) in lifetimes.keys().enumerate().filter(|(_, life)| !is_always(**life, frames.len())) {
        let percent = |frame: usize| frames.get(frame).map_or(100.0, |frame| frame.at_s / duration * 100.0);
        let _ = write!(style, ".k{number}{{animation:k{number} {duration:.2}s step-end infinite}}");
        let _ = write!(style, "@keyframes k{number}{{");
        if *from > 0 {
            let _ = write!(style, "0%{{visibility:hidden}}");
        }
        let _ = write!(style, "{:.2}%{{visibility:visible}}", if *from > 0 { percent(*from) } else { 0.0 });
        if *to < frames.len() {
            let _ = write!(style, "{:.2}%{{visibility:hidden}}", percent(*to));
        }
        style.push('}');
    }
    style
}

/// The frames in which a piece is shown: from the first to the one before the second.
type Lifetime = (usize, usize);

/// The pieces by the frames in which they are shown.
type Lifetimes = BTreeMap<Lifetime, Vec<Rc<Piece>>>;

const fn is_always((from, to): Lifetime, frames: usize) -> bool {
    from == 0 && to == frames
}

/// Returns the pieces by the frames in which they are shown.
fn piece_lifetimes(frames: &[&PieceFrame]) -> Lifetimes {
    let mut lifetimes = Lifetimes::new();
    let mut alive: HashMap<Rc<Piece>, usize> = HashMap::new();
    for (at, frame) in frames.iter().enumerate() {
        let mut next = HashMap::new();
        for piece in &frame.pieces {
            let since = alive.remove(piece).unwrap_or(at);
            next.insert(Rc::clone(piece), since);
        }
        let ended = std::mem::replace(&mut alive, next);
        for (piece, since) in ended {
            lifetimes.entry((since, at)).or_default().push(piece);
        }
    }
    for (piece, since) in alive {
        lifetimes.entry((since, frames.len())).or_default().push(piece);
    }
    for pieces in lifetimes.values_mut() {
        pieces.sort();
    }
    lifetimes
}

fn write_head(out: &mut String, (columns, rows): (u16, u16), title: &str, style: &str) {
    let width = u32::from(columns) * CELL_WIDTH + 2 * MARGIN;
    let height = u32::from(rows) * CELL_HEIGHT + 2 * MARGIN;
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\">\n<title>{}</title>\n<style>{}{style}</style>\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"{}\"/>\n\
         <g transform=\"translate({MARGIN} {MARGIN})\">\n",
        paint::escape(title),
        paint::style_sheet(),
        colours::PAPER,
    );
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn equal_frames_are_kept_once_and_their_time_counts() {
        let mut animation = Animation::new((20, 2));
        for second in 0..100 {
            let mut screen = Buffer::empty(Rect::new(0, 0, 20, 2));
            screen.set_string(0, 0, "always", Style::new());
            screen.set_string(0, 1, if second < 50 { "first" } else { "then" }, Style::new());
            animation.add(&Frame { at_s: f64::from(second), screen });
        }
        assert_eq!((animation.frames.len(), animation.known.len()), (2, 3));
        let (picture, frames) = animation.picture("x", u64::MAX);
        let picture = String::from_utf8(picture).expect("text");
        assert!(frames == 2 && picture.contains(" 101.50s step-end"), "{picture}");
        assert_eq!(picture.matches(">always</text>").count(), 1);
    }
}
