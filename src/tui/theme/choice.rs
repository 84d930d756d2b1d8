//! Which theme is shown: by the terminal's background, or the one that the user chose.

use super::depth::Depth;
use super::own::OwnTheme;
use super::palette::{Ground, Palette};
use super::{Theme, ThemeName};

/// The themes that there are, the terminal that shows them, and which one is chosen.
#[derive(Debug, Clone, Copy)]
pub struct Themes {
    own: &'static [OwnTheme],
    /// Place among the names; `None` for the one that suits the background.
    chosen: Option<usize>,
    ground: Ground,
    depth: Depth,
    has_unicode: bool,
}

impl Themes {
    /// Returns the built-in themes on a terminal with so many colours, of which the background decides.
    pub const fn new(depth: Depth, has_unicode: bool) -> Self {
        Self { own: &[], chosen: None, ground: Ground::Dark, depth, has_unicode }
    }

    /// Adds the user's own themes, once in the life of the program.
    pub fn with_own(self, own: Vec<OwnTheme>) -> Self {
        Self { own: Box::leak(own.into_boxed_slice()), ..self }
    }

    /// Returns the same on a terminal with this background.
    pub const fn on_ground(self, ground: Ground) -> Self {
        Self { ground, ..self }
    }

    /// Returns the names of all themes, in the order in which a key goes through them.
    pub fn names(&self) -> Vec<&'static str> {
        let own = self.own.iter().map(|own| own.dark.name);
        ThemeName::ALL.iter().map(|theme| theme.name()).chain(own).collect()
    }

    /// Returns the same with the theme of this name chosen; `None` if there is none.
    pub fn choose(self, name: &str) -> Option<Self> {
        let chosen = self.names().iter().position(|of| *of == name)?;
        Some(Self { chosen: Some(chosen), ..self })
    }

    /// Returns the same with the next theme chosen.
    pub(in crate::tui) fn next(self) -> Self {
        let next = (self.place() + 1) % (ThemeName::ALL.len() + self.own.len());
        Self { chosen: Some(next), ..self }
    }

    /// Returns what to say about the shown theme.
    pub(in crate::tui) fn describe(&self) -> String {
        let name = self.palette().name;
        match (self.theme().has_colour(), self.depth) {
            (false, Depth::None) => format!("Theme {name}; colours are off (NO_COLOR, --color)"),
            (true, Depth::Ansi16) => format!("Theme {name}, in the terminal's sixteen colours"),
            _ => format!("Theme {name}"),
        }
    }

    /// Whether colours are shown, so that the background matters.
    pub(in crate::tui) const fn has_colour(&self) -> bool {
        !matches!(self.depth, Depth::None)
    }

    pub fn theme(&self) -> Theme {
        Theme::of_palette(self.palette(), self.ground, self.depth, self.has_unicode)
    }

    fn place(&self) -> usize {
        let suitable = match self.ground {
            Ground::Dark => ThemeName::Dark,
            Ground::Light => ThemeName::Light,
        };
        self.chosen.unwrap_or(suitable as usize)
    }

    fn palette(&self) -> &'static Palette {
        let place = self.place();
        match (ThemeName::ALL.get(place), self.ground) {
            (Some(theme), ground) => theme.palette(ground),
            (None, Ground::Dark) => &self.own[place - ThemeName::ALL.len()].dark,
            (None, Ground::Light) => &self.own[place - ThemeName::ALL.len()].light,
        }
    }
}

/// The themes of a terminal that shows this one.
impl From<Theme> for Themes {
    fn from(theme: Theme) -> Self {
        let ground = match (theme.paints_background, theme.palette.ground) {
            (false, ground) => ground,
            (true, Ground::Dark) => Ground::Light,
            (true, Ground::Light) => Ground::Dark,
        };
        let new = Self::new(theme.depth, theme.has_unicode).on_ground(ground);
        new.choose(theme.palette.name).unwrap_or(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn background_decides_until_a_theme_is_chosen() {
        let themes = Themes::new(Depth::TrueColor, true);
        assert_eq!(themes.theme(), Theme::dark());
        assert_eq!(themes.on_ground(Ground::Light).describe(), "Theme light");
        let chosen = themes.on_ground(Ground::Light).choose("dark").expect("a theme");
        assert_eq!(chosen.describe(), "Theme dark");
        assert!(themes.choose("drak").is_none());
    }

    #[test]
    fn every_theme_comes_up_once_in_a_round() {
        let first = Themes::new(Depth::Indexed256, true);
        let mut themes = first;
        let mut seen = Vec::new();
        for _ in 0..first.names().len() {
            seen.push(themes.describe());
            themes = themes.next();
        }
        assert_eq!(seen, first.names().iter().map(|name| format!("Theme {name}")).collect::<Vec<_>>());
        assert_eq!(themes.theme(), first.theme());
        assert_eq!(Themes::from(first.next().theme()).theme(), first.next().theme());
    }

    #[test]
    fn terminal_without_colours_says_so() {
        let themes = Themes::new(Depth::None, true);
        assert_eq!(themes.next().describe(), "Theme light; colours are off (NO_COLOR, --color)");
        let themes = Themes::new(Depth::Ansi16, true);
        assert_eq!(themes.describe(), "Theme dark, in the terminal's sixteen colours");
        assert_eq!(themes.choose("mono").expect("a theme").describe(), "Theme mono");
    }
}
