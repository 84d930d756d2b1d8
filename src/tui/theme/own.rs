//! Themes of the user's own: a built-in one with some colours changed.

use std::str::FromStr;

use ratatui::style::Color;

use super::ThemeName;
use super::colour_space::{contrast, mix, rgb_of};
use super::palette::{Ground, Palette};
use super::role::Role;
use crate::trace::State;

/// Least contrast of a state's letters against the background.
const TEXT_CONTRAST: f64 = 4.5;

/// A theme of the user's own: a palette for each background.
#[derive(Debug)]
pub struct OwnTheme {
    pub(super) dark: Palette,
    pub(super) light: Palette,
}

/// A colour that a theme can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThemeColour(Color);

impl ThemeColour {
    /// Reads `#5fb877`, a name of the terminal's own colours, or a number of the 256.
    pub fn parse(text: &str) -> Option<Self> {
        let colour = Color::from_str(text).ok().filter(|colour| *colour != Color::Reset)?;
        Some(Self(match colour {
            Color::Indexed(index @ 0..16) => super::colour_space::NAMED[usize::from(index)],
            other => other,
        }))
    }
}

impl OwnTheme {
    /// Returns a theme of this name with the colours of another.
    pub fn based_on(name: &str, base: ThemeName) -> Self {
        let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
        let of = |ground| Palette { name, ..base.palette(ground).clone() };
        Self { dark: of(Ground::Dark), light: of(Ground::Light) }
    }

    pub const fn name(&self) -> &str {
        self.dark.name
    }

    /// Returns the names of all colours.
    pub fn colour_names() -> Vec<&'static str> {
        let states = State::ALL.into_iter().map(state_name);
        let roles = Role::ALL.into_iter().filter(|role| !is_terminals_own(*role)).map(role_name);
        states.chain(roles).chain(["background", "text"]).collect()
    }

    /// Changes one colour; a name that is not among [`OwnTheme::colour_names`] changes nothing.
    pub fn set(&mut self, name: &str, ThemeColour(colour): ThemeColour) {
        for palette in [&mut self.dark, &mut self.light] {
            if name == "background" {
                palette.background = colour;
            } else if name == "text" {
                palette.text = colour;
            } else if let Some(state) = State::ALL.into_iter().find(|state| state_name(*state) == name) {
                palette.states[state.index()] = colour;
                palette.inks[state.index()] = readable(colour, palette.background);
            } else if let Some(role) = Role::ALL.into_iter().find(|role| role_name(*role) == name) {
                palette.roles[role as usize] = colour;
            }
        }
    }

    /// Gives the workers these colours, again and again.
    pub fn set_workers(&mut self, colours: &[ThemeColour]) {
        for palette in [&mut self.dark, &mut self.light] {
            for (own, ThemeColour(colour)) in palette.identities.iter_mut().zip(colours.iter().cycle()) {
                *own = *colour;
            }
        }
    }
}

/// Returns the colour, lighter or darker if it could not be read on this background.
fn readable(colour: Color, background: Color) -> Color {
    let (Color::Rgb(..), Some(own), Some(ground)) = (colour, rgb_of(colour), rgb_of(background)) else { return colour };
    let end = if contrast(ground, [255; 3]) > contrast(ground, [0; 3]) { [255; 3] } else { [0; 3] };
    let steps = (0..=20).map(|step| mix(end, own, f64::from(step) / 20.0));
    let found = steps.into_iter().find(|mixed| contrast(*mixed, ground) >= TEXT_CONTRAST).unwrap_or(end);
    Color::Rgb(found[0], found[1], found[2])
}

/// Roles that are the terminal's own text.
const fn is_terminals_own(role: Role) -> bool {
    matches!(role, Role::Text | Role::Strong)
}

const fn state_name(state: State) -> &'static str {
    match state {
        State::Running => "running",
        State::Ready => "ready",
        State::Lock => "lock",
        State::Empty => "no-work",
        State::Full => "full",
        State::Signal => "signal",
        State::Io => "io",
        State::Handover => "hand-over",
        State::Sleep => "sleep",
        State::Done => "done",
        State::Crashed => "crashed",
        State::Gap => "gap",
        State::Gil => "gil",
        State::OffCore => "off-core",
    }
}

const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Text => "text",
        Role::Faint => "faint",
        Role::Guide => "guide",
        Role::Strong => "strong",
        Role::Good => "good",
        Role::Warning => "warning",
        Role::Error => "error",
        Role::Note => "note",
        Role::Mark => "mark",
        Role::Queue => "queue",
        Role::Response => "response",
        Role::Throughput => "throughput",
        Role::Capacity => "capacity",
        Role::CoreOurs => "core-ours",
        Role::CoreOthers => "core-others",
        Role::Selection => "selection",
        Role::Tab => "tab",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::{Depth, Themes};

    fn colour(text: &str) -> ThemeColour {
        ThemeColour::parse(text).unwrap_or_else(|| panic!("{text} is a colour"))
    }

    #[test]
    fn colours_have_three_forms() {
        assert_eq!(colour("#5fb877").0, Color::Rgb(0x5f, 0xb8, 0x77));
        assert_eq!(colour("light-blue").0, Color::LightBlue);
        assert_eq!(colour("2").0, Color::Green);
        assert_eq!(colour("208").0, Color::Indexed(208));
        for text in ["", "#12", "#gggggg", "greenish", "256", "-1", "reset"] {
            assert_eq!(ThemeColour::parse(text), None, "{text}");
        }
    }

    #[test]
    fn own_theme_changes_only_what_it_names() {
        let mut own = OwnTheme::based_on("mine", ThemeName::Dark);
        own.set("lock", colour("#400000"));
        own.set("queue", colour("#102030"));
        own.set_workers(&[colour("#111111"), colour("#222222")]);
        let themes = Themes::new(Depth::TrueColor, true).with_own(vec![own]).choose("mine").expect("it is there");
        let theme = themes.theme();
        assert_eq!(theme.state_colour(State::Lock), Color::Rgb(0x40, 0, 0));
        assert_ne!(theme.state_style(State::Lock).fg, Some(Color::Rgb(0x40, 0, 0)), "letters are lighter");
        assert_eq!(theme.colour(Role::Queue), Color::Rgb(0x10, 0x20, 0x30));
        assert_eq!(theme.identity_colour(3), Color::Rgb(0x22, 0x22, 0x22));
        assert_eq!(theme.state_colour(State::Io), super::super::Theme::dark().state_colour(State::Io));
        assert_eq!(themes.next().theme(), super::super::Theme::dark(), "it is the last of the round");
    }

    #[test]
    fn every_colour_can_be_set() {
        for name in OwnTheme::colour_names() {
            let mut own = OwnTheme::based_on("mine", ThemeName::HighContrast);
            let before = format!("{own:?}");
            own.set(name, colour("#123456"));
            assert_ne!(format!("{own:?}"), before, "{name}");
        }
    }
}
