//! The preview of a scenario beside the picker's list.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::super::picker::{Picker, PickerEntry};
use super::super::preview::{MAX_LANES, Preview, PreviewLane, list_members};
use super::super::theme::{Role, Theme};
use super::lane_cell::{self, Calm};
use super::{legend, text};
use crate::report::text_width::{truncate_name, wrap_text};
use crate::trace::State;
use crate::trace::format::compact_duration;

/// Columns of a name.
const NAME_WIDTH: u16 = 15;

/// Most cells of a lane.
const MAX_CELLS: u16 = 90;

/// Fewest cells and lanes that are worth drawing.
const MIN_CELLS: u16 = 10;
const MIN_LINES: u16 = 3;

/// Lines of a picture besides its lanes: the heading and the legend.
const OTHER_LINES: u16 = 2;

/// Height of a picture from which a few lanes have two lines each.
const HIGH_LANES_FROM: u16 = 10;

pub(super) struct PreviewWidget<'a> {
    pub(super) picker: &'a Picker,
    pub(super) entry: &'a PickerEntry,
    pub(super) theme: Theme,
}

/// Returns how many lines of a description this high its preview may have.
pub(super) fn height_in(description: u16) -> u16 {
    match description {
        ..12 => 0,
        12..18 => 4,
        18..28 => 6,
        _ => MAX_LANES as u16 + OTHER_LINES,
    }
}

impl PreviewWidget<'_> {
    /// Draws the preview; returns how many lines it took.
    pub(super) fn draw(&self, area: Rect, buf: &mut Buffer) -> u16 {
        let cells = area.width.saturating_sub(NAME_WIDTH).min(MAX_CELLS);
        if cells < MIN_CELLS || area.height < MIN_LINES {
            return 0;
        }
        match self.picker.preview(self.entry, usize::from(cells)) {
            Some(preview) => draw_lanes(&preview, self.theme, area, buf),
            None => draw_members(self.entry, self.theme, area, buf),
        }
    }
}

/// Draws a heading with how long the run took, the lanes, and the legend of their states.
fn draw_lanes(preview: &Preview, theme: Theme, area: Rect, buf: &mut Buffer) -> u16 {
    let room = usize::from(area.height.saturating_sub(OTHER_LINES));
    let shown = room.min(preview.lanes.len());
    let lines = if shown * 2 <= room && area.height >= HIGH_LANES_FROM { 2 } else { 1 };
    let some = match shown {
        all if all == preview.workers => String::new(),
        some => format!(", {some} of {} workers", preview.workers),
    };
    let head = text::nth_line(area, 0);
    text::put_line(buf, head, "PREVIEW", theme.faint_style());
    let beside = Rect { x: head.x + NAME_WIDTH, width: head.width - NAME_WIDTH, ..head };
    let heading = format!("{} of a run{some}", compact_duration(preview.duration));
    text::put_line(buf, beside, &heading, theme.faint_style());
    for (i, lane) in preview.lanes.iter().take(shown).enumerate() {
        let line = text::nth_line(area, 1 + i * usize::from(lines));
        draw_lane(lane, i, theme, Rect { height: lines, ..line }, buf);
    }
    let used = 1 + u16::try_from(shown).unwrap_or(u16::MAX) * lines;
    draw_legend(preview, shown, theme, text::nth_line(beside_lanes(area), used.into()), buf);
    used + 1
}

fn beside_lanes(area: Rect) -> Rect {
    Rect { x: area.x + NAME_WIDTH, width: area.width - NAME_WIDTH, ..area }
}

fn draw_lane(lane: &PreviewLane, nth: usize, theme: Theme, at: Rect, buf: &mut Buffer) {
    let name = truncate_name(&lane.name, usize::from(NAME_WIDTH - 3), theme.ellipsis());
    for line in at.y..at.bottom() {
        let mark = Rect { y: line, width: 1, height: 1, ..at };
        text::put_line(buf, mark, theme.identity_mark(), theme.identity_style(nth));
    }
    text::put_line(buf, Rect { x: at.x + 2, width: NAME_WIDTH - 2, ..at }, &name, theme.fg(Role::Text));
    for (shares, x) in lane.cells.iter().zip(at.x + NAME_WIDTH..) {
        for line in 0..at.height {
            lane_cell::draw_cell(buf, (x, at.y + line), shares, (line, at.height), (theme, Calm::NONE));
        }
    }
}

/// Explains the states of the lanes.
fn draw_legend(preview: &Preview, shown: usize, theme: Theme, at: Rect, buf: &mut Buffer) {
    let lanes = &preview.lanes[..shown];
    let is_shown = |state: &State| lanes.iter().flat_map(|lane| &lane.cells).any(|cell| cell.get(*state) > 0);
    let mut rest = at;
    for state in State::ALL.into_iter().filter(|state| *state != State::Done).filter(is_shown) {
        let (glyph, style) = theme.swatch(state);
        let word = format!(" {}   ", legend::state_word(state));
        if word.trim_end().width() + glyph.width() > usize::from(rest.width) {
            break;
        }
        rest = text::put_line(buf, rest, glyph, style);
        rest = text::put_line(buf, rest, &word, theme.faint_style());
    }
}

/// Lists the workers and what they share, for a scenario without a recorded run.
/// Returns how many lines that took.
fn draw_members(entry: &PickerEntry, theme: Theme, area: Rect, buf: &mut Buffer) -> u16 {
    let Ok(scenario) = &entry.scenario else { return 0 };
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
    u16::try_from(lines.len()).unwrap_or(u16::MAX).min(area.height)
}
