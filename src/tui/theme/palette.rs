//! A theme's colours as data, with a name for each.

use ratatui::style::Color;

use super::depth::Depth;
use super::role::Role;
use crate::trace::State;

/// Hues of workers. Further workers share them.
pub(super) const IDENTITIES: usize = 12;

/// Whether the background is dark or light.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ground {
    Dark,
    Light,
}

/// Every colour of a theme. `Color::Reset` is the terminal's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Palette {
    pub(super) name: &'static str,
    /// The background that the colours are made for.
    pub(super) ground: Ground,
    /// The background that shades fade into, and that is painted where the terminal's own is of the other kind.
    pub(super) background: Color,
    /// Text on that background, if it is painted.
    pub(super) text: Color,
    /// Areas, in the order of [`State::ALL`].
    pub(super) states: [Color; State::ALL.len()],
    /// Letters and words of states on the background.
    pub(super) inks: [Color; State::ALL.len()],
    /// In the order of [`Role::ALL`].
    pub(super) roles: [Color; Role::ALL.len()],
    pub(super) identities: [Color; IDENTITIES],
}

impl Palette {
    /// Returns the same with the nearest colours that this depth has.
    pub(super) fn at_depth(&self, depth: Depth) -> Self {
        Self {
            name: self.name,
            ground: self.ground,
            background: depth.nearest(self.background),
            text: depth.nearest(self.text),
            states: self.states.map(|colour| depth.nearest(colour)),
            inks: self.inks.map(|colour| depth.nearest(colour)),
            roles: self.roles.map(|colour| depth.nearest(colour)),
            identities: self.identities.map(|colour| depth.nearest(colour)),
        }
    }

    pub(super) const fn role(&self, role: Role) -> Color {
        self.roles[role as usize]
    }
}
