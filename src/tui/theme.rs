//! Every colour and every glyph of the dashboard.
//!
//! Colours stand for states only; without colour, glyphs and emphasis carry the same information.

use ratatui::style::{Color, Modifier, Style};

use crate::model::Severity;
use crate::trace::State;

/// How to draw on this terminal. Sixteen colours are enough, so any terminal's own palette fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// False with `NO_COLOR`: emphasis and glyphs only.
    pub has_colour: bool,
    /// False if the locale is not UTF-8: letters instead of blocks and lines.
    pub has_unicode: bool,
}

/// The state of a lock in one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LockCellState {
    Free,
    Held,
    /// Held while others wait.
    Contended,
}

impl Theme {
    pub(super) const fn state_glyph(self, state: State) -> &'static str {
        if self.has_unicode { unicode_glyph(state) } else { ascii_glyph(state) }
    }

    /// Returns the style of a state's letter or word.
    pub(super) fn state_style(self, state: State) -> Style {
        if !self.has_colour {
            return match state {
                State::Crashed | State::Gap => Style::new().add_modifier(Modifier::REVERSED),
                State::Lock | State::Full => Style::new().add_modifier(Modifier::BOLD),
                _ => Style::new(),
            };
        }
        match state {
            State::Crashed => Style::new().fg(Color::White).bg(Color::Red).add_modifier(Modifier::BOLD),
            State::Gap => Style::new().fg(Color::Black).bg(Color::Yellow),
            State::Io => Style::new().fg(Color::White).bg(Color::Blue), // a letter needs a background
            State::Signal | State::Handover => Style::new().fg(Color::Black).bg(state_colour(state)),
            _ => Style::new().fg(state_colour(state)),
        }
    }

    /// Returns the style of a timeline's cell with a single state. Contention has a background of its own colour, as in
    /// a cell shared with work, so that it forms one area.
    pub(super) fn cell_style(self, state: State) -> Style {
        match state {
            State::Lock if self.has_colour => Style::new().fg(Color::LightRed).bg(Color::Red),
            State::Ready if self.has_colour => Style::new().fg(Color::LightYellow).bg(Color::Yellow),
            State::Full if self.has_colour => Style::new().fg(Color::LightMagenta).bg(Color::Magenta),
            _ => self.state_style(state),
        }
    }

    /// Returns the glyph and style of a cell with contention and a calmer state. In colour, the calmer one fills the
    /// lower part, as many eighths as its share, up to all of them. Without colour, the larger share has the cell;
    /// contention with the smaller share is underlined.
    pub(super) fn mixed_cell(self, front: State, back: State, eighths: u16) -> (&'static str, Style) {
        if self.has_colour && self.has_unicode {
            return (
                self.level_glyph(f64::from(eighths) / 8.0),
                Style::new().fg(state_colour(back)).bg(state_colour(front)),
            );
        }
        if eighths >= 8 {
            return (self.state_glyph(back), self.cell_style(back));
        }
        let style = if self.has_colour {
            Style::new().fg(state_colour(front)).bg(state_colour(back))
        } else {
            self.state_style(front)
        };
        let style = if eighths >= 4 { style.add_modifier(Modifier::UNDERLINED) } else { self.state_style(front) };
        (self.state_glyph(front), style)
    }

    pub(super) const fn lock_glyph(self, hold: LockCellState) -> &'static str {
        match (hold, self.has_unicode) {
            (LockCellState::Free, true) => "·",
            (LockCellState::Held, true) => "━",
            (LockCellState::Contended, true) => "▓",
            (LockCellState::Free, false) => ".",
            (LockCellState::Held, false) => "=",
            (LockCellState::Contended, false) => "#",
        }
    }

    pub(super) fn lock_style(self, hold: LockCellState) -> Style {
        match hold {
            LockCellState::Free => self.faint_style(),
            LockCellState::Held if self.has_colour => Style::new().fg(Color::Green),
            LockCellState::Contended if self.has_colour => Style::new().fg(Color::Red),
            LockCellState::Held | LockCellState::Contended => Style::new(),
        }
    }

    /// Returns the style of a holder's name inside its span.
    pub(super) fn holder_style(self, hold: LockCellState) -> Style {
        match hold {
            LockCellState::Contended if self.has_colour => Style::new().fg(Color::White).bg(Color::Red),
            LockCellState::Held if self.has_colour => Style::new().fg(Color::Black).bg(Color::Green),
            _ => Style::new().add_modifier(Modifier::REVERSED),
        }
    }

    /// Returns the glyph of a level from 0 to 1; blank only for exactly zero.
    pub(super) fn level_glyph(self, level: f64) -> &'static str {
        const UNICODE: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
        const ASCII: [&str; 9] = [" ", "1", "2", "3", "4", "5", "6", "7", "8"];
        let step = if level > 0.0 { (level * 8.0).round().clamp(1.0, 8.0) as usize } else { 0 };
        if self.has_unicode { UNICODE[step] } else { ASCII[step] }
    }

    /// Returns the style of depth and load, which has no colour because they are not states.
    pub(super) fn area_style(self) -> Style {
        self.foreground(Color::Gray)
    }

    /// Returns the style of a queue without room.
    pub(super) fn full_queue_style(self) -> Style {
        self.state_style(State::Full)
    }

    pub(super) fn severity_style(self, severity: Severity) -> Style {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        if !self.has_colour {
            return bold;
        }
        match severity {
            Severity::Error => bold.fg(Color::Red),
            Severity::Warning => bold.fg(Color::Yellow),
            Severity::Note => bold.fg(Color::Cyan),
        }
    }

    /// Returns the mark of a right or a wrong guess.
    pub(super) const fn verdict_mark(self, is_right: bool) -> &'static str {
        match (is_right, self.has_unicode) {
            (true, true) => "✓",
            (false, true) => "✗",
            (true, false) => "(right)",
            (false, false) => "(wrong)",
        }
    }

    pub(super) const fn bullet(self) -> &'static str {
        if self.has_unicode { "●" } else { "*" }
    }

    /// Returns the glyph of the cursor's line, and of a mark's.
    pub(super) const fn vertical_line(self) -> &'static str {
        if self.has_unicode { "│" } else { "|" }
    }

    pub(super) const fn choice_mark(self) -> &'static str {
        if self.has_unicode { "▾" } else { "v" }
    }

    pub(super) const fn ellipsis(self) -> &'static str {
        if self.has_unicode { "…" } else { ".." }
    }

    /// Returns the style of names, labels and rules.
    pub(super) fn faint_style(self) -> Style {
        if self.has_colour { Style::new().fg(Color::DarkGray) } else { Style::new().add_modifier(Modifier::DIM) }
    }

    #[expect(clippy::unused_self, reason = "every look comes from the theme; this one is the same in all of them")]
    pub(super) fn strong_style(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Returns the style of the row, knob or entry that keys act on.
    #[expect(clippy::unused_self, reason = "every look comes from the theme; this one is the same in all of them")]
    pub(super) fn selection_style(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    fn foreground(self, colour: Color) -> Style {
        if self.has_colour { Style::new().fg(colour) } else { Style::new() }
    }
}

const fn state_colour(state: State) -> Color {
    match state {
        State::Running => Color::Green,
        State::Ready => Color::Yellow,
        State::Lock | State::Crashed => Color::Red,
        State::Empty | State::Sleep | State::Done => Color::DarkGray,
        State::Full => Color::Magenta,
        State::Signal => Color::Cyan,
        State::Io => Color::Blue,
        State::Handover => Color::LightCyan,
        State::Gap => Color::LightYellow,
    }
}

const fn unicode_glyph(state: State) -> &'static str {
    match state {
        State::Running => "█",
        State::Ready => "▚",
        State::Lock => "▒",
        State::Empty => "░",
        State::Full => "▞",
        State::Signal => "s",
        State::Io => "i",
        State::Handover => "h",
        State::Sleep => "·",
        State::Done => " ",
        State::Crashed => "X",
        State::Gap => "?",
    }
}

const fn ascii_glyph(state: State) -> &'static str {
    match state {
        State::Running => "R",
        State::Ready => "r",
        State::Lock => "L",
        State::Empty => "e",
        State::Full => "f",
        State::Sleep => ".",
        other => unicode_glyph(other),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_state_has_its_own_glyph_without_colour() {
        for theme in [Theme { has_colour: false, has_unicode: true }, Theme { has_colour: false, has_unicode: false }] {
            let glyphs: HashSet<_> = State::ALL.map(|s| theme.state_glyph(s)).into_iter().collect();
            assert_eq!(glyphs.len(), State::ALL.len(), "{theme:?}");
        }
    }

    #[test]
    fn level_glyph_is_blank_only_for_zero() {
        let theme = Theme { has_colour: true, has_unicode: true };
        assert_eq!(theme.level_glyph(0.0), " ");
        assert_eq!(theme.level_glyph(0.001), "▁");
        assert_eq!(theme.level_glyph(f64::NAN), " ");
        assert_eq!(theme.level_glyph(7.0), "█");
    }

    #[test]
    fn no_style_has_a_colour_without_colour() {
        let theme = Theme { has_colour: false, has_unicode: true };
        let all = State::ALL
            .into_iter()
            .flat_map(|s| [theme.state_style(s), theme.mixed_cell(State::Lock, s, 4).1])
            .chain(
                [LockCellState::Free, LockCellState::Held, LockCellState::Contended]
                    .into_iter()
                    .flat_map(|h| [theme.lock_style(h), theme.holder_style(h)]),
            )
            .chain([
                theme.area_style(),
                theme.faint_style(),
                theme.strong_style(),
                theme.selection_style(),
                theme.severity_style(Severity::Error),
            ]);
        for style in all {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }
}
