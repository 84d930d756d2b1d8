//! The still of a scenario beside the list of the picker.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::format::cut;
use super::super::still::still;
use super::super::theme::Theme;
use super::{cell, text};
use crate::scenario::Scenario;

/// Columns of a name.
const NAME: u16 = 15;

pub(super) struct Sketch<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) theme: Theme,
}

impl Widget for Sketch<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let cells = area.width.saturating_sub(NAME).min(64);
        if cells < 10 || area.height < 2 {
            return;
        }
        for (i, lane) in still(self.scenario, usize::from(area.height), usize::from(cells)).iter().enumerate() {
            let line = text::line(area, i);
            let name = cut(&lane.name, usize::from(NAME - 1), self.theme.dots());
            text::put(buf, Rect { width: NAME - 1, ..line }, &name, Style::new());
            for (shares, x) in lane.cells.iter().zip(line.x + NAME..) {
                cell::paint(buf, (x, line.y), shares, (0, 1), self.theme);
            }
        }
    }
}
