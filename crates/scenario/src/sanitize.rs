//! Makes untrusted text from files, arguments and programs safe to print on a terminal.

use std::fmt::Write as _;

pub use contend_trace::printable::mask_dangerous;
use contend_trace::printable::{MAX_LINE as MAX_CHARACTERS, MAX_MARKS, is_combining_mark, is_dangerous};

/// Removes everything that could move the cursor, change colours, or reorder, hide or overlap text.
///
/// Line breaks and tabs become spaces, other dangerous characters become escapes (`\u{1b}`), combining marks beyond the
/// second on one letter are dropped, and a text of more than 2,000 characters is cut.
pub fn sanitize(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(MAX_CHARACTERS));
    let mut marks = 0;
    for (count, c) in text.chars().enumerate() {
        if count == MAX_CHARACTERS {
            out.push('…');
            break;
        }
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        match c {
            '\t' | '\n' | '\r' => out.push(' '),
            _ if marks > MAX_MARKS => {}
            _ if is_dangerous(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c)); // writing to a string cannot fail
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dangerous_characters_become_escapes() {
        assert_eq!(sanitize("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(sanitize("x\u{202e}y\u{9b}z\0"), "x\\u{202e}y\\u{9b}z\\u{0}");
        assert_eq!(sanitize("two\nlines\tand tab"), "two lines and tab");
        assert_eq!(sanitize("žluťoučký 🦀 日本"), "žluťoučký 🦀 日本");
    }

    #[test]
    fn at_most_two_combining_marks_are_kept_per_letter() {
        let flood = format!("a{}b", "\u{301}".repeat(1_000));
        assert_eq!(sanitize(&flood), "a\u{301}\u{301}b");
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(sanitize(&"x".repeat(1 << 20)).chars().count(), MAX_CHARACTERS + 1);
    }

    proptest! {
        #[test]
        fn no_dangerous_character_is_left(text in any::<String>()) {
            prop_assert!(!sanitize(&text).chars().any(is_dangerous));
        }
    }
}
