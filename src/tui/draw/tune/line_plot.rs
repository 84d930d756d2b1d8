//! A line through points, drawn with box-drawing characters, which every terminal's font has.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::text;

/// Characters for a level line, for steps up (foot, head) and down (head, foot), and for the line between them.
struct LineGlyphs {
    level: &'static str,
    up: [&'static str; 2],
    down: [&'static str; 2],
    between: &'static str,
}

const UNICODE_LINES: LineGlyphs = LineGlyphs { level: "─", up: ["╯", "╭"], down: ["╮", "╰"], between: "│" };
const ASCII_LINES: LineGlyphs = LineGlyphs { level: "-", up: ["'", "."], down: [".", "'"], between: "|" };

/// Draws a line through `points`, each a column and a row of `area`, from left to right. Rows may be fractions. Points
/// outside the area are clipped.
pub(super) fn draw_line(points: &[(u16, f64)], area: Rect, unicode: bool, style: Style, buf: &mut Buffer) {
    let signs = if unicode { &UNICODE_LINES } else { &ASCII_LINES };
    for pair in points.windows(2) {
        let [(from, start), (to, end)] = [pair[0], pair[1]];
        let slope = (end - start) / f64::from(to.saturating_sub(from).max(1));
        let row = |column: u16| (start + slope * f64::from(column - from)).round();
        for column in from..to {
            draw_step(signs, (column, row(column), row(column + 1)), area, style, buf);
        }
    }
}

/// Draws one column: level, or a step up or down to the next column's row.
fn draw_step(signs: &LineGlyphs, (column, here, next): (u16, f64, f64), area: Rect, style: Style, buf: &mut Buffer) {
    let mut put = |row: f64, sign: &str| {
        if (0.0..f64::from(area.height)).contains(&row) && column < area.width {
            let at = Rect { x: area.x + column, width: 1, ..text::nth_line(area, row as usize) };
            text::put_line(buf, at, sign, style);
        }
    };
    let [foot, head] = if next < here { signs.up } else { signs.down };
    if here.total_cmp(&next).is_eq() {
        return put(here, signs.level);
    }
    let (top, bottom) = (here.min(next).max(-1.0), here.max(next).min(f64::from(area.height)));
    let mut row = top + 1.0;
    while row < bottom {
        put(row, signs.between);
        row += 1.0;
    }
    put(here, foot);
    put(next, head);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw_to_buffer(points: &[(u16, f64)], unicode: bool) -> Buffer {
        let area = Rect::new(0, 0, 5, 3);
        let mut buf = Buffer::empty(area);
        draw_line(points, area, unicode, Style::new(), &mut buf);
        buf
    }

    #[test]
    fn line_is_connected_across_steps() {
        let hill = [(0, 2.0), (2, 0.0), (3, 0.0), (4, 2.0)];
        assert_eq!(draw_to_buffer(&hill, true), Buffer::with_lines([" ╭─╮ ", "╭╯ │ ", "╯  ╰ "]));
        assert_eq!(draw_to_buffer(&hill, false), Buffer::with_lines([" .-. ", ".' | ", "'  ' "]));
    }

    #[test]
    fn points_outside_the_area_are_clipped() {
        for points in [&[(0, -9e9), (4, 9e9)][..], &[(0, f64::NAN), (4, 1.0)], &[(9, 1.0), (20, 1.0)], &[(3, 1.0)], &[]]
        {
            let _ = draw_to_buffer(points, true);
        }
        assert_eq!(draw_to_buffer(&[(0, 5.0), (4, 5.0)], true), Buffer::with_lines(["     "; 3]));
    }
}
