//! Letters and digits as blocks, readable from afar.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::text;
use crate::tui::theme::Theme;

/// Lines of pixels of every letter.
const PIXEL_LINES: u16 = 5;

/// The size of a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PixelSize {
    /// A column, half a line; without Unicode a whole line.
    Half,
    /// Two columns, a line.
    Whole,
}

impl PixelSize {
    const fn columns(self) -> u16 {
        match self {
            Self::Half => 1,
            Self::Whole => 2,
        }
    }

    /// Returns the lines of a text.
    pub(super) const fn lines(self, theme: Theme) -> u16 {
        match self {
            Self::Half if theme.has_unicode => PIXEL_LINES.div_ceil(2),
            Self::Half | Self::Whole => PIXEL_LINES,
        }
    }
}

/// Returns the columns of a text.
pub(super) fn text_width(text: &str, size: PixelSize) -> u16 {
    let pixels = text.chars().map(|c| glyph(c)[0].len() as u16 + 1).fold(0, u16::saturating_add);
    pixels.saturating_sub(1).saturating_mul(size.columns())
}

/// Draws a text; letters that do not fit are left out.
pub(super) fn draw_text(words: &str, size: PixelSize, theme: Theme, at: Rect, style: Style, buf: &mut Buffer) {
    let mut x = at.x;
    for letter in words.chars() {
        let rows = glyph(letter);
        let width = rows[0].len() as u16 * size.columns();
        if x + width > at.right() {
            break;
        }
        for line in 0..size.lines(theme).min(at.height) {
            let cells = line_of_letter(&rows, line, size, theme);
            text::put_line(buf, Rect { x, y: at.y + line, width, height: 1 }, &cells, style);
        }
        x += width + size.columns();
    }
}

/// Returns the cells of a letter in one line of the screen.
fn line_of_letter(rows: &[&str; 5], line: u16, size: PixelSize, theme: Theme) -> String {
    let is_set = |row: u16, column: usize| {
        rows.get(usize::from(row)).is_some_and(|row| row.as_bytes().get(column) == Some(&b'#'))
    };
    let full = theme.glyph("█", "#");
    let columns = 0..rows[0].len();
    let halves = size == PixelSize::Half && theme.has_unicode;
    let cell = |column: usize| match (halves, size) {
        (true, _) => match (is_set(2 * line, column), is_set(2 * line + 1, column)) {
            (true, true) => full.to_owned(),
            (true, false) => "▀".to_owned(),
            (false, true) => "▄".to_owned(),
            (false, false) => " ".to_owned(),
        },
        (false, size) => {
            let one = if is_set(line, column) { full } else { " " };
            one.repeat(usize::from(size.columns()))
        }
    };
    columns.map(cell).collect()
}

/// Returns the pixels of a letter; small letters are drawn as capitals, unknown signs as a box.
fn glyph(letter: char) -> [&'static str; 5] {
    match letter.to_ascii_uppercase() {
        ' ' => ["..", "..", "..", "..", ".."],
        'A' => [".##.", "#..#", "####", "#..#", "#..#"],
        'B' => ["###.", "#..#", "###.", "#..#", "###."],
        'C' => [".###", "#...", "#...", "#...", ".###"],
        'D' => ["###.", "#..#", "#..#", "#..#", "###."],
        'E' => ["####", "#...", "###.", "#...", "####"],
        'F' => ["####", "#...", "###.", "#...", "#..."],
        'G' => [".###", "#...", "#.##", "#..#", ".###"],
        'H' => ["#..#", "#..#", "####", "#..#", "#..#"],
        'I' => ["###", ".#.", ".#.", ".#.", "###"],
        'J' => ["..##", "...#", "...#", "#..#", ".##."],
        'K' => ["#..#", "#.#.", "##..", "#.#.", "#..#"],
        'L' => ["#...", "#...", "#...", "#...", "####"],
        'M' => ["#...#", "##.##", "#.#.#", "#...#", "#...#"],
        'N' => ["#..#", "##.#", "####", "#.##", "#..#"],
        'O' | '0' => [".##.", "#..#", "#..#", "#..#", ".##."],
        'P' => ["###.", "#..#", "###.", "#...", "#..."],
        'Q' => [".##.", "#..#", "#..#", "#.#.", ".#.#"],
        'R' => ["###.", "#..#", "###.", "#.#.", "#..#"],
        'S' => [".###", "#...", ".##.", "...#", "###."],
        'T' => ["#####", "..#..", "..#..", "..#..", "..#.."],
        'U' => ["#..#", "#..#", "#..#", "#..#", ".##."],
        'V' => ["#...#", "#...#", ".#.#.", ".#.#.", "..#.."],
        'W' => ["#...#", "#...#", "#.#.#", "##.##", "#...#"],
        'X' => ["#...#", ".#.#.", "..#..", ".#.#.", "#...#"],
        'Y' => ["#...#", ".#.#.", "..#..", "..#..", "..#.."],
        'Z' => ["####", "..#.", ".#..", "#...", "####"],
        '1' => [".#.", "##.", ".#.", ".#.", "###"],
        '2' => ["###.", "...#", ".##.", "#...", "####"],
        '3' => ["###.", "...#", ".##.", "...#", "###."],
        '4' => ["#..#", "#..#", "####", "...#", "...#"],
        '5' => ["####", "#...", "###.", "...#", "###."],
        '6' => [".##.", "#...", "###.", "#..#", ".##."],
        '7' => ["####", "...#", "..#.", ".#..", ".#.."],
        '8' => [".##.", "#..#", ".##.", "#..#", ".##."],
        '9' => [".##.", "#..#", ".###", "...#", ".##."],
        '%' => ["##..#", "##.#.", "..#..", ".#.##", "#..##"],
        '/' => ["...#", "..#.", ".#..", ".#..", "#..."],
        '-' => ["...", "...", "###", "...", "..."],
        '+' => ["...", ".#.", "###", ".#.", "..."],
        '.' => [".", ".", ".", ".", "#"],
        ',' => ["..", "..", "..", ".#", "#."],
        ':' => [".", "#", ".", "#", "."],
        'µ' | 'μ' => ["....", "#..#", "#..#", "###.", "#..."],
        '×' => ["...", "#.#", ".#.", "#.#", "..."],
        _ => ["###", "#.#", "#.#", "#.#", "###"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(words: &str, size: PixelSize, theme: Theme) -> Vec<String> {
        let width = text_width(words, size);
        let area = Rect::new(0, 0, width, size.lines(theme));
        let mut buf = Buffer::empty(area);
        draw_text(words, size, theme, area, Style::new(), &mut buf);
        let row = |y| (0..width).map(|x| buf[(x, y)].symbol()).collect::<String>();
        (0..area.height).map(row).collect()
    }

    #[test]
    fn letters_are_drawn_in_half_lines_and_in_whole_ones() {
        let theme = Theme::plain(true);
        assert_eq!(drawn("L1", PixelSize::Half, theme), ["█    ▄█ ", "█     █ ", "▀▀▀▀ ▀▀▀"]);
        assert_eq!(drawn("1", PixelSize::Whole, theme)[4], "██████");
        assert_eq!(drawn("1", PixelSize::Half, Theme::plain(false)), [" # ", "## ", " # ", " # ", "###"]);
    }

    #[test]
    fn every_letter_has_lines_of_one_width() {
        let signs = ('a'..='z').chain('0'..='9').chain(" %/-+.,:µ×?".chars());
        for letter in signs {
            let rows = glyph(letter);
            assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{letter}");
        }
    }

    #[test]
    fn letters_without_room_are_left_out() {
        let area = Rect::new(0, 0, 6, 3);
        let mut buf = Buffer::empty(area);
        draw_text("LL", PixelSize::Half, Theme::plain(true), area, Style::new(), &mut buf);
        assert_eq!(buf[(0, 0)].symbol(), "█");
        assert_eq!(buf[(5, 0)].symbol(), " ");
    }
}
