//! File patterns such as `*.txt`, `photo-??.jpg`, `[a-f]*` and `**/*.rs`.
//!
//! The `glob` crate matches names. This module adds the rules of the scenario language: case does not matter in any
//! alphabet (cameras write `IMG.JPG`), an extension alone is a pattern, a pattern stays below its directory, and only a
//! pattern that begins with a dot matches a hidden name. Each name is matched by itself: a whole path in one
//! `glob::Pattern` takes time exponential in the number of `*`.

use glob::{MatchOptions, Pattern};
use serde::{Deserialize, Serialize};

/// Options for a pattern and a name that are both in lower case and hold no separator.
const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: false, require_literal_leading_dot: false };

/// A pattern for a path below a directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Glob(Vec<PathPart>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum PathPart {
    /// `**`: any number of directories, or none.
    Directories,
    /// A pattern for one name, in lower case.
    Name(Pattern),
}

/// Why a text is not a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GlobError {
    #[error("`[` needs a closing `]` with at least one character between")]
    UnclosedBracket,
    #[error("a pattern names files below the directory, without a leading `/` and without `..`")]
    OutsideDirectory,
}

impl Glob {
    /// Parses a pattern, or an extension alone: `jpg` stands for `*.jpg`.
    ///
    /// # Errors
    /// If a bracket is not closed, or the pattern leads out of the directory.
    pub fn parse(text: &str) -> Result<Self, GlobError> {
        let extension = text.strip_prefix('.').unwrap_or(text);
        let is_extension = !extension.is_empty() && extension.chars().all(|c| c.is_ascii_alphanumeric());
        let text = if is_extension { format!("*.{extension}") } else { text.to_owned() };
        if text.starts_with('/') || text.split('/').any(|part| part == "..") {
            return Err(GlobError::OutsideDirectory);
        }
        let parts = text.split('/').filter(|part| !matches!(*part, "" | "."));
        let mut parts: Vec<PathPart> = parts.map(parse_part).collect::<Result<_, _>>()?;
        if parts.last() == Some(&PathPart::Directories) {
            parts.push(parse_part("*")?);
        }
        parts.dedup_by(|a, b| *a == PathPart::Directories && *b == PathPart::Directories);
        if parts.is_empty() { Err(GlobError::OutsideDirectory) } else { Ok(Self(parts)) }
    }

    /// Returns how many directories deep the pattern can match: 1 is the directory itself, `None` any depth.
    pub fn depth(&self) -> Option<usize> {
        (!self.0.contains(&PathPart::Directories)).then_some(self.0.len())
    }

    /// Returns whether the pattern matches the file at this path below the directory, given part by part.
    pub fn matches(&self, path: &[String]) -> bool {
        // reach[n]: the parts of the pattern so far match the first n parts of the path
        let mut reach = vec![false; path.len() + 1];
        reach[0] = true;
        for part in &self.0 {
            let mut next = vec![false; path.len() + 1];
            for at in 0..=path.len() {
                next[at] = match part {
                    PathPart::Directories => reach[at] || at > 0 && next[at - 1] && !path[at - 1].starts_with('.'),
                    PathPart::Name(pattern) => at > 0 && reach[at - 1] && matches_name(pattern, &path[at - 1]),
                };
            }
            reach = next;
        }
        reach[path.len()]
    }

    /// Returns the extension of the names that the pattern matches, if it gives one: `jpg` for `*.jpg`.
    pub fn extension(&self) -> Option<String> {
        let Some(PathPart::Name(pattern)) = self.0.last() else { return None };
        let (_, extension) = pattern.as_str().rsplit_once('.')?;
        let is_plain = !extension.is_empty() && extension.chars().all(|c| c.is_ascii_alphanumeric());
        is_plain.then(|| extension.to_owned())
    }
}

impl TryFrom<String> for Glob {
    type Error = GlobError;

    fn try_from(text: String) -> Result<Self, GlobError> {
        Self::parse(&text)
    }
}

impl From<Glob> for String {
    fn from(glob: Glob) -> Self {
        let parts = glob.0.iter().map(|part| match part {
            PathPart::Directories => "**",
            PathPart::Name(pattern) => pattern.as_str(),
        });
        // The leading `./` keeps a name of letters from being read as an extension.
        format!("./{}", parts.collect::<Vec<_>>().join("/"))
    }
}

fn parse_part(text: &str) -> Result<PathPart, GlobError> {
    if text == "**" {
        return Ok(PathPart::Directories);
    }
    let mut text = lower_case(text).replace("[^", "[!");
    while text.contains("**") {
        text = text.replace("**", "*");
    }
    Pattern::new(&text).map(PathPart::Name).map_err(|_| GlobError::UnclosedBracket)
}

fn matches_name(pattern: &Pattern, name: &str) -> bool {
    let is_hidden = name.starts_with('.');
    (!is_hidden || pattern.as_str().starts_with('.')) && pattern.matches_with(&lower_case(name), OPTIONS)
}

/// Lower case, character by character: `?` matches as many characters of a name as the name shows.
fn lower_case(text: &str) -> String {
    text.chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        let path: Vec<String> = path.split('/').map(str::to_owned).collect();
        Glob::parse(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}")).matches(&path)
    }

    #[test]
    fn patterns_match_names_as_in_a_shell() {
        for (pattern, yes, no) in [
            ("jpg", "a.jpg", "a.png"),
            (".tar.gz", ".tar.gz", "a.tar.gz"),
            ("*.tar.gz", "a.tar.gz", "tar.gz"),
            ("*", "anything at all", "a/b"),
            ("*.jpg", "IMG.JPG", ".hidden.jpg"),
            ("*.jpg", "a.jpg", ".jpg"),
            ("?a", "ba", ".a"),
            ("[.a]*", "a", ".a"),
            (".*", ".hidden", "seen"),
            ("photo-??.jpg", "photo-01.jpg", "photo-1.jpg"),
            ("[a-c]*[!0-9]", "bx", "b7"),
            ("[A-C]*[^0-9]", "bx", "b7"),
            ("a*b*c", "aXbXbXc", "aXbX"),
            ("a**c", "abc", "a/c"),
            ("a?c", "aéc", "ac"),
            ("É*", "été", "ete"),
            ("sub/*.txt", "sub/a.txt", "a.txt"),
            ("**/*.rs", "a/b/c.rs", "a/.git/c.rs"),
            ("**/*.rs", "c.rs", "c.rss"),
            ("src/**", "src/a/b", "a/b"),
        ] {
            assert!(matches(pattern, yes), "{pattern} matches {yes}");
            assert!(!matches(pattern, no), "{pattern} does not match {no}");
        }
    }

    #[test]
    fn patterns_outside_the_directory_and_open_brackets_are_refused() {
        for text in ["/etc/*", "../*", "a/../../b", "", "./"] {
            assert_eq!(Glob::parse(text), Err(GlobError::OutsideDirectory), "{text}");
        }
        for text in ["[ab", "[]", "[!]", "a[b/c]"] {
            assert_eq!(Glob::parse(text), Err(GlobError::UnclosedBracket), "{text}");
        }
    }

    #[test]
    fn extension_and_depth_come_from_the_pattern() {
        let extension = |text: &str| Glob::parse(text).expect("a pattern").extension();
        assert_eq!(extension("*.TXT").as_deref(), Some("txt"));
        assert_eq!(extension("jpg").as_deref(), Some("jpg"));
        assert_eq!((extension("*"), extension("*.t?t"), extension("*.")), (None, None, None));
        let depth = |text: &str| Glob::parse(text).expect("a pattern").depth();
        assert_eq!((depth("*"), depth("a/b/*"), depth("**/*")), (Some(1), Some(3), None));
    }

    #[test]
    fn a_pattern_with_many_stars_is_matched_soon() {
        let began = std::time::Instant::now();
        let pattern = format!("{}b/{}", "*a".repeat(40), "*a".repeat(40));
        assert!(!matches(&pattern, &format!("{}/{}", "a".repeat(250), "a".repeat(250))));
        assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
    }

    proptest! {
        #[test]
        fn any_pattern_is_refused_or_survives_being_written_and_read(
            pattern in "[a*?\\[\\]/.!^-]{0,30}",
            name in "[a.b/]{0,60}",
        ) {
            if let Ok(glob) = Glob::parse(&pattern) {
                let path: Vec<String> = name.split('/').map(str::to_owned).collect();
                let again = Glob::try_from(String::from(glob.clone())).expect("it is a pattern");
                prop_assert_eq!(glob.matches(&path), again.matches(&path));
                prop_assert_eq!(glob, again);
            }
        }

        #[test]
        fn a_name_without_wildcards_matches_itself(name in "[a-z_]{1,10}-[a-z]{1,3}") {
            prop_assert!(matches(&name, &name));
        }
    }
}
