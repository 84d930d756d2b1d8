//! Pictures of the screen in SVG: text stays text, and what does not change between frames is written once.

mod paint;
mod pieces;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use ratatui::buffer::Buffer;

use super::screen::Frame;
use paint::{CELL_HEIGHT, CELL_WIDTH, MARGIN, Painting};
use pieces::{Piece, pieces_of};

/// How long the last frame of a picture that moves is shown, s.
const LAST_FRAME_TIME: f64 = 2.5;

/// The end of a picture.
const TAIL: &str = "</g>\n</svg>\n";

/// Returns the picture of a screen.
pub(super) fn still(screen: &Buffer, title: &str) -> Vec<u8> {
    let mut out = String::new();
    write_head(&mut out, screen, title, "");
    Painting::of(&pieces_of(screen)).write(&mut out);
    out.push_str(TAIL);
    out.into_bytes()
}

/// Returns a picture that shows the frames again and again, and their number. If it exceeds `max_bytes`, it has fewer
/// frames.
pub(super) fn animation(frames: &[Frame], title: &str, max_bytes: u64) -> (Vec<u8>, usize) {
    let mut every = 1;
    loop {
        // Always with the last one.
        let chosen: Vec<&Frame> = frames.iter().rev().step_by(every).collect::<Vec<_>>().into_iter().rev().collect();
        let picture = animate(&chosen, title);
        if picture.len() as u64 <= max_bytes || chosen.len() <= 2 {
            return (picture, chosen.len());
        }
        every += every.div_ceil(2);
    }
}

/// The frames in which a piece is shown: from the first to the one before the second.
type Lifetime = (usize, usize);

fn animate(frames: &[&Frame], title: &str) -> Vec<u8> {
    let Some(last) = frames.last() else { return Vec::new() };
    let duration = last.at_s + LAST_FRAME_TIME;
    let lifetimes = piece_lifetimes(frames);
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
    let mut out = String::new();
    write_head(&mut out, &last.screen, title, &style);
    for (number, (life, pieces)) in lifetimes.iter().enumerate() {
        if is_always(*life, frames.len()) {
            Painting::of(pieces).write(&mut out);
        } else {
            let _ = write!(out, "<g class=\"k{number}\">");
            Painting::of(pieces).write(&mut out);
            out.push_str("</g>\n");
        }
    }
    out.push_str(TAIL);
    out.into_bytes()
}

const fn is_always((from, to): Lifetime, frames: usize) -> bool {
    from == 0 && to == frames
}

/// Returns the pieces by the frames in which they are shown.
fn piece_lifetimes(frames: &[&Frame]) -> BTreeMap<Lifetime, Vec<Piece>> {
    let mut lifetimes: BTreeMap<Lifetime, Vec<Piece>> = BTreeMap::new();
    let mut alive: HashMap<Piece, usize> = HashMap::new();
    for (at, frame) in frames.iter().enumerate() {
        let mut next = HashMap::new();
        for piece in pieces_of(&frame.screen) {
            let since = alive.remove(&piece).unwrap_or(at);
            next.insert(piece, since);
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

fn write_head(out: &mut String, screen: &Buffer, title: &str, style: &str) {
    let width = u32::from(screen.area.width) * CELL_WIDTH + 2 * MARGIN;
    let height = u32::from(screen.area.height) * CELL_HEIGHT + 2 * MARGIN;
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\">\n<title>{}</title>\n<style>{}{style}</style>\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"{}\"/>\n\
         <g transform=\"translate({MARGIN} {MARGIN})\">\n",
        paint::escape(title),
        paint::style_sheet(),
        paint::PAPER,
    );
}
