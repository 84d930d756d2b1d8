//! The marks of a tuning's screen: how a level compares, and the legend of all marks in view.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::super::super::theme::Role;
use super::super::super::tune_view::{ChartLayout, TuneView, UpperPane, time_slices};
use super::{TuneScene, legend, text};
use crate::trace::State;
use crate::tune::{Goal, Level, LevelStatus};

impl TuneScene<'_> {
    /// Returns the sign for the status of a level.
    pub(super) fn level_sign(&self, level: &Level) -> &'static str {
        match self.tune_view.standing(level) {
            _ if !level.failures.is_empty() => "X",
            status => self.status_sign(status),
        }
    }

    const fn status_sign(&self, status: LevelStatus) -> &'static str {
        match status {
            LevelStatus::Sufficient => self.theme.glyph("●", "@"),
            LevelStatus::Undecided => self.theme.glyph("◐", "?"),
            LevelStatus::Worse => self.theme.glyph("○", "o"),
            LevelStatus::Unacceptable => self.theme.glyph("×", "x"),
        }
    }

    pub(super) fn sign_style(&self, level: &Level) -> Style {
        match self.tune_view.standing(level) {
            _ if !level.failures.is_empty() => self.theme.fg(Role::Error),
            status => self.status_style(status),
        }
    }

    fn status_style(&self, status: LevelStatus) -> Style {
        self.theme.fg(match status {
            LevelStatus::Sufficient => Role::Good,
            LevelStatus::Undecided => Role::Warning,
            LevelStatus::Worse => Role::Strong,
            LevelStatus::Unacceptable => Role::Error,
        })
    }

    /// Returns how a level compares, in a word or two.
    pub(super) const fn status_word(&self, status: LevelStatus) -> &'static str {
        match (status, is_arrivals_goal(self.tune_view)) {
            (LevelStatus::Sufficient, false) => "enough",
            (LevelStatus::Sufficient, true) => "keeps up",
            (LevelStatus::Worse, false) => "clearly worse",
            (LevelStatus::Worse, true) => "falls behind",
            (LevelStatus::Undecided, _) => "undecided",
            (LevelStatus::Unacceptable, _) => "over limits",
        }
    }

    /// Draws the legend of all marks and states in view, as far as there is room.
    pub(super) fn draw_marks(&self, line: Rect, buf: &mut Buffer) {
        let mut rest = Rect { x: line.x + line.width.min(1), width: line.width.saturating_sub(1), ..line };
        for (sign, style, word) in self.marks_in_view() {
            if sign.width() + word.width() + 1 > usize::from(rest.width) {
                break;
            }
            rest = text::put_line(buf, rest, sign, style);
            let gap = if line.width < 100 { " " } else { "  " };
            rest = text::put_line(buf, rest, &format!(" {word}{gap}"), self.theme.faint_style());
        }
    }

    fn marks_in_view(&self) -> Vec<(&'static str, Style, &'static str)> {
        let (view, theme) = (self.tune_view, self.theme);
        let mut marks = Vec::new();
        for status in [LevelStatus::Sufficient, LevelStatus::Undecided, LevelStatus::Worse, LevelStatus::Unacceptable] {
            let has = |level: &Level| level.failures.is_empty() && view.standing(level) == status;
            if view.levels().iter().any(has) {
                marks.push((self.status_sign(status), self.status_style(status), self.status_word(status)));
            }
        }
        if view.levels().iter().any(|level| !level.failures.is_empty()) {
            marks.push(("X", theme.fg(Role::Error), "fails"));
        }
        let slices: Vec<_> = view.levels().iter().flat_map(time_slices).map(|slice| slice.state).collect();
        for state in State::ALL.into_iter().filter(|state| slices.contains(state)) {
            let (glyph, style) = theme.swatch(state);
            marks.push((glyph, style, legend::state_word(state)));
        }
        if view.upper == UpperPane::Curve {
            marks.extend(self.curve_marks());
        }
        marks
    }

    /// Returns the marks of the curve.
    fn curve_marks(&self) -> Vec<(&'static str, Style, &'static str)> {
        let (view, theme) = (self.tune_view, self.theme);
        let mut marks = Vec::new();
        if view.tuning.recommended_level().is_some() {
            marks.push((theme.glyph("▲", "^"), theme.fg(Role::Good), "answer"));
        }
        if view.levels().iter().any(|level| level.interval().is_some()) {
            marks.push((theme.glyph("┬┴", "+"), theme.fg(Role::Text), "95 % interval"));
        }
        if ChartLayout::compute(view, Rect::new(0, 0, 80, 20)).bound.is_some() {
            marks.push((theme.glyph("┄", "-"), theme.fg(Role::Capacity), "bound"));
            if view.knob().name == "workers" {
                marks.push((theme.glyph("·", ":"), theme.fg(Role::Guide), "perfect scaling"));
            }
        }
        marks
    }
}

/// Whether the question is which level keeps up with arrivals.
pub(super) const fn is_arrivals_goal(tune_view: &TuneView) -> bool {
    matches!(tune_view.setup.question.demands.goal, Goal::Arrivals(_))
}
