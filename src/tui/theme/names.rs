//! The themes by name.

use std::sync::{Mutex, PoisonError};

use super::built_in::{
    ANSI_DARK, ANSI_LIGHT, COLORBLIND_DARK, COLORBLIND_LIGHT, DARK, HIGH_CONTRAST_DARK, HIGH_CONTRAST_LIGHT, LIGHT,
    MONO,
};
use super::depth::Depth;
use super::palette::{Ground, Palette};

/// A theme that the program comes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ThemeName {
    Dark,
    Light,
    /// Told apart with any colour vision.
    Colorblind,
    HighContrast,
    /// The terminal's own sixteen colours.
    Ansi,
    /// Emphasis and glyphs only.
    Mono,
}

impl ThemeName {
    /// Every theme, in the order in which a key goes through them.
    pub const ALL: [Self; 6] = [Self::Dark, Self::Light, Self::Colorblind, Self::HighContrast, Self::Ansi, Self::Mono];

    pub fn name(self) -> &'static str {
        self.palette(Ground::Dark).name
    }

    /// Returns the theme of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == name)
    }

    /// Returns its colours for this background. `dark` and `light` have one background each.
    pub(super) const fn palette(self, ground: Ground) -> &'static Palette {
        match (self, ground) {
            (Self::Dark, _) => &DARK,
            (Self::Light, _) => &LIGHT,
            (Self::Colorblind, Ground::Dark) => &COLORBLIND_DARK,
            (Self::Colorblind, Ground::Light) => &COLORBLIND_LIGHT,
            (Self::HighContrast, Ground::Dark) => &HIGH_CONTRAST_DARK,
            (Self::HighContrast, Ground::Light) => &HIGH_CONTRAST_LIGHT,
            (Self::Ansi, Ground::Dark) => &ANSI_DARK,
            (Self::Ansi, Ground::Light) => &ANSI_LIGHT,
            (Self::Mono, _) => &MONO,
        }
    }
}

/// Returns the palette with the colours of this depth. Each pair is computed once, and kept as long as the program
/// runs.
pub(super) fn palette_at_depth(palette: &'static Palette, depth: Depth) -> &'static Palette {
    static COMPUTED: Mutex<Vec<(&'static Palette, Depth, &'static Palette)>> = Mutex::new(Vec::new());
    let palette = match (depth, palette.ground) {
        (Depth::None, _) => return &MONO,
        (Depth::TrueColor, _) => return palette,
        // Chosen by hand: the nearest of sixteen colours are few, and differ from terminal to terminal.
        (Depth::Ansi16, Ground::Dark) if std::ptr::eq(palette, &raw const DARK) => return &ANSI_DARK,
        (Depth::Ansi16, Ground::Light) if std::ptr::eq(palette, &raw const LIGHT) => return &ANSI_LIGHT,
        _ => palette,
    };
    let mut computed = COMPUTED.lock().unwrap_or_else(PoisonError::into_inner);
    let known = computed.iter().find(|(of, at, _)| std::ptr::eq(*of, palette) && *at == depth);
    if let Some((.., found)) = known {
        return found;
    }
    let found: &'static Palette = Box::leak(Box::new(palette.at_depth(depth)));
    computed.push((palette, depth, found));
    found
}
