//! The length of cells: chosen from the data once enough was seen, until the user zooms; and the window over a
//! deadlock.

use super::recurrence::{cell_with_last_change, has_open_pool, phase_cell, shows_single_turns, typical_cell};
use super::{RunView, Viewport};
use crate::model::Lane;
use crate::trace::{RunEnd, Span, Stamp, State};
use crate::tui::axis::round_up_125;
use crate::tui::player::Player;

/// Time of a run before its window is chosen, and how often something must have recurred until then.
const OBSERVATION: Span = Span::from_millis(300);
const MIN_RECURRENCES: usize = 5;

/// The part of the window before a deadlock closed, in twentieths.
const TWENTIETHS_BEFORE_DEADLOCK: u64 = 13;

/// What the length of the cells comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Zoom {
    /// Nothing yet: the run is too young.
    Undecided,
    /// What recurs in the run.
    Data,
    /// The length of the whole run.
    WholeRun,
    /// The user, or what opened the view. Nothing else changes it.
    User,
}

/// The window before it was fitted.
#[derive(Debug, Clone, Copy)]
pub(super) struct WindowBeforeFit {
    cell: Span,
    viewport: Viewport,
    zoom: Zoom,
}

impl RunView {
    /// Chooses the length of cells if it is time to. The picture does not jump: a choice stays until the run ends, a
    /// deadlock closes, a turned knob changes what recurs, or the user asks for another.
    pub(super) fn adapt_zoom(&mut self) {
        let is_still = matches!(self.viewport, Viewport::Until(_)) || self.cursor.is_some() || self.range.is_some();
        if self.zoom == Zoom::User || self.columns == 0 || is_still || self.is_frozen() {
            return;
        }
        if self.zoom != Zoom::WholeRun
            && let Some((cell, end)) = self.closing_window()
        {
            (self.cell, self.viewport, self.zoom) = (cell, Viewport::Held(end), Zoom::Data);
            return;
        }
        if self.shown_model().run_end().is_some_and(|(_, how)| *how == RunEnd::Completed) {
            self.zoom = Zoom::WholeRun;
        }
        match self.zoom {
            Zoom::Undecided if self.shows_an_end() => self.choose_window_of_ended_run(),
            Zoom::Undecided if self.player().is_some_and(|player| !player.is_playing()) => self.fit_whole_run(),
            Zoom::Undecided if self.now.span_since(self.first_moment()) >= OBSERVATION => {
                if let Some(cell) = self.typical_cell(MIN_RECURRENCES) {
                    (self.cell, self.zoom) = (cell, Zoom::Data);
                }
            }
            Zoom::WholeRun => self.fit_whole_run(),
            Zoom::Data if self.viewport == Viewport::Follow => self.follow_settings(),
            Zoom::Undecided | Zoom::Data | Zoom::User => {}
        }
    }

    /// Chooses the length of cells again, once for each change of settings, if what recurs is another multiple of it now.
    /// The window over a backlog stays as wide as it is: it shows the time before and after the change.
    fn follow_settings(&mut self) {
        let Some(change) = self.shown_model().settings_change(self.now).filter(|change| change.is_settled()) else {
            return;
        };
        let is_seen = self.now.span_since(change.figures_from) >= OBSERVATION;
        if self.zoomed_for >= change.at || !is_seen || self.player().is_some() {
            return;
        }
        let Some(cell) = self.typical_cell(MIN_RECURRENCES) else { return };
        self.zoomed_for = change.at;
        let is_another = cell.0 > 2 * self.cell.0 || self.cell.0 > 2 * cell.0;
        let hides_trend = cell < self.cell && has_open_pool(self.shown_model());
        if is_another && !hides_trend {
            self.cell = cell;
        }
    }

    /// Whether the end of a run or of a recording is shown, and nothing plays.
    fn shows_an_end(&self) -> bool {
        let is_at_end = |player: &Player| !player.is_playing() && self.now >= player.end();
        self.shown_model().run_end().is_some() || self.player().is_some_and(is_at_end)
    }

    /// Fits a run that did not end by itself, unless its turns would be too narrow to see: then the window shows the
    /// last ones.
    fn choose_window_of_ended_run(&mut self) {
        self.zoom = Zoom::WholeRun;
        self.fit_whole_run();
        if !shows_single_turns(self.shown_model(), self.now, self.cell)
            && let Some(cell) = self.typical_cell(1)
        {
            let cell = cell.max(cell_with_last_change(self.shown_model(), self.now, self.columns)).min(self.cell);
            (self.cell, self.viewport, self.zoom) = (cell, Viewport::Follow, Zoom::Data);
        }
    }

    fn typical_cell(&self, least: usize) -> Option<Span> {
        typical_cell(self.shown_model(), self.now, self.columns, least)
    }

    /// Makes the whole run fit into the window. A run that has ended fills it from the first worker's start to the last
    /// one's end; otherwise the window has room for more.
    fn fit_whole_run(&mut self) {
        let (first, last) = (self.first_moment(), self.last_moment());
        let least = |from: Stamp, to: Stamp| to.span_since(from).0.div_ceil(u64::from(self.columns.max(1)));
        let lanes = || self.newest_model().lanes().map(|(_, lane)| lane);
        let begin = lanes().filter_map(Lane::began).min().unwrap_or_default().max(first).min(last);
        if self.player().is_some() {
            (self.cell, self.viewport) = (Span(round_up_to_digits(least(begin, last))), Viewport::Follow);
            return;
        }
        if self.shown_model().run_end().is_none() {
            (self.cell, self.viewport) = (Span(round_up_125(least(first, last))), Viewport::Follow);
            return;
        }
        let ends = lanes().map(|lane| Some(lane.activity()).filter(|doing| doing.state == State::Done));
        let end = ends.map(|done| done.map_or(last, |done| done.since)).max().unwrap_or(last).clamp(begin, last);
        let cell = Span(round_up_to_digits(least(begin, end)));
        let is_late = last.span_since(end).0 > cell.0;
        (self.cell, self.viewport) = (cell, if is_late { Viewport::Held(end) } else { Viewport::Follow });
    }

    /// Returns since when every worker that is left is in a deadlock or waits in vain; `None` if one can go on.
    fn all_stuck_since(&self) -> Option<Stamp> {
        let model = self.shown_model();
        let mut living = model.lanes().filter(|(_, lane)| lane.activity().state.is_alive());
        if let [first, ..] = model.deadlocks() {
            let is_stuck = |worker| model.deadlocks().iter().any(|one| one.workers.binary_search(&worker).is_ok());
            return living.all(|(worker, _)| is_stuck(worker)).then_some(first.closed_at);
        }
        let waits = |state: State| !matches!(state, State::Running | State::Ready | State::Sleep | State::Io);
        if model.lanes().any(|(_, lane)| lane.activity().state.is_alive() && !waits(lane.activity().state)) {
            return None; // cheaper than the search for a stall
        }
        let stall = model.stall()?;
        living.all(|(worker, _)| stall.workers.contains(&worker)).then_some(stall.at)
    }

    /// Returns the cell and the end of a window over the last turns before a deadlock or a stall, if nothing else goes
    /// on: a window that followed would show nothing but waits.
    pub(super) fn closing_window(&self) -> Option<(Span, Stamp)> {
        if self.player().is_some_and(|player| player.is_playing() || self.now < player.end()) {
            return None; // more of the recording follows
        }
        let model = self.shown_model();
        let closed_at = self.all_stuck_since()?.min(self.now);
        if closed_at < self.first_moment() {
            return None; // a recording that begins later does not have the turns before it
        }
        let columns = u64::from(self.columns.max(1));
        let before = (columns * TWENTIETHS_BEFORE_DEADLOCK / 20).max(1);
        let begin = model.lanes().filter_map(|(_, lane)| lane.began()).min().unwrap_or_default();
        let begin = begin.max(self.first_moment()).min(closed_at);
        let whole = Span(round_up_125(closed_at.span_since(begin).0.div_ceil(before).max(1)));
        let cell = phase_cell(model, closed_at, 1).map_or(whole, |cell| cell.min(whole));
        Some((cell, closed_at + Span(cell.0.saturating_mul(columns - before))))
    }

    /// Fits the whole run into the window; if it does already, chooses the window from what recurs. Returns the
    /// response.
    pub(in crate::tui) fn fit_window(&mut self) -> String {
        let before = WindowBeforeFit { cell: self.cell, viewport: self.viewport, zoom: self.zoom };
        let is_whole = self.zoom == Zoom::WholeRun && !matches!(self.viewport, Viewport::Until(_));
        (self.viewport, self.range, self.cursor) = (Viewport::Follow, None, None);
        let closing = self.closing_window();
        let typical = self.typical_cell(1);
        let shown = match (is_whole, closing, typical) {
            (true, Some((cell, end)), _) => {
                (self.cell, self.viewport, self.zoom) = (cell, Viewport::Held(end), Zoom::Data);
                "The last turns before the deadlock"
            }
            (true, None, Some(cell)) => {
                (self.cell, self.zoom) = (cell, Zoom::User);
                "Single turns"
            }
            _ => {
                self.zoom = Zoom::WholeRun;
                self.fit_whole_run();
                "The whole run"
            }
        };
        self.before_fit = Some(before);
        self.refresh();
        format!("{shown}   z: next view - Z: back")
    }

    /// Returns to the window before it was fitted. Returns the response.
    pub(in crate::tui) fn undo_fit(&mut self) -> String {
        let Some(before) = self.before_fit.take() else { return "No window to go back to: z fits it".to_owned() };
        (self.cell, self.viewport, self.zoom) = (before.cell, before.viewport, before.zoom);
        (self.cursor, self.range) = (None, None);
        self.refresh();
        String::new()
    }
}

/// Returns the smallest number with two digits, and zeros after them, that is not below `least`.
fn round_up_to_digits(least: u64) -> u64 {
    let power = 10_u64.pow(least.max(1).ilog10().saturating_sub(1));
    least.div_ceil(power).max(1).saturating_mul(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_of_a_fitted_cell_has_two_digits() {
        assert_eq!([0, 1, 9, 10, 101, 8_116, 9_999].map(round_up_to_digits), [1, 1, 9, 10, 110, 8_200, 10_000]);
    }
}
