//! Styles besides those of states: text, severities, curves, cores, identities.

use ratatui::style::{Color, Modifier, Style};

use super::Theme;
use super::colour_space::{ink_on, mix, rgb_of};
use super::depth::{Depth, quick_of_256};
use super::palette::IDENTITIES;
use super::role::Role;
use crate::trace::State;

/// Shares of a heat map from which a cell without colour is bold, and reversed.
const HEAT_STEPS: (f64, f64) = (1.0 / 3.0, 2.0 / 3.0);

impl Theme {
    pub(in crate::tui) const fn colour(self, role: Role) -> Color {
        self.palette.role(role)
    }

    /// Returns the style of text and glyphs of this role.
    pub(in crate::tui) fn fg(self, role: Role) -> Style {
        let style = match role {
            Role::Strong | Role::Good | Role::Warning | Role::Error | Role::Note => {
                Style::new().add_modifier(Modifier::BOLD)
            }
            Role::Mark if !self.has_colour() => Style::new().add_modifier(Modifier::BOLD),
            Role::Faint | Role::Guide if !self.has_colour() => Style::new().add_modifier(Modifier::DIM),
            _ => Style::new(),
        };
        match self.colour(role) {
            Color::Reset => style,
            colour => style.fg(colour),
        }
    }

    /// Returns the style of an area of this role, and of text on it. Without colour, it is reversed.
    pub(in crate::tui) fn bg(self, role: Role) -> Style {
        self.area(self.colour(role))
    }

    /// Returns the style of a label that is an area: the run's state, the chosen knob, the focused tab.
    pub(in crate::tui) fn pill_style(self, role: Role) -> Style {
        self.bg(role).add_modifier(Modifier::BOLD)
    }

    /// Returns the colour of the `index`th worker. More workers than hues share them.
    pub(in crate::tui) const fn identity_colour(self, index: usize) -> Color {
        self.palette.identities[index % IDENTITIES]
    }

    /// Returns the style of a worker's name, or of the mark before it.
    pub(in crate::tui) fn identity_style(self, index: usize) -> Style {
        self.foreground(self.identity_colour(index))
    }

    /// Returns the style of an area that belongs to a worker, and of text on it. Without colour, it is reversed.
    pub(in crate::tui) fn identity_area(self, index: usize) -> Style {
        self.area(self.identity_colour(index))
    }

    /// Returns the style of a cell of a matrix, and of its number, for a share of the largest.
    pub(in crate::tui) fn heat(self, share: f64) -> Style {
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        if share == 0.0 {
            return self.fg(Role::Faint);
        }
        let hot = self.state_colour(State::Lock);
        match self.depth {
            Depth::None if share >= HEAT_STEPS.1 => Style::new().add_modifier(Modifier::REVERSED),
            Depth::None if share >= HEAT_STEPS.0 => Style::new().add_modifier(Modifier::BOLD),
            Depth::None => Style::new(),
            Depth::Ansi16 if share >= HEAT_STEPS.0 => self.area(hot),
            Depth::Ansi16 => Style::new().fg(hot),
            _ => self.area(self.shaded_colour(hot, 0.2 + 0.8 * share)),
        }
    }

    /// Returns the style with its colours nearer to the background: 1 changes nothing, 0 is the background. The
    /// terminal's own colours stay as they are.
    pub(in crate::tui) fn shaded(self, style: Style, factor: f64) -> Style {
        let shade = |colour: Option<Color>| colour.map(|colour| self.shaded_colour(colour, factor));
        Style { fg: shade(style.fg), bg: shade(style.bg), ..style }
    }

    /// Whether a colour can be brought nearer to the background: the terminal's own cannot.
    pub(in crate::tui) const fn can_shade(self, colour: Color) -> bool {
        let is_known = matches!(colour, Color::Rgb(..) | Color::Indexed(16..));
        is_known && matches!(self.depth, Depth::TrueColor | Depth::Indexed256)
    }

    pub(in crate::tui) fn shaded_colour(self, colour: Color, factor: f64) -> Color {
        let mixed = match (rgb_of(colour), rgb_of(self.palette.background)) {
            (Some(own), Some(ground)) if self.can_shade(colour) => mix(own, ground, factor.clamp(0.0, 1.0)),
            _ => return colour,
        };
        if self.depth == Depth::TrueColor { Color::Rgb(mixed[0], mixed[1], mixed[2]) } else { quick_of_256(mixed) }
    }

    /// Returns the style of an area with text on it that can be read.
    pub(super) fn area(self, colour: Color) -> Style {
        if !self.has_colour() {
            return Style::new().add_modifier(Modifier::REVERSED);
        }
        Style::new().fg(self.ink_on(colour)).bg(colour)
    }

    /// Returns the colour of text that can be read on an area of this colour.
    pub(in crate::tui) fn ink_on(self, colour: Color) -> Color {
        match colour {
            Color::Rgb(..) | Color::Indexed(16..) => {
                let ink = rgb_of(colour).map_or(Color::Reset, ink_on);
                match (self.depth, ink) {
                    (Depth::TrueColor, ink) => ink,
                    (_, Color::Rgb(0, ..)) => Color::Indexed(16),
                    (..) => Color::Indexed(231),
                }
            }
            Color::Black | Color::Blue | Color::Red | Color::Magenta | Color::DarkGray => Color::White,
            Color::Reset => Color::Reset,
            _ => Color::Black,
        }
    }
}
