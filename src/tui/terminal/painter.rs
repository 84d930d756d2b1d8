//! Turns a picture into the output that changes the screen from the last picture to this one.
//!
//! Rows that stay the same cost a comparison and no byte. In the rows of the timeline, most cells move to the left: the
//! terminal moves them, and only the new ones are written.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::encoder::Encoder;

/// Cells that must be saved for the terminal to move a row: moving it takes about as many bytes as these.
const MIN_SAVED_CELLS: usize = 4;

/// A part of the screen whose rows move to the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) struct Scroll {
    pub(in crate::tui) area: Rect,
    pub(in crate::tui) columns: u16,
}

/// The picture on the terminal, and the next one.
#[derive(Debug)]
pub(in crate::tui) struct Painter {
    shown: Buffer,
    next: Buffer,
    /// Whether the terminal shows `shown`: not before the first picture, and not after another program drew.
    is_known: bool,
}

impl Painter {
    pub(in crate::tui) fn new(area: Rect) -> Self {
        Self { shown: Buffer::empty(area), next: Buffer::empty(area), is_known: false }
    }

    /// Makes the next picture draw every cell of a screen of this size.
    pub(in crate::tui) fn redraw(&mut self, area: Rect) {
        *self = Self::new(area);
    }

    /// Returns the picture that was painted last.
    #[cfg(test)]
    pub(in crate::tui) const fn shown(&self) -> &Buffer {
        &self.shown
    }

    /// Draws a picture, and appends to `out` what makes it of the last one: nothing if it is the same.
    pub(in crate::tui) fn paint(
        &mut self,
        scroll: Option<Scroll>,
        out: &mut Vec<u8>,
        draw: impl FnOnce(Rect, &mut Buffer),
    ) {
        self.next.reset();
        draw(self.next.area, &mut self.next);
        let mut to = Encoder::new(out);
        if !std::mem::replace(&mut self.is_known, true) {
            to.clear_screen();
            self.shown.reset();
        }
        let width = usize::from(self.next.area.width.max(1));
        let rows = self.shown.content.chunks_exact_mut(width).zip(self.next.content.chunks_exact(width));
        for ((shown, next), y) in rows.zip(0..) {
            if shown == next {
                continue;
            }
            if shown.iter().chain(next).any(is_wide) {
                write_row(&mut to, next, y);
                continue;
            }
            if let Some(scroll) = scroll.filter(|scroll| (scroll.area.y..scroll.area.bottom()).contains(&y)) {
                move_row(&mut to, shown, next, (y, scroll));
            }
            let changed = next.iter().zip(&*shown).zip(0..).filter(|((next, shown), _)| next != shown);
            changed.for_each(|((next, _), x)| to.write_cell((x, y), next));
        }
        std::mem::swap(&mut self.shown, &mut self.next);
    }
}

/// Whether a cell's symbol does not fill exactly one column.
fn is_wide(cell: &Cell) -> bool {
    let symbol = cell.symbol();
    symbol.len() > 1 && symbol.width() != 1
}

/// Writes all cells of a row: a wide symbol hides the next cell, and what replaces it shows that cell again.
fn write_row(to: &mut Encoder<'_>, row: &[Cell], y: u16) {
    let mut covered = 0;
    for (cell, x) in row.iter().zip(0..) {
        if covered > 0 {
            covered -= 1;
            continue;
        }
        to.write_cell((x, y), cell);
        if is_wide(cell) {
            covered = cell.symbol().width().saturating_sub(1);
            to.forget_position();
        }
    }
}

/// Lets the terminal move the cells of a row, here and in `shown`, if that saves output.
fn move_row(to: &mut Encoder<'_>, shown: &mut [Cell], next: &[Cell], (y, scroll): (u16, Scroll)) {
    let (from, until) = (usize::from(scroll.area.x), usize::from(scroll.area.right()).min(shown.len()));
    let columns = usize::from(scroll.columns);
    let (Some(before), Some(after)) = (shown.get_mut(from..until), next.get(from..until)) else { return };
    if columns == 0 || columns >= before.len() {
        return;
    }
    let differ = |(a, b): &(&Cell, &Cell)| a != b;
    let unmoved = before.iter().zip(after).filter(differ).count();
    let moved = before[columns..].iter().zip(after).filter(differ).count() + columns;
    if moved + MIN_SAVED_CELLS > unmoved {
        return;
    }
    to.move_left((scroll.area.x, y), (until - columns) as u16, scroll.columns);
    before.rotate_left(columns);
    let kept = before.len() - columns;
    before[kept..].fill(Cell::EMPTY);
}

#[cfg(test)]
mod tests;
