//! A key with the name that help and configuration use.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key as the terminal reports it. Shift is part of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    pub(super) code: KeyCode,
    pub(super) has_control: bool,
}

/// Why a text names no key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyNameError {
    pub title: String,
    pub help: String,
}

/// Keys with names, and other words for them, in lower case.
const NAMED: [(&str, KeyCode, &[&str]); 17] = [
    ("Space", KeyCode::Char(' '), &[]),
    ("Enter", KeyCode::Enter, &["return"]),
    ("Esc", KeyCode::Esc, &["escape"]),
    ("Tab", KeyCode::Tab, &[]),
    ("Shift-Tab", KeyCode::BackTab, &["backtab"]),
    ("Backspace", KeyCode::Backspace, &[]),
    ("Delete", KeyCode::Delete, &["del"]),
    ("Insert", KeyCode::Insert, &["ins"]),
    ("Home", KeyCode::Home, &[]),
    ("End", KeyCode::End, &[]),
    ("PgUp", KeyCode::PageUp, &["pageup"]),
    ("PgDn", KeyCode::PageDown, &["pagedown", "pgdown"]),
    ("Up", KeyCode::Up, &[]),
    ("Down", KeyCode::Down, &[]),
    ("Left", KeyCode::Left, &[]),
    ("Right", KeyCode::Right, &[]),
    ("Minus", KeyCode::Char('-'), &[]),
];

impl Key {
    /// Reads a key's name: `q`, `Space`, `F5`, `Ctrl-X`.
    ///
    /// # Errors
    /// When no key has that name, or the terminal does not tell it from another.
    pub fn parse(text: &str) -> Result<Self, KeyNameError> {
        let mut characters = text.chars();
        if let (Some(c), None) = (characters.next(), characters.next())
            && !c.is_control()
        {
            return Ok(Self { code: KeyCode::Char(c), has_control: false });
        }
        let lower = text.to_ascii_lowercase();
        if let Some(rest) = lower.strip_prefix("ctrl-") {
            return parse_control(text, rest);
        }
        if lower.starts_with("alt-") || lower.starts_with("meta-") {
            let help = "the terminal sends Esc and the key; choose another";
            return Err(KeyNameError { title: format!("`{text}` cannot be told from Esc"), help: help.into() });
        }
        let is_named = |(name, _, others): &&(&str, KeyCode, &[&str])| {
            name.eq_ignore_ascii_case(&lower) || others.contains(&lower.as_str())
        };
        if let Some((_, code, _)) = NAMED.iter().find(is_named) {
            return Ok(Self { code: *code, has_control: false });
        }
        if let Some(number) =
            lower.strip_prefix('f').and_then(|number| number.parse().ok()).filter(|n| (1..=12).contains(n))
        {
            return Ok(Self { code: KeyCode::F(number), has_control: false });
        }
        Err(no_key(text, &lower))
    }

    pub fn name(self) -> String {
        let name = match self.code {
            KeyCode::Char('-') => "-".into(),
            KeyCode::F(n) => format!("F{n}"),
            code => match (NAMED.iter().find(|(_, of, _)| *of == code), code) {
                (Some((name, ..)), _) => (*name).to_owned(),
                (None, KeyCode::Char(c)) => c.to_string(),
                (None, other) => format!("{other:?}"),
            },
        };
        if self.has_control { format!("Ctrl-{}", name.to_uppercase()) } else { name }
    }
}

fn parse_control(text: &str, letter: &str) -> Result<Key, KeyNameError> {
    match letter.chars().next().filter(|_| letter.len() == 1) {
        Some('i' | 'm') => {
            let other = if letter == "i" { "Tab" } else { "Enter" };
            let title = format!("`{text}` cannot be told from {other}");
            Err(KeyNameError { title, help: format!("write \"{other}\", or choose another key") })
        }
        Some(c @ 'a'..='z') => Ok(Key { code: KeyCode::Char(c), has_control: true }),
        _ => {
            let help = "write Ctrl- and a letter, such as \"Ctrl-X\"".to_owned();
            Err(KeyNameError { title: format!("no key is called `{text}`"), help })
        }
    }
}

fn no_key(text: &str, lower: &str) -> KeyNameError {
    let letter = lower.strip_prefix("shift-").filter(|letter| letter.chars().count() == 1);
    let names = || NAMED.iter().map(|(name, ..)| *name);
    let lowered: Vec<String> = names().map(str::to_ascii_lowercase).collect();
    let near = crate::scenario::suggest(lower, lowered.iter().map(String::as_str));
    let near = near.and_then(|near| names().find(|name| name.eq_ignore_ascii_case(near)));
    let help = match (letter, near) {
        (Some(letter), _) => format!("write the character that Shift makes, such as \"{}\"", letter.to_uppercase()),
        (None, Some(near)) => format!("did you mean \"{near}\"?"),
        (None, None) => {
            "write a character, a name such as \"Enter\", \"F5\" or \"PgUp\", or Ctrl- and a letter".to_owned()
        }
    };
    KeyNameError { title: format!("no key is called `{text}`"), help }
}

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Self {
        Self { code: event.code, has_control: event.modifiers.contains(KeyModifiers::CONTROL) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_keys_are_read_back() {
        let letters = ('!'..='~').map(|c| Key { code: KeyCode::Char(c), has_control: false });
        let controls = ('a'..='z').filter(|c| !matches!(c, 'i' | 'm'));
        let controls = controls.map(|c| Key { code: KeyCode::Char(c), has_control: true });
        let named = NAMED.iter().map(|(_, code, _)| Key { code: *code, has_control: false });
        let functions = (1..=12).map(|n| Key { code: KeyCode::F(n), has_control: false });
        for key in letters.chain(controls).chain(named).chain(functions) {
            assert_eq!(Key::parse(&key.name()), Ok(key), "{}", key.name());
        }
        assert_eq!(Key::parse("pageup"), Key::parse("PgUp"));
        assert_eq!(Key::parse("ctrl-x").map(Key::name), Ok("Ctrl-X".to_owned()));
    }

    #[test]
    fn wrong_names_have_a_cure() {
        let help = |text| Key::parse(text).expect_err("no key").help;
        assert_eq!(help("entr"), "did you mean \"Enter\"?");
        assert_eq!(help("Shift-k"), "write the character that Shift makes, such as \"K\"");
        assert!(help("Ctrl-I").contains("\"Tab\""));
        assert!(help("Alt-x").contains("Esc"));
        assert!(help("Ctrl-Enter").contains("Ctrl- and a letter"));
        for text in ["", "F0", "F13", "hello", "\n", "\u{1b}", "Ctrl-"] {
            assert!(Key::parse(text).is_err(), "{text:?}");
        }
    }
}
