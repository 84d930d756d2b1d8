//! Places in the run that the user was at, the range of time that is chosen, and steps from event to event.

use super::{Pane, RunView, Selection, Viewport, Zoom};
use crate::trace::{Span, Stamp, WorkerId};
use crate::tui::keys::{Action, key_name};

/// Most places that are remembered.
const MAX_PLACES: usize = 200;

/// What navigation changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) struct Place {
    cell: Span,
    viewport: Viewport,
    cursor: Option<Stamp>,
    range: Option<TimeRange>,
    pane: Pane,
    selection: Option<Selection>,
}

/// A range of time that the user chooses: from one moment to another, or to the cursor while that moves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) struct TimeRange {
    begin: Stamp,
    end: Option<Stamp>,
}

/// Places that the user was at before, the newest last.
#[derive(Debug, Default)]
pub(in crate::tui) struct PlaceHistory {
    places: Vec<Place>,
    /// Whether the newest place was left by moving the cursor, which goes on.
    is_moving: bool,
}

impl RunView {
    pub(in crate::tui) fn place(&self) -> Place {
        Place {
            cell: self.cell,
            viewport: self.viewport,
            cursor: self.cursor,
            range: self.range,
            pane: self.pane,
            selection: self.selection,
        }
    }

    /// Remembers a place that the user has left. Small moves one after another are one move.
    pub(in crate::tui) fn remember_place(&mut self, before: Place, is_small: bool) {
        if before == self.place() {
            return;
        }
        let history = &mut self.place_history;
        if !(is_small && history.is_moving) {
            if history.places.len() == MAX_PLACES {
                history.places.remove(0);
            }
            history.places.push(before);
        }
        history.is_moving = is_small;
    }

    /// Returns to the place before. Returns whether there was one.
    pub(in crate::tui) fn undo_navigation(&mut self) -> bool {
        let Some(place) = self.place_history.places.pop() else { return false };
        self.place_history.is_moving = false;
        self.zoom = if place.cell == self.cell { self.zoom } else { Zoom::User };
        (self.cell, self.viewport, self.cursor) = (place.cell, place.viewport, place.cursor);
        (self.range, self.pane, self.selection) = (place.range, place.pane, place.selection);
        self.refresh();
        true
    }

    /// Begins a range at the cursor, or ends the one that was begun. Returns what to tell the user.
    pub(in crate::tui) fn toggle_range(&mut self) -> String {
        if self.cursor.is_none() {
            self.move_cursor(0);
        }
        let at = self.cursor.unwrap_or(self.now);
        let response = match self.range {
            Some(TimeRange { begin, end: None }) if begin == at => {
                self.range = None;
                "No range: it began and ended at the same moment".to_owned()
            }
            Some(TimeRange { begin, end: None }) => {
                self.range = Some(TimeRange { begin, end: Some(at) });
                let (from, to) = (begin.min(at), begin.max(at));
                format!(
                    "All figures: {} to {}. {} ends the range",
                    self.format_moment(from),
                    self.format_moment(to),
                    key_name(Action::Back)
                )
            }
            Some(TimeRange { end: Some(_), .. }) | None => {
                self.range = Some(TimeRange { begin: at, end: None });
                format!(
                    "Range from {}: move the cursor, {} ends it",
                    self.format_moment(at),
                    key_name(Action::ToggleRange)
                )
            }
        };
        self.refresh();
        response
    }

    /// Ends the range. Returns whether there was one.
    pub(in crate::tui) fn clear_range(&mut self) -> bool {
        let was = self.range.take().is_some();
        if was {
            self.refresh();
        }
        was
    }

    /// Whether the end of the range follows the cursor.
    pub(in crate::tui) fn is_range_open(&self) -> bool {
        self.range.is_some_and(|range| range.end.is_none())
    }

    /// Returns the chosen range, if it is longer than nothing.
    pub(in crate::tui) fn shown_range(&self) -> Option<(Stamp, Stamp)> {
        let TimeRange { begin, end } = self.range?;
        let other = end.or(self.cursor)?;
        let (from, to) = (begin.min(other).min(self.now), begin.max(other).min(self.now));
        (from < to).then_some((from, to))
    }

    /// Moves the cursor to the next or previous event of the chosen row, or of any worker. Returns the reason if there
    /// is none.
    pub(in crate::tui) fn step_to_event(&mut self, forward: bool) -> Option<String> {
        let (model, now) = (self.shown_model(), self.now);
        let at = self.cursor.unwrap_or_else(|| self.figures_time());
        let registry = model.registry();
        let (found, name) = match self.selection {
            Some(Selection::Lane(worker)) => {
                (model.worker_event(worker, at, now, forward), registry.worker_name(worker))
            }
            Some(Selection::Lock(id) | Selection::Queue(id)) => {
                (model.resource_event(id, at, now, forward), registry.resource_name(id))
            }
            Some(Selection::Finding(_)) | None => (model.any_worker_event(at, now, forward), "any worker"),
        };
        let Some(found) = found.filter(|at| *at >= self.first_moment()) else {
            let which = if forward { "later" } else { "earlier" };
            return Some(format!("No {which} event of {name} is kept"));
        };
        self.cursor = Some(found);
        self.bring_cursor_in_sight();
        self.refresh();
        None
    }
}

/// A release that ended a wait: the waiter, the worker that released, and when.
type Release = (WorkerId, WorkerId, Stamp);

impl RunView {
    /// Returns the release that ended the chosen worker's wait at the cursor, or the wait before.
    pub(in crate::tui) fn shown_release(&self) -> Option<Release> {
        let (Some(Selection::Lane(worker)), Some(at)) = (self.selection, self.cursor) else { return None };
        let (model, at) = (self.shown_model(), at.min(self.now));
        let story = model.wait_story(worker, at, self.now).or_else(|| {
            let since = model.lane(worker).activity_at(at)?.since;
            model.wait_story(worker, Stamp(since.0.checked_sub(1)?), self.now)
        })?;
        story.released_by.map(|(by, at)| (worker, by, at))
    }
}
