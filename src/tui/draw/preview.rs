//! The preview of a scenario beside the picker's list.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::picker::{Picker, PickerEntry};
use super::super::preview::{MAX_LANES, Preview, list_members};
use super::super::theme::Theme;
use super::{lane_cell, text};
use crate::report::text_width::{truncate, wrap_text};
use crate::trace::format::compact_duration;

/// Columns of a name.
const NAME_WIDTH: u16 = 15;

/// Most cells of a lane.
const MAX_CELLS: u16 = 64;

/// Fewest cells and lanes that are worth drawing.
const MIN_CELLS: u16 = 10;
const MIN_LANES: usize = 2;

/// Lanes from which on a line is spent on a heading although not all of them fit.
const MIN_LANES_UNDER_HEADING: usize = 3;

pub(super) struct PreviewWidget<'a> {
    pub(super) picker: &'a Picker,
    pub(super) entry: &'a PickerEntry,
    pub(super) theme: Theme,
}

impl Widget for PreviewWidget<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let cells = area.width.saturating_sub(NAME_WIDTH).min(MAX_CELLS);
        if cells < MIN_CELLS || usize::from(area.height) < MIN_LANES {
            return;
        }
        match self.picker.preview(self.entry, usize::from(cells)) {
            Some(preview) => draw_lanes(&preview, self.theme, area, buf),
            None => draw_members(self.entry, self.theme, area, buf),
        }
    }
}

/// Draws the lanes, and above them how long the run took, if that leaves enough lines.
fn draw_lanes(preview: &Preview, theme: Theme, area: Rect, buf: &mut Buffer) {
    let lines = usize::from(area.height).min(MAX_LANES + 1);
    let has_heading = lines > MIN_LANES.max(preview.lanes.len().min(MIN_LANES_UNDER_HEADING));
    let shown = lines - usize::from(has_heading);
    if has_heading {
        let some = match shown.min(preview.lanes.len()) {
            all if all == preview.workers => String::new(),
            some => format!(", {some} of {} workers", preview.workers),
        };
        let heading = format!("{} of a run{some}", compact_duration(preview.duration));
        text::put_line(buf, text::nth_line(area, 0), &heading, theme.faint_style());
    }
    for (i, lane) in preview.lanes.iter().take(shown).enumerate() {
        let line = text::nth_line(area, usize::from(has_heading) + i);
        let name = truncate(&lane.name, usize::from(NAME_WIDTH - 1), theme.ellipsis());
        text::put_line(buf, Rect { width: NAME_WIDTH - 1, ..line }, &name, Style::new());
        for (shares, x) in lane.cells.iter().zip(line.x + NAME_WIDTH..) {
            lane_cell::draw_cell(buf, (x, line.y), shares, (0, 1), theme);
        }
    }
}

/// Lists the workers and what they share, for a scenario without a recorded run.
fn draw_members(entry: &PickerEntry, theme: Theme, area: Rect, buf: &mut Buffer) {
    let Ok(scenario) = &entry.scenario else { return };
    let mut lines = Vec::new();
    for (heading, list) in list_members(scenario) {
        let list = wrap_text(&list, area.width.saturating_sub(NAME_WIDTH));
        lines.extend(list.into_iter().enumerate().map(|(i, text)| (if i == 0 { heading } else { "" }, text)));
    }
    for (i, (heading, list)) in lines.iter().take(usize::from(area.height)).enumerate() {
        let line = text::nth_line(area, i);
        text::put_line(buf, line, heading, theme.faint_style());
        let beside = Rect { x: line.x + NAME_WIDTH, width: line.width.saturating_sub(NAME_WIDTH), ..line };
        text::put_line(buf, beside, list, Style::new());
    }
}
