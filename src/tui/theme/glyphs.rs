//! Every glyph of the dashboard, with its stand-in where the locale is not UTF-8.

use super::Theme;
use crate::model::Severity;
use crate::trace::State;

impl Theme {
    /// Returns the first glyph, or the second where the locale is not UTF-8.
    pub(in crate::tui) const fn glyph(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.has_unicode { unicode } else { ascii }
    }

    pub(in crate::tui) const fn state_glyph(self, state: State) -> &'static str {
        if self.has_unicode { unicode_glyph(state) } else { ascii_glyph(state) }
    }

    /// Returns the glyph of a cell of a lane. With colour, calm states are a thin line, and others a whole cell.
    pub(in crate::tui) const fn cell_glyph(self, state: State) -> &'static str {
        match state {
            State::Sleep | State::Empty | State::OffCore if self.has_colour() && self.has_unicode => "▁",
            State::Done | State::Crashed | State::Gap => self.state_glyph(state),
            _ if self.has_colour() && self.has_unicode => "█",
            _ => self.state_glyph(state),
        }
    }

    /// Returns the glyph of a level from 0 to 1; blank only for exactly zero.
    pub(in crate::tui) fn level_glyph(self, level: f64) -> &'static str {
        const UNICODE: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
        const ASCII: [&str; 9] = [" ", "1", "2", "3", "4", "5", "6", "7", "8"];
        let step = if level > 0.0 { (level * 8.0).round().clamp(1.0, 8.0) as usize } else { 0 };
        if self.has_unicode { UNICODE[step] } else { ASCII[step] }
    }

    /// Returns the mark before a worker's name, in its identity's colour.
    pub(in crate::tui) const fn identity_mark(self) -> &'static str {
        self.glyph("▎", "|")
    }

    /// Returns the character that stands for a worker where colour cannot.
    pub(in crate::tui) const fn identity_letter(index: usize) -> char {
        const LETTERS: &[u8; 35] = b"123456789abcdefghijklmnopqrstuvwxyz";
        LETTERS[index % LETTERS.len()] as char
    }

    /// Returns the glyph of the time after a crash.
    pub(in crate::tui) const fn dead_rest(self) -> &'static str {
        self.glyph("╌", "-")
    }

    /// Returns the bar at the left of the verdict.
    pub(in crate::tui) const fn band_bar(self) -> &'static str {
        self.glyph("▌", "|")
    }

    pub(in crate::tui) const fn severity_mark(self, severity: Severity) -> &'static str {
        match severity {
            Severity::Error => self.glyph("■", "!"),
            Severity::Warning => self.glyph("▲", "^"),
            Severity::Note => self.glyph("●", "*"),
        }
    }

    /// Returns the mark of a run in which all is well.
    pub(in crate::tui) const fn good_mark(self) -> &'static str {
        self.glyph("✔", "+")
    }

    pub(in crate::tui) const fn arrow(self) -> &'static str {
        self.glyph("→", "->")
    }

    /// Returns the mark of a right or a wrong guess.
    pub(in crate::tui) const fn verdict_mark(self, is_right: bool) -> &'static str {
        if is_right { self.glyph("✓", "(right)") } else { self.glyph("✗", "(wrong)") }
    }

    pub(in crate::tui) const fn bullet(self) -> &'static str {
        self.glyph("●", "*")
    }

    /// Returns the glyph of the cursor's line, and of a mark's.
    pub(in crate::tui) const fn vertical_line(self) -> &'static str {
        self.glyph("│", "|")
    }

    pub(in crate::tui) const fn choice_mark(self) -> &'static str {
        self.glyph("▾", "v")
    }

    pub(in crate::tui) const fn ellipsis(self) -> &'static str {
        self.glyph("…", "..")
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
        State::Gil => "g",
        State::OffCore => "o",
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
        for theme in [Theme::plain(true), Theme::plain(false)] {
            let glyphs: HashSet<_> = State::ALL.map(|s| theme.cell_glyph(s)).into_iter().collect();
            assert_eq!(glyphs.len(), State::ALL.len(), "{theme:?}");
        }
    }

    #[test]
    fn level_glyph_is_blank_only_for_zero() {
        let theme = Theme::dark();
        assert_eq!(theme.level_glyph(0.0), " ");
        assert_eq!(theme.level_glyph(0.001), "▁");
        assert_eq!(theme.level_glyph(f64::NAN), " ");
        assert_eq!(theme.level_glyph(7.0), "█");
    }
}
