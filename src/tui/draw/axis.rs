//! The line with the labels of time, and the lines that cross all rows: the cursor, and marks of what was changed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::format::{age, cut};
use super::super::plan::Row;
use super::{Scene, follows, lane, text};

pub(super) struct AxisLine<'a> {
    pub(super) scene: Scene<'a>,
    /// Whether the heads of the lanes' figures stand here, for want of a line of their own.
    pub(super) heads: bool,
}

impl Widget for AxisLine<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let scene = self.scene;
        let parts = scene.parts(line);
        let faint = scene.theme.faint();
        let width = format!(" last {}", age(scene.axis.width()));
        text::put(buf, parts.who, &width, faint);
        let follows = follows(scene.watch);
        for tick in scene.axis.ticks(follows) {
            let x = parts.time.x.saturating_add(tick.column);
            let place = Rect { x, width: parts.time.right().saturating_sub(x), ..parts.time };
            if usize::from(place.width) > tick.text.width() + usize::from(follows) * 4 {
                text::put(buf, place, &tick.text, faint);
            }
        }
        if follows {
            text::right(buf, parts.time, "now", faint);
        }
        let heads = if self.heads { lane::figures_of(scene) } else { Vec::new() };
        let heads: Vec<_> = heads.into_iter().map(|f| (f.head.to_owned(), faint)).collect();
        scene.figures(parts.now, &heads, buf);
    }
}

/// Drawn over the rows.
pub(super) struct Lines<'a> {
    pub(super) scene: Scene<'a>,
    pub(super) rows: &'a [Row],
    pub(super) body: Rect,
    pub(super) axis: Rect,
}

impl Widget for Lines<'_> {
    fn render(self, _: Rect, buf: &mut Buffer) {
        self.marks(buf);
        self.cursor(buf);
    }
}

impl Lines<'_> {
    /// What was changed, where it was: before and after on one axis.
    fn marks(&self, buf: &mut Buffer) {
        let (scene, time) = (self.scene, self.scene.parts(self.axis).time);
        let mut right = time.right();
        for mark in scene.watch.shown().marks().iter().rev() {
            let Some(column) = scene.axis.column(mark.at) else { continue };
            let x = time.x.saturating_add(column);
            if x >= right {
                continue; // a later one stands here
            }
            self.down(x, buf, scene.theme.strong());
            right = self.label(mark.text.as_str(), Rect { x, width: right - x, ..time }, buf);
        }
    }

    /// A mark's words at its right; where they do not fit, at its left. Returns where they begin.
    fn label(&self, words: &str, room: Rect, buf: &mut Buffer) -> u16 {
        let (theme, first) = (self.scene.theme, self.scene.parts(self.axis).time.x);
        let label = format!("{}{words} ", theme.mark());
        let width = u16::try_from(label.width()).unwrap_or(u16::MAX);
        if width > room.width && width <= room.x + 1 - first {
            let x = room.x + 1 - width;
            text::put(buf, Rect { x, width, ..room }, &format!(" {words}{}", theme.mark()), theme.strong());
            return x;
        }
        let label = cut(&label, usize::from(room.width), theme.dots());
        text::put(buf, room, &label, theme.strong());
        room.x
    }

    fn cursor(&self, buf: &mut Buffer) {
        let scene = self.scene;
        let Some(at) = scene.watch.cursor else { return };
        let Some(column) = scene.axis.column(at) else { return };
        let time = scene.parts(self.axis).time;
        let x = time.x.saturating_add(column);
        self.down(x, buf, scene.theme.chosen());
        let label = format!(" {:.3} s ", at.secs());
        let width = u16::try_from(label.width()).unwrap_or(u16::MAX).min(time.width);
        let x = x.saturating_sub(width / 2).clamp(time.x, time.right() - width);
        text::put(buf, Rect { x, width, ..time }, &label, scene.theme.chosen());
    }

    /// Changes one column of every row that stands on the time axis. What the cell said stays as the line's ground.
    fn down(&self, x: u16, buf: &mut Buffer, style: Style) {
        let theme = self.scene.theme;
        for (row, y) in self.rows.iter().zip(self.body.y..self.body.bottom()) {
            if matches!(row, Row::Head(_) | Row::Counter(_) | Row::MoreLocks(_)) {
                continue;
            }
            let Some(cell) = buf.cell_mut((x, y)) else { continue };
            let is_state = matches!(row, Row::Lane { .. } | Row::Fold(_) | Row::Lock(_));
            if theme.colour && is_state && cell.bg == Color::Reset && !matches!(cell.symbol(), " " | "·") {
                cell.set_bg(cell.fg);
            }
            cell.set_symbol(theme.line()).set_fg(Color::Reset).set_style(style);
        }
    }
}
