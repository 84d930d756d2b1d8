//! Patterns for names of files, as a shell has them: `*.txt`, `photo-??.jpg`, `[a-f]*`, `**/*.rs`.
//!
//! Upper and lower case are the same: cameras write `IMG.JPG`. What begins with a dot is only meant by a pattern that does.

use serde::{Deserialize, Serialize};

/// A pattern for a path below a directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Glob(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Part {
    /// `**`: any number of directories, or none.
    Directories,
    Name(Vec<Sign>),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Sign {
    /// This character, in lower case.
    Is(char),
    /// `?`
    One,
    /// `*`
    Some,
    /// `[a-z_]`, or `[!a-z_]` for any other.
    Among { not: bool, ranges: Vec<(char, char)> },
}

/// Why a text is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GlobError {
    #[error("a `[` is not closed")]
    Open,
    #[error("a pattern is about names below the directory")]
    Outside,
}

impl Glob {
    /// A pattern, or an ending alone: `jpg` is `*.jpg`.
    ///
    /// # Errors
    /// If a bracket is open, or the pattern leads out of the directory.
    pub fn parse(text: &str) -> Result<Self, GlobError> {
        let ending = text.strip_prefix('.').unwrap_or(text);
        let plain = !ending.is_empty() && ending.chars().all(|c| c.is_ascii_alphanumeric());
        let text = if plain { format!("*.{ending}") } else { text.to_owned() };
        if text.starts_with('/') || text.split('/').any(|part| part == "..") {
            return Err(GlobError::Outside);
        }
        let parts = text.split('/').filter(|part| !matches!(*part, "" | "."));
        let mut parts: Vec<Part> = parts.map(part).collect::<Result<_, _>>()?;
        if parts.last() == Some(&Part::Directories) {
            parts.push(Part::Name(vec![Sign::Some]));
        }
        parts.dedup_by(|a, b| *a == Part::Directories && *b == Part::Directories);
        if parts.is_empty() { Err(GlobError::Outside) } else { Ok(Self(parts)) }
    }

    /// How many directories deep it can match: 1 is in the directory itself. `None`: any.
    pub fn depth(&self) -> Option<usize> {
        (!self.0.contains(&Part::Directories)).then_some(self.0.len())
    }

    /// Whether it means the file at this path below the directory, part by part.
    pub fn matches(&self, path: &[String]) -> bool {
        // reach[n]: the parts of the pattern so far can stand for the first n of the path
        let mut reach = vec![false; path.len() + 1];
        reach[0] = true;
        for part in &self.0 {
            let mut next = vec![false; path.len() + 1];
            for at in 0..=path.len() {
                next[at] = match part {
                    Part::Directories => reach[at] || at > 0 && next[at - 1] && !path[at - 1].starts_with('.'),
                    Part::Name(signs) => at > 0 && reach[at - 1] && is_named(&path[at - 1], signs),
                };
            }
            reach = next;
        }
        reach[path.len()]
    }

    /// The ending of the names it means, if it has one: `jpg` of `*.jpg`.
    pub fn ending(&self) -> Option<String> {
        let Some(Part::Name(signs)) = self.0.last() else { return None };
        let dot = signs.iter().rposition(|sign| *sign == Sign::Is('.'))?;
        let letters = signs[dot + 1..].iter().map(|sign| match sign {
            Sign::Is(c) if c.is_ascii_alphanumeric() => Some(*c),
            _ => None,
        });
        letters.collect::<Option<String>>().filter(|ending| !ending.is_empty())
    }
}

fn part(text: &str) -> Result<Part, GlobError> {
    if text == "**" {
        return Ok(Part::Directories);
    }
    let mut signs: Vec<Sign> = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let sign = match c {
            '*' if signs.last() == Some(&Sign::Some) => continue,
            '*' => Sign::Some,
            '?' => Sign::One,
            '[' => {
                let (inside, after) = rest.as_str().split_once(']').ok_or(GlobError::Open)?;
                let negated = inside.strip_prefix('!').or_else(|| inside.strip_prefix('^'));
                let sign = Sign::Among { not: negated.is_some(), ranges: ranges(negated.unwrap_or(inside)) };
                rest = after.chars();
                sign
            }
            c => Sign::Is(lower(c)),
        };
        signs.push(sign);
    }
    Ok(Part::Name(signs))
}

fn ranges(inside: &str) -> Vec<(char, char)> {
    let mut ranges = Vec::new();
    let mut rest = inside.chars().map(lower).peekable();
    while let Some(from) = rest.next() {
        let mut ahead = rest.clone();
        match (ahead.next(), ahead.next()) {
            (Some('-'), Some(to)) => {
                ranges.push((from, to));
                rest = ahead;
            }
            _ => ranges.push((from, from)),
        }
    }
    ranges
}

fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// Goes back to the last `*` only: an earlier one could not do better.
fn is_named(name: &str, signs: &[Sign]) -> bool {
    if name.starts_with('.') && signs.first() != Some(&Sign::Is('.')) {
        return false;
    }
    let name: Vec<char> = name.chars().map(lower).collect();
    let (mut at, mut sign, mut star) = (0, 0, None);
    while at < name.len() {
        match signs.get(sign) {
            Some(Sign::Some) => {
                star = Some((sign, at));
                sign += 1;
            }
            Some(wanted) if is_one(name[at], wanted) => (at, sign) = (at + 1, sign + 1),
            _ => match star {
                Some((from, taken)) => {
                    star = Some((from, taken + 1));
                    (at, sign) = (taken + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    signs[sign..].iter().all(|sign| *sign == Sign::Some)
}

fn is_one(c: char, sign: &Sign) -> bool {
    match sign {
        Sign::Is(wanted) => c == *wanted,
        Sign::One => true,
        Sign::Some => false,
        Sign::Among { not, ranges } => *not != ranges.iter().any(|(from, to)| (*from..=*to).contains(&c)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn means(pattern: &str, path: &str) -> bool {
        let path: Vec<String> = path.split('/').map(str::to_owned).collect();
        Glob::parse(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}")).matches(&path)
    }

    #[test]
    fn names_are_matched_as_a_shell_does() {
        for (pattern, yes, no) in [
            ("jpg", "a.jpg", "a.png"),
            (".tar.gz", ".tar.gz", "a.tar.gz"),
            ("*.tar.gz", "a.tar.gz", "tar.gz"),
            ("*", "anything at all", "a/b"),
            ("*.jpg", "IMG.JPG", ".hidden.jpg"),
            (".*", ".hidden", "seen"),
            ("photo-??.jpg", "photo-01.jpg", "photo-1.jpg"),
            ("[a-c]*[!0-9]", "bx", "b7"),
            ("a*b*c", "aXbXbXc", "aXbX"),
            ("a?c", "aéc", "ac"),
            ("sub/*.txt", "sub/a.txt", "a.txt"),
            ("**/*.rs", "a/b/c.rs", "a/.git/c.rs"),
            ("**/*.rs", "c.rs", "c.rss"),
            ("src/**", "src/a/b", "a/b"),
        ] {
            assert!(means(pattern, yes), "{pattern} means {yes}");
            assert!(!means(pattern, no), "{pattern} does not mean {no}");
        }
    }

    #[test]
    fn what_leads_elsewhere_is_no_pattern() {
        for text in ["/etc/*", "../*", "a/../../b", "", "./"] {
            assert_eq!(Glob::parse(text), Err(GlobError::Outside), "{text}");
        }
        assert_eq!(Glob::parse("[ab"), Err(GlobError::Open));
    }

    #[test]
    fn it_knows_its_ending_and_how_deep_it_goes() {
        let ending = |text: &str| Glob::parse(text).expect("a pattern").ending();
        assert_eq!(ending("*.TXT").as_deref(), Some("txt"));
        assert_eq!(ending("jpg").as_deref(), Some("jpg"));
        assert_eq!((ending("*"), ending("*.t?t"), ending("*.")), (None, None, None));
        let depth = |text: &str| Glob::parse(text).expect("a pattern").depth();
        assert_eq!((depth("*"), depth("a/b/*"), depth("**/*")), (Some(1), Some(3), None));
    }

    proptest! {
        #[test]
        fn no_pattern_and_no_name_is_too_much(pattern in "[a*?\\[\\]/.!-]{0,30}", name in "[a.b/]{0,60}") {
            if let Ok(glob) = Glob::parse(&pattern) {
                let path: Vec<String> = name.split('/').map(str::to_owned).collect();
                let _ = glob.matches(&path);
            }
        }

        #[test]
        fn a_name_means_itself(name in "[a-z_]{1,10}-[a-z]{1,3}") {
            prop_assert!(means(&name, &name));
        }
    }
}
