//! The screen in pieces of equal style.

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

use super::colours::{INK, PAPER, Rgb};

/// Text of one style in a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Piece {
    pub(super) row: u16,
    pub(super) column: u16,
    /// Columns.
    pub(super) width: u16,
    pub(super) text: String,
    pub(super) look: Look,
}

/// The style of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Look {
    pub(super) ink: Rgb,
    /// The background; `None` for that of the screen.
    pub(super) paper: Option<Rgb>,
    pub(super) is_bold: bool,
    pub(super) is_dim: bool,
    pub(super) is_underlined: bool,
}

/// Spaces without a background that end a piece: what follows changes without what precedes.
const GAP: usize = 2;

/// Returns the visible pieces of the screen.
pub(super) fn pieces_of(screen: &Buffer) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for row in 0..screen.area.height {
        let mut column = 0;
        let mut piece: Option<Piece> = None;
        while column < screen.area.width {
            let cell = &screen[(screen.area.x + column, screen.area.y + row)];
            let width = (cell.symbol().width() as u16).max(1);
            let look = look_of(cell);
            let fits = piece.as_ref().is_some_and(|piece| piece.look == look && !has_gap(piece));
            if !fits {
                pieces.extend(piece.take().and_then(trimmed));
            }
            let open = piece.get_or_insert_with(|| Piece { row, column, width: 0, text: String::new(), look });
            open.text.push_str(cell.symbol());
            open.width += width;
            column += width;
        }
        pieces.extend(piece.and_then(trimmed));
    }
    pieces
}

fn has_gap(piece: &Piece) -> bool {
    piece.look.paper.is_none() && piece.text.len() > GAP && piece.text.ends_with("  ")
}

/// Removes spaces that are not visible. Returns `None` if nothing is left.
fn trimmed(mut piece: Piece) -> Option<Piece> {
    if piece.look.paper.is_some() || piece.look.is_underlined {
        return Some(piece);
    }
    let text = piece.text.trim_matches(' ').to_owned();
    if text.is_empty() {
        return None;
    }
    let before = piece.text.len() - piece.text.trim_start_matches(' ').len();
    piece.column += before as u16;
    piece.width = text.width() as u16;
    piece.text = text;
    Some(piece)
}

fn look_of(cell: &Cell) -> Look {
    let is = |modifier| cell.modifier.contains(modifier);
    let (ink, paper) = (rgb_of(cell.fg), rgb_of(cell.bg));
    let (ink, paper) = if is(Modifier::REVERSED) {
        (paper.unwrap_or(PAPER), Some(ink.unwrap_or(INK)))
    } else {
        (ink.unwrap_or(INK), paper)
    };
    // The colour and weight of a space do not show.
    let is_blank = cell.symbol() == " " && !is(Modifier::UNDERLINED);
    Look {
        ink: if is_blank && paper.is_none() { INK } else { ink },
        paper,
        is_bold: is(Modifier::BOLD) && !is_blank,
        is_dim: is(Modifier::DIM) && !is_blank,
        is_underlined: is(Modifier::UNDERLINED),
    }
}

/// Returns a colour of the film's theme, which has no others; `None` for the terminal's own.
const fn rgb_of(colour: Color) -> Option<Rgb> {
    match colour {
        Color::Rgb(r, g, b) => Some(Rgb(r, g, b)),
        _ => None,
    }
}
