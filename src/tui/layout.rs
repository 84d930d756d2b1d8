//! The layout of a run's screen, which drawing and the mouse share.
//!
//! ```text
//! header
//!                                                                       (from 30 lines on)
//! verdict band: the problem, or that all is well
//! the fix, and the keys that show or try it
//!
//! WORKERS      │ axis                          │ headings │  side:      ┐
//! label        │ timeline: lanes, locks,       │ figures  │  pools,     │ body
//!              │   queues, counters, cores     │          │  graph, log ┘
//! legend of the states
//! tabs of the panes, key hints
//! ```

mod caption;
pub(super) mod findings;
mod large;
mod pane_places;
mod picker;
mod question;
mod rows;
mod tabs;

use ratatui::layout::Rect;

use super::run_view::{Pane, RunView};
use crate::trace::{ResourceId, WorkerId};

pub(super) use caption::{caption_height, caption_width};
pub(super) use large::LargeLayout;
pub(super) use picker::{PickerLayout, PickerLine, entry_at, list_lines};
pub(super) use question::{GUESS_INDENT, QuestionLayout, QuestionPart};
pub(super) use rows::{Section, TimelineRow};
pub(super) use tabs::TabBar;

/// Smallest screen that shows a run; on a smaller one only the header and the verdict have room.
pub(super) const MIN_WIDTH: u16 = 60;
pub(super) const MIN_HEIGHT: u16 = 16;

/// Least height with blank lines around the parts.
const SPACED_FROM: u16 = 30;

/// Lines of the verdict; the third one separates it from the rows if it is not needed.
const BAND_LINES: u16 = 3;

/// Columns of one figure at the right.
pub(super) const FIGURE_WIDTH: u16 = 7;

pub(super) struct RunLayout {
    pub(super) header: Rect,
    /// The verdict. Its height does not depend on what it says.
    pub(super) band: Rect,
    /// The time axis, in the heading of the first section.
    pub(super) axis: Rect,
    /// The rows of the timeline; each is one line high.
    pub(super) body: Rect,
    pub(super) rows: Vec<TimelineRow>,
    /// The legend of the states; a response to the last key takes its place.
    pub(super) legend: Rect,
    /// The tabs and key hints.
    pub(super) tabs: Rect,
    /// Where a screen that is too small says so; empty on all others.
    pub(super) size_notice: Rect,
    pub(super) columns: RowColumns,
    /// Panes beside the rows, below them, or in their place on a small screen.
    pub(super) panes: Vec<(Pane, Rect)>,
}

/// The three columns of the body: label, timeline, figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RowColumns {
    pub(super) label: u16,
    pub(super) timeline: u16,
    pub(super) figures: u16,
    /// Columns of a name within the label.
    pub(super) name_width: u16,
}

impl RunLayout {
    pub(super) fn compute(view: &RunView, area: Rect) -> Self {
        let mut rest = area;
        let header = take_top(&mut rest, 1);
        if area.width < MIN_WIDTH || area.height < MIN_HEIGHT {
            return Self::of_small_screen(view, area, header, rest);
        }
        let is_spaced = area.height >= SPACED_FROM;
        take_top(&mut rest, u16::from(is_spaced));
        let band = take_top(&mut rest, BAND_LINES);
        let tabs = take_bottom(&mut rest, 1);
        let legend = take_bottom(&mut rest, 1);
        take_bottom(&mut rest, u16::from(is_spaced));
        let below = pane_places::take_pane_below(view, &mut rest);
        let height = usize::from(rest.height.saturating_sub(1));
        let mut rows = rows::build_rows(view, height, pane_places::room_below(view, rest.width));
        let (mut panes, mut body) = pane_places::place_panes(view, rest, &rows, below.is_some());
        if panes.is_empty() && body == rest {
            rows = rows::build_rows(view, height, 0); // no pane needs the free lines
        }
        panes.extend(below);
        let axis = take_top(&mut body, 1);
        rows.truncate(usize::from(body.height));
        let columns = RowColumns::compute(view, body.width, area.width);
        let size_notice = Rect { height: 0, ..area };
        Self { header, band, axis, body, rows, legend, tabs, size_notice, columns, panes }
    }

    /// Returns the layout of a screen without room for rows.
    fn of_small_screen(view: &RunView, area: Rect, header: Rect, mut rest: Rect) -> Self {
        let size_notice = take_bottom(&mut rest, 1);
        let columns = RowColumns::compute(view, area.width, area.width);
        let nothing = Rect { height: 0, ..area };
        let (axis, body, legend, tabs) = (nothing, nothing, nothing, nothing);
        Self { header, band: rest, axis, body, rows: Vec::new(), legend, tabs, size_notice, columns, panes: Vec::new() }
    }

    /// Returns the part of a row that shows the timeline.
    pub(super) fn timeline_area(&self, row: Rect) -> Rect {
        let x = row.x.saturating_add(self.columns.label).min(row.right());
        Rect { x, width: self.columns.timeline.min(row.right() - x), ..row }
    }

    /// Returns the line of the row with this index.
    pub(super) fn row_line(&self, index: usize) -> Rect {
        let y = self.body.y.saturating_add(u16::try_from(index).unwrap_or(u16::MAX)).min(self.body.bottom());
        Rect { y, height: u16::from(y < self.body.bottom()), ..self.body }
    }

    /// Returns the row under a point of the screen.
    pub(super) fn row_at(&self, x: u16, y: u16) -> Option<&TimelineRow> {
        let inside = self.body.contains((x, y).into());
        inside.then(|| self.rows.get(usize::from(y - self.body.y))).flatten()
    }

    /// Returns the column of the timeline under a point of the screen.
    pub(super) fn column_at(&self, x: u16, y: u16) -> Option<u16> {
        let whole = Rect { y: self.axis.y, height: self.body.bottom().saturating_sub(self.axis.y), ..self.body };
        let time = self.timeline_area(whole);
        time.contains((x, y).into()).then(|| x - time.x)
    }
}

impl RowColumns {
    fn compute(view: &RunView, width: u16, screen: u16) -> Self {
        let registry = view.shown_model().registry();
        let names = registry.workers.iter().map(|w| &w.name).chain(registry.resources.iter().map(|r| &r.name));
        let longest = names.map(|n| unicode_width::UnicodeWidthStr::width(n.as_str())).max().unwrap_or(0) as u16;
        let most = match screen {
            ..60 => 6,
            60..100 => 12,
            100..150 => 14,
            _ => 18,
        };
        // Beside a pane, the timeline needs the room more than the figures do.
        let figures = match (screen, width) {
            (..60, _) => 0,
            (_, ..90) => 2,
            _ => 4,
        };
        let name = longest.clamp(4, most);
        let who = (name + 12).min(width); // " name L 12.4 s "
        let now = (figures * FIGURE_WIDTH + 2 * u16::from(figures > 0)).min(width - who); // a rule, a margin
        Self { label: who, timeline: width - who - now, figures: now, name_width: name }
    }
}

/// Cuts this many rows off the top of an area, fewer if it has not as many.
pub(super) fn take_top(rest: &mut Rect, height: u16) -> Rect {
    let taken = Rect { height: height.min(rest.height), ..*rest };
    rest.y += taken.height;
    rest.height -= taken.height;
    taken
}

/// Cuts this many rows off the bottom of an area, fewer if it has not as many.
pub(super) fn take_bottom(rest: &mut Rect, height: u16) -> Rect {
    let height = height.min(rest.height);
    rest.height -= height;
    Rect { y: rest.bottom(), height, ..*rest }
}
