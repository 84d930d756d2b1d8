//! The place of the timeline on the screen, from which a screen knows by how much it moves.

use ratatui::layout::Rect;

use super::App;
use crate::tui::axis::TimeAxis;
use crate::tui::layout::RowColumns;
use crate::tui::run_view::RunView;
use crate::tui::terminal::Scroll;

/// Where the timeline is, and what time it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) struct Timeline {
    area: Rect,
    axis: TimeAxis,
}

impl Timeline {
    pub(super) fn new(view: &RunView, body: Rect, columns: RowColumns) -> Self {
        let x = body.x.saturating_add(columns.label).min(body.right());
        let area = Rect { x, width: columns.timeline.min(body.right() - x), ..body };
        Self { area, axis: view.axis(columns.timeline) }
    }

    /// Returns how the timeline has moved between two pictures.
    pub(in crate::tui) fn scroll_between(before: Option<Self>, after: Option<Self>) -> Option<Scroll> {
        let (before, after) = (before?, after?);
        let columns = after.axis.columns_since(before.axis).filter(|columns| *columns > 0)?;
        (before.area == after.area).then_some(Scroll { area: after.area, columns })
    }
}

impl App {
    /// Returns the timeline, if a run is on screen.
    pub(in crate::tui) const fn timeline(&self) -> Option<Timeline> {
        self.timeline
    }
}
