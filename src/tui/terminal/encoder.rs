//! Writes cells as the control sequences of a terminal, without repeating a style or a position that it has already.

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

/// Modifiers and their parameters of SGR (select graphic rendition).
const MODIFIERS: [(Modifier, u16); 9] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::SLOW_BLINK, 5),
    (Modifier::RAPID_BLINK, 6),
    (Modifier::REVERSED, 7),
    (Modifier::HIDDEN, 8),
    (Modifier::CROSSED_OUT, 9),
];

/// The look of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

impl Look {
    const PLAIN: Self = Self { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() };
}

/// Writes to a terminal whose style and cursor are unknown at first.
pub(super) struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    position: Option<(u16, u16)>,
    look: Option<Look>,
}

impl<'a> Encoder<'a> {
    pub(super) const fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, position: None, look: None }
    }

    pub(super) fn clear_screen(&mut self) {
        self.set_look(Look::PLAIN);
        self.out.extend_from_slice(b"\x1b[2J");
    }

    /// Makes the next cell say where it is.
    pub(super) const fn forget_position(&mut self) {
        self.position = None;
    }

    pub(super) fn write_cell(&mut self, (x, y): (u16, u16), cell: &Cell) {
        self.move_to(x, y);
        self.set_look(Look { fg: cell.fg, bg: cell.bg, modifier: cell.modifier });
        self.out.extend_from_slice(cell.symbol().as_bytes());
        self.position = Some((x.saturating_add(1), y));
    }

    /// Removes cells at a position, and inserts as many blank ones at the column `end` of the rest.
    pub(super) fn move_left(&mut self, (x, y): (u16, u16), end: u16, columns: u16) {
        self.set_look(Look::PLAIN); // the look of the blank cells
        self.move_to(x, y);
        self.sequence(&[columns], b'P');
        self.move_to(end, y);
        self.sequence(&[columns], b'@');
    }

    fn move_to(&mut self, x: u16, y: u16) {
        match self.position {
            Some(here) if here == (x, y) => return,
            Some((column, row)) if row == y && x > column => self.sequence(&[x - column], b'C'),
            _ => self.sequence(&[y.saturating_add(1), x.saturating_add(1)], b'H'),
        }
        self.position = Some((x, y));
    }

    fn set_look(&mut self, look: Look) {
        if self.look == Some(look) {
            return;
        }
        // Modifiers are switched off only all together, with the colours.
        let before = self.look.filter(|before| look.modifier.contains(before.modifier));
        self.out.extend_from_slice(b"\x1b[");
        let mut is_first = true;
        let from = before.unwrap_or_else(|| {
            self.parameter(0, &mut is_first);
            Look::PLAIN
        });
        for (modifier, parameter) in MODIFIERS {
            if look.modifier.contains(modifier) && !from.modifier.contains(modifier) {
                self.parameter(parameter, &mut is_first);
            }
        }
        if look.fg != from.fg {
            self.colour(look.fg, 30, &mut is_first);
        }
        if look.bg != from.bg {
            self.colour(look.bg, 40, &mut is_first);
        }
        self.out.push(b'm');
        self.look = Some(look);
    }

    /// Adds the parameters of a colour; `base` is 30 for the text and 40 for the background.
    fn colour(&mut self, colour: Color, base: u16, is_first: &mut bool) {
        let index = match colour {
            Color::Reset => return self.parameter(base + 9, is_first),
            Color::Rgb(red, green, blue) => {
                let parameters = [base + 8, 2, red.into(), green.into(), blue.into()];
                return parameters.into_iter().for_each(|parameter| self.parameter(parameter, is_first));
            }
            Color::Indexed(index) => index,
            Color::Black => 0,
            Color::Red => 1,
            Color::Green => 2,
            Color::Yellow => 3,
            Color::Blue => 4,
            Color::Magenta => 5,
            Color::Cyan => 6,
            Color::Gray => 7,
            Color::DarkGray => 8,
            Color::LightRed => 9,
            Color::LightGreen => 10,
            Color::LightYellow => 11,
            Color::LightBlue => 12,
            Color::LightMagenta => 13,
            Color::LightCyan => 14,
            Color::White => 15,
        };
        // As an index: the short forms of the first eight become bright where a terminal shows bold text bright.
        for parameter in [base + 8, 5, index.into()] {
            self.parameter(parameter, is_first);
        }
    }

    fn parameter(&mut self, parameter: u16, is_first: &mut bool) {
        if !std::mem::take(is_first) {
            self.out.push(b';');
        }
        self.number(parameter);
    }

    fn sequence(&mut self, parameters: &[u16], end: u8) {
        self.out.extend_from_slice(b"\x1b[");
        let mut is_first = true;
        for parameter in parameters {
            self.parameter(*parameter, &mut is_first);
        }
        self.out.push(end);
    }

    fn number(&mut self, number: u16) {
        if number >= 10 {
            self.number(number / 10);
        }
        self.out.push(b'0' + (number % 10) as u8);
    }
}
