//! Pieces of the screen as elements of SVG.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

use super::colours::{INK, Rgb};
use super::pieces::Piece;

/// Pixels of a cell, and around the screen.
pub(super) const CELL_WIDTH: u32 = 8;
pub(super) const CELL_HEIGHT: u32 = 17;
pub(super) const MARGIN: u32 = 8;
/// Where letters stand, from the top of a cell.
const BASELINE: u32 = 13;

/// Returns the styles that all pictures use.
pub(super) fn style_sheet() -> String {
    format!(
        "svg{{fill:{INK};font:13px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace}}text{{white-space:pre}}\
         .b{{font-weight:bold}}.d{{opacity:.6}}.u{{text-decoration:underline}}"
    )
}

/// Pieces as elements: areas of one colour in one path, then text by its look.
#[derive(Debug, Default)]
pub(super) struct Painting {
    /// By colour: the outlines of backgrounds, in cells.
    papers: BTreeMap<Rgb, String>,
    /// By colour and percent of opacity: the outlines of blocks and shades, in cells.
    areas: BTreeMap<(Rgb, u32), String>,
    /// By colour and class: elements.
    texts: BTreeMap<(Rgb, String), String>,
}

impl Painting {
    /// Returns the painting of these pieces.
    pub(super) fn of<'a>(pieces: impl IntoIterator<Item = &'a Piece>) -> Self {
        let mut painting = Self::default();
        pieces.into_iter().for_each(|piece| painting.add(piece));
        painting
    }

    fn add(&mut self, piece: &Piece) {
        if let Some(paper) = piece.look.paper {
            let whole = Area { top: 0, height: 1_000, opacity: 100 };
            whole.outline(self.papers.entry(paper).or_default(), (piece.column, piece.row), piece.width);
        }
        if piece.text.chars().all(|c| c == ' ' || Area::of(c).is_some()) {
            self.add_areas(piece);
        } else {
            self.add_text(piece);
        }
    }

    /// Adds areas for block characters: letters of a font leave gaps between them.
    fn add_areas(&mut self, piece: &Piece) {
        let areas: Vec<Option<Area>> = piece.text.chars().map(Area::of).collect();
        let mut column = piece.column;
        for run in areas.chunk_by(|a, b| a == b) {
            if let Some(area) = run[0] {
                let dimmed = if piece.look.is_dim { area.opacity * 6 / 10 } else { area.opacity };
                let path = self.areas.entry((piece.look.ink, dimmed)).or_default();
                area.outline(path, (column, piece.row), run.len() as u16);
            }
            column += run.len() as u16;
        }
    }

    fn add_text(&mut self, piece: &Piece) {
        let (x, y) = (u32::from(piece.column) * CELL_WIDTH, u32::from(piece.row) * CELL_HEIGHT + BASELINE);
        let styles = [(piece.look.is_bold, "b"), (piece.look.is_dim, "d"), (piece.look.is_underlined, "u")];
        let class: Vec<&str> = styles.into_iter().filter(|(has, _)| *has).map(|(_, name)| name).collect();
        let _ = write!(
            self.texts.entry((piece.look.ink, class.join(" "))).or_default(),
            "<text x=\"{x}\" y=\"{y}\" textLength=\"{}\">{}</text>",
            u32::from(piece.width) * CELL_WIDTH,
            escape(&piece.text),
        );
    }

    pub(super) fn write(&self, out: &mut String) {
        if !self.papers.is_empty() || !self.areas.is_empty() {
            let _ = write!(out, "<g transform=\"scale({CELL_WIDTH} {CELL_HEIGHT})\">");
            for (colour, path) in &self.papers {
                let _ = write!(out, "<path fill=\"{colour}\" d=\"{path}\"/>");
            }
            for ((colour, opacity), path) in &self.areas {
                let opacity = if *opacity < 100 { format!(" fill-opacity=\".{opacity:02}\"") } else { String::new() };
                let _ = write!(out, "<path fill=\"{colour}\"{opacity} d=\"{path}\"/>");
            }
            out.push_str("</g>");
        }
        for ((colour, class), texts) in &self.texts {
            let fill = if *colour == INK { String::new() } else { format!(" fill=\"{colour}\"") };
            let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
            let _ = write!(out, "<g{fill}{class}>{texts}</g>");
        }
        out.push('\n');
    }
}

/// The part of a cell that a block character fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Area {
    /// Thousandths of the cell's height above it.
    top: u32,
    /// Thousandths of the cell's height.
    height: u32,
    /// Percent.
    opacity: u32,
}

impl Area {
    /// Returns the area of a character; `None` for letters.
    const fn of(c: char) -> Option<Self> {
        let (height, opacity) = match c {
            '▁'..='█' => ((c as u32 - '▁' as u32 + 1) * 125, 100),
            '░' => (1_000, 25),
            '▒' => (1_000, 50),
            '▓' => (1_000, 75),
            '▚' | '▞' => (1_000, 60),
            '━' => return Some(Self { top: 420, height: 180, opacity: 100 }),
            _ => return None,
        };
        Some(Self { top: 1_000 - height, height, opacity })
    }

    /// Appends the outline over some cells, in cells.
    fn outline(self, path: &mut String, (column, row): (u16, u16), width: u16) {
        let y = thousandths(u32::from(row) * 1_000 + self.top);
        let height = thousandths(self.height);
        let _ = write!(path, "M{column} {y}h{width}v{height}h-{width}z");
    }
}

/// Writes a number of thousandths as briefly as possible: `1.5`, `.125`.
fn thousandths(number: u32) -> String {
    let text = format!("{}.{:03}", number / 1_000, number % 1_000);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.strip_prefix('0').filter(|rest| !rest.is_empty()).unwrap_or(text).to_owned()
}

/// Returns text without characters that have a meaning in XML or are not allowed in it.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(|c: char| matches!(c, '&' | '<' | '>' | '"') || c.is_control()) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_brief() {
        assert_eq!([0, 125, 1_000, 1_500, 12_875].map(thousandths), ["0", ".125", "1", "1.5", "12.875"]);
    }

    #[test]
    fn text_is_escaped() {
        assert_eq!(escape("a<b> & \"c\"\u{1b}"), "a&lt;b&gt; &amp; &quot;c&quot; ");
    }
}
