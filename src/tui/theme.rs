//! Every colour and every glyph of the dashboard.
//!
//! States, workers and severities have hues; everything else is grey. Without colour, glyphs and emphasis carry the
//! same information. A theme's colours are data: a [`palette::Palette`] with those that the terminal can show.

mod built_in;
mod choice;
mod colour_space;
mod depth;
mod glyphs;
mod names;
mod own;
mod palette;
mod role;
mod roles;
#[cfg(test)]
mod tests;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

use crate::model::Severity;
use crate::trace::State;
use palette::Palette;

pub use choice::Themes;
pub use depth::Depth;
pub use names::ThemeName;
pub use own::{OwnTheme, ThemeColour};
pub use palette::Ground;
pub(super) use role::Role;

/// How to draw on this terminal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    palette: &'static Palette,
    depth: Depth,
    /// False if the locale is not UTF-8: letters instead of blocks and lines.
    pub has_unicode: bool,
    /// Whether to paint the background, because the terminal's own is of the other kind.
    paints_background: bool,
}

impl Theme {
    /// Returns the theme of this name, on a terminal with this background and depth.
    pub fn new(name: ThemeName, ground: Ground, depth: Depth, has_unicode: bool) -> Self {
        Self::of_palette(name.palette(ground), ground, depth, has_unicode)
    }

    fn of_palette(palette: &'static Palette, ground: Ground, depth: Depth, has_unicode: bool) -> Self {
        let depth = match palette.background {
            Color::Reset => Depth::None,
            _ => depth,
        };
        let paints_background = depth != Depth::None && palette.ground != ground;
        Self { palette: names::palette_at_depth(palette, depth), depth, has_unicode, paints_background }
    }

    /// Returns the dark theme in true colour, with Unicode.
    pub const fn dark() -> Self {
        let palette = ThemeName::Dark.palette(Ground::Dark);
        Self { palette, depth: Depth::TrueColor, has_unicode: true, paints_background: false }
    }

    /// Returns a theme without colour.
    pub const fn plain(has_unicode: bool) -> Self {
        let palette = ThemeName::Mono.palette(Ground::Dark);
        Self { palette, depth: Depth::None, has_unicode, paints_background: false }
    }

    /// Returns whether colours carry information. Otherwise emphasis and glyphs do.
    pub(super) const fn has_colour(self) -> bool {
        !matches!(self.depth, Depth::None)
    }

    /// Returns the style of a state's letter or word.
    pub(super) fn state_style(self, state: State) -> Style {
        if !self.has_colour() {
            return match state {
                State::Crashed | State::Gap => Style::new().add_modifier(Modifier::REVERSED),
                State::Lock | State::Full => Style::new().add_modifier(Modifier::BOLD),
                _ => Style::new(),
            };
        }
        match state {
            State::Crashed => self.area(self.state_colour(state)).add_modifier(Modifier::BOLD),
            State::Gap => self.area(self.state_colour(state)),
            _ => Style::new().fg(self.palette.inks[state.index()]),
        }
    }

    /// Returns the colour of an area in this state.
    pub(super) const fn state_colour(self, state: State) -> Color {
        self.palette.states[state.index()]
    }

    /// Returns the style of a timeline's cell with a single state. With colour and Unicode, the cell is an area;
    /// letters on it are visible only where there is no Unicode.
    pub(super) fn cell_style(self, state: State) -> Style {
        let colour = self.state_colour(state);
        match state {
            _ if !self.has_colour() => self.state_style(state),
            State::Sleep | State::Empty | State::OffCore | State::Done if self.has_unicode => Style::new().fg(colour),
            State::Crashed | State::Gap | State::Sleep | State::Empty | State::OffCore | State::Done => {
                self.state_style(state)
            }
            _ if self.has_unicode => Style::new().fg(colour).bg(colour),
            _ => self.area(colour),
        }
    }

    /// Returns the glyph and style of a state in the legend.
    pub(super) fn swatch(self, state: State) -> (&'static str, Style) {
        match state {
            State::Sleep | State::Empty | State::OffCore if self.has_colour() && self.has_unicode => {
                ("█", Style::new().fg(self.state_colour(state)))
            }
            _ => (self.cell_glyph(state), self.cell_style(state)),
        }
    }

    /// Returns the glyph and style of a cell with contention and a calmer state. In colour, the calmer one fills the
    /// lower part, as many eighths as its share, up to all of them. Without colour, the larger share has the cell;
    /// contention with the smaller share is underlined.
    pub(super) fn mixed_cell(self, front: State, back: State, eighths: u16) -> (&'static str, Style) {
        let (front_colour, back_colour) = (self.state_colour(front), self.state_colour(back));
        if self.has_colour() && self.has_unicode {
            return (self.level_glyph(f64::from(eighths) / 8.0), Style::new().fg(back_colour).bg(front_colour));
        }
        if eighths >= 8 {
            return (self.cell_glyph(back), self.cell_style(back));
        }
        let style = match eighths {
            4.. if self.has_colour() => self.area(back_colour).add_modifier(Modifier::UNDERLINED),
            4.. => self.state_style(front).add_modifier(Modifier::UNDERLINED),
            _ if self.has_colour() => self.area(front_colour),
            _ => self.state_style(front),
        };
        (self.cell_glyph(front), style)
    }

    /// Returns the style of a lock's name on an area of waits for it.
    pub(super) fn lock_name_style(self) -> Style {
        self.area(self.state_colour(State::Lock))
    }

    /// Returns the style of depth and load, where no role says what they are.
    pub(super) fn area_style(self) -> Style {
        self.foreground(self.colour(Role::CoreOthers))
    }

    /// Returns the style of a queue without room.
    pub(super) fn full_queue_style(self) -> Style {
        self.state_style(State::Full)
    }

    pub(super) fn severity_style(self, severity: Severity) -> Style {
        self.fg(match severity {
            Severity::Error => Role::Error,
            Severity::Warning => Role::Warning,
            Severity::Note => Role::Note,
        })
    }

    /// Returns the style of names, labels and rules.
    pub(super) fn faint_style(self) -> Style {
        self.fg(Role::Faint)
    }

    pub(super) fn strong_style(self) -> Style {
        self.fg(Role::Strong)
    }

    /// Returns the style of the row, knob or entry that keys act on.
    pub(super) fn selection_style(self) -> Style {
        self.bg(Role::Selection)
    }

    /// Paints the theme's background and text where the terminal's own would show, if it is of the other kind.
    pub(super) fn paint_background(self, buf: &mut Buffer) {
        if !self.paints_background {
            return;
        }
        for cell in &mut buf.content {
            if cell.bg == Color::Reset {
                cell.bg = self.palette.background;
            }
            if cell.fg == Color::Reset {
                cell.fg = self.palette.text;
            }
        }
    }

    #[expect(clippy::unused_self, reason = "every look comes from the theme; this one is the same in all of them")]
    fn foreground(self, colour: Color) -> Style {
        if colour == Color::Reset { Style::new() } else { Style::new().fg(colour) }
    }
}

impl std::fmt::Debug for Theme {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?} {:?}", self.palette.name, self.palette.ground, self.depth)?;
        f.write_str(if self.has_unicode { "" } else { " ascii" })
    }
}
