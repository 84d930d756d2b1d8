//! The part of the time axis that is on screen, and the cells of its lanes.

use super::{FIGURES_INTERVAL, RunView, Zoom};
use crate::model::{CellWindow, StateTimes};
use crate::trace::{Span, Stamp, WorkerId};
use crate::tui::axis::TimeAxis;

/// Cells between the end of a window and the moment in it.
const ROOM_CELLS: u64 = 3;

/// The visible part of the time axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Viewport {
    /// The newest cells.
    Follow,
    /// The cells up to this moment.
    Until(Stamp),
    /// The cells up to this moment, while all figures are those of the present: the last turns before a deadlock, or a
    /// run up to the end of its last worker.
    Held(Stamp),
}

impl RunView {
    /// Moves the window so that a moment is in it, with room at its right. A window that has it stays.
    pub(in crate::tui) fn keep_in_window(&mut self, at: Stamp) {
        let axis = self.drawn_axis();
        let room = Span(self.cell.0.saturating_mul(ROOM_CELLS));
        let is_inside = self.viewport != Viewport::Follow && at >= axis.start() && at + room <= axis.end;
        if !is_inside {
            let end = at + Span(axis.width().0 / 10 * 9);
            self.viewport = Viewport::Until(end.max(Stamp(0) + axis.width()));
            self.refresh();
        }
    }

    /// Moves the window to the end of the shown time, and removes the cursor.
    pub(in crate::tui) fn follow(&mut self) {
        if let Viewport::Held(_) = self.viewport {
            self.zoom = Zoom::User; // otherwise it would be held again
        }
        (self.viewport, self.cursor, self.range) = (Viewport::Follow, None, None);
        self.refresh();
    }

    /// Returns the time axis over this many columns.
    pub(in crate::tui) fn axis(&self, columns: u16) -> TimeAxis {
        let until = match self.viewport {
            Viewport::Follow => self.followed_moment(columns),
            Viewport::Until(end) | Viewport::Held(end) => end,
        };
        TimeAxis::new(self.cell, until, columns)
    }

    /// Returns the end of a window that follows a run. One that is shorter than figures are held stays as long as they
    /// do: figures and bars are of the same time.
    fn followed_moment(&self, columns: u16) -> Stamp {
        let is_short = self.cell.0.saturating_mul(u64::from(columns)) < FIGURES_INTERVAL.0;
        if is_short && self.player().is_none() { self.refreshed_at } else { self.now }
    }

    /// Draws one of the lines of a lane with its cells in this window. They are computed for the first line.
    pub(in crate::tui) fn with_cells<T>(
        &self,
        (worker, line): (WorkerId, u16),
        window: &CellWindow,
        draw: impl FnOnce(&[StateTimes]) -> T,
    ) -> T {
        let (mut cache, model) = (self.cell_cache.borrow_mut(), self.shown_model());
        draw(match line {
            0 => cache.exact_cells(model, worker, window, self.now),
            _ => cache.cells_of_frame(model, worker, window, self.now),
        })
    }

    /// Returns the time axis as it was drawn last.
    pub(in crate::tui) fn drawn_axis(&self) -> TimeAxis {
        self.axis(self.columns.max(1))
    }

    /// Formats a moment as exactly as the zoom needs.
    pub(in crate::tui) fn format_moment(&self, at: Stamp) -> String {
        self.drawn_axis().format_moment(at)
    }

    pub(in crate::tui) fn set_columns(&mut self, columns: u16) {
        if self.columns != columns {
            self.columns = columns;
            self.refresh();
        }
    }
}
