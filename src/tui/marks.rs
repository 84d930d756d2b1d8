//! The marks of a run's state and of its knobs.

use crate::tui::theme::Theme;

impl Theme {
    /// Returns the mark of a verdict for which nothing is known yet.
    pub(super) const fn neutral_mark(self) -> &'static str {
        self.glyph("○", "o")
    }

    /// Returns the mark of a guess that was wrong.
    pub(super) const fn wrong_mark(self) -> &'static str {
        self.glyph("✗", "x")
    }

    /// Returns the marks around the value of a knob that can be turned, and of tabs that have no room.
    pub(super) const fn slider_marks(self) -> (&'static str, &'static str) {
        (self.glyph("◂", "<"), self.glyph("▸", ">"))
    }

    /// Returns the mark of a recording that plays.
    pub(super) const fn play_mark(self) -> &'static str {
        self.glyph("▶", ">")
    }

    /// Returns the mark of a picture that stands still.
    pub(super) const fn pause_mark(self) -> &'static str {
        self.glyph("‖", "||")
    }
}
