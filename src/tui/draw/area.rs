//! Areas over the time axis: one level for each column, in eighths of a line, over one or several lines.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::RunScene;

/// Brightness of the lowest line of a high area.
const DARKEST: f64 = 0.55;

/// One line of an area; `line_index` counts from its top.
#[derive(Clone, Copy)]
pub(super) struct AreaLine {
    pub(super) at: Rect,
    pub(super) line_index: u16,
    pub(super) line_count: u16,
}

impl AreaLine {
    /// Returns an area of one line.
    pub(super) const fn single(at: Rect) -> Self {
        Self { at, line_index: 0, line_count: 1 }
    }

    pub(super) const fn is_top(self) -> bool {
        self.line_index == 0
    }

    pub(super) const fn is_bottom(self) -> bool {
        self.line_index + 1 == self.line_count
    }

    /// Returns how much of this line a share of the whole area fills: below 0 or above 1 if it ends in another line.
    pub(super) fn fill(self, share: f64) -> f64 {
        share * f64::from(self.line_count) - f64::from(self.line_count - self.line_index - 1)
    }

    /// Returns the share of the area that leaves a gap to the area above it.
    pub(super) fn share_below_gap(self) -> f64 {
        1.0 - 1.0 / (8.0 * f64::from(self.line_count.max(1)))
    }

    /// Returns the brightness of this line: an area is darker towards its bottom.
    pub(super) fn brightness(self) -> f64 {
        let rise = f64::from(self.line_count - self.line_index - 1) / f64::from(self.line_count.max(2) - 1);
        if self.line_count < 2 { 1.0 } else { DARKEST + (1.0 - DARKEST) * rise }
    }
}

/// Returns the upper end of a scale for mean numbers: the next whole number, at least 1.
pub(super) fn whole_scale(means: impl Iterator<Item = f32>) -> f64 {
    const NOISE: f32 = 0.01; // a sum of parts can exceed the whole by this
    f64::from((means.fold(1.0, f32::max) - NOISE).ceil())
}

/// Draws the share of the area, 0 to 1, at each column from the start of the run on, in the style for it.
pub(super) fn draw_area(
    scene: RunScene<'_>,
    line: AreaLine,
    shares: impl Iterator<Item = (f64, Style)>,
    buf: &mut Buffer,
) {
    for ((share, style), column) in shares.zip(scene.axis.blank_columns()..line.at.width) {
        let fill = line.fill(share);
        if fill <= 0.0 {
            continue;
        }
        if let Some(cell) = buf.cell_mut((line.at.x + column, line.at.y)) {
            cell.set_symbol(scene.theme.level_glyph(fill)).set_style(style);
        }
    }
}

/// Draws a glyph into each empty cell of a line of the timeline.
pub(super) fn draw_guide(scene: RunScene<'_>, at: Rect, glyph: &str, style: Style, buf: &mut Buffer) {
    for column in scene.axis.blank_columns()..at.width {
        if let Some(cell) = buf.cell_mut((at.x + column, at.y)).filter(|cell| cell.symbol() == " ") {
            cell.set_symbol(glyph).set_style(style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_scale_is_the_next_whole_number() {
        let scale = |means: &[f32]| whole_scale(means.iter().copied()) as u32;
        assert_eq!([scale(&[]), scale(&[0.3]), scale(&[1.001]), scale(&[2.0, 2.4])], [1, 1, 1, 3]);
    }

    #[test]
    fn lines_of_an_area_share_its_levels() {
        let line = |line_index| AreaLine { at: Rect::default(), line_index, line_count: 4 };
        let is_near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        for (index, fill) in (0..).zip([-0.5, 0.5, 1.5, 2.5]) {
            assert!(is_near(line(index).fill(0.625), fill), "{index}");
        }
        assert!(is_near(line(0).brightness(), 1.0) && is_near(line(3).brightness(), DARKEST));
        assert!((AreaLine::single(Rect::default()).brightness() - 1.0).abs() < 1e-9);
        assert!(line(0).is_top() && line(3).is_bottom());
    }
}
