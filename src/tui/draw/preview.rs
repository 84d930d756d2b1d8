//! The preview of a scenario beside the picker's list.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::preview::build_preview;
use super::super::theme::Theme;
use super::{lane_cell, text};
use crate::report::text_width::truncate;
use crate::scenario::Scenario;

/// Columns of a name.
const NAME_WIDTH: u16 = 15;

pub(super) struct PreviewWidget<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) theme: Theme,
}

impl Widget for PreviewWidget<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let cells = area.width.saturating_sub(NAME_WIDTH).min(64);
        if cells < 10 || area.height < 2 {
            return;
        }
        for (i, lane) in build_preview(self.scenario, usize::from(area.height), usize::from(cells)).iter().enumerate() {
            let line = text::nth_line(area, i);
            let name = truncate(&lane.name, usize::from(NAME_WIDTH - 1), self.theme.ellipsis());
            text::put_line(buf, Rect { width: NAME_WIDTH - 1, ..line }, &name, Style::new());
            for (shares, x) in lane.cells.iter().zip(line.x + NAME_WIDTH..) {
                lane_cell::draw_cell(buf, (x, line.y), shares, (0, 1), self.theme);
            }
        }
    }
}
