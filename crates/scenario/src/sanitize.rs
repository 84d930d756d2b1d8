//! Makes untrusted text from files, arguments and programs safe to print on a terminal.

use std::fmt::Write as _;

/// Longest text kept, in characters; an ellipsis replaces the rest.
const MAX_CHARACTERS: usize = 2_000;

/// Combining marks kept per letter: enough for every written language, too few to overlap the line above.
const MAX_MARKS: usize = 2;

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

/// Replaces each dangerous character with a harmless one of the same length in bytes, so that byte offsets into the
/// text stay valid. Tabs and line breaks stay.
pub fn mask_dangerous(text: &str) -> String {
    let mut marks = 0;
    text.chars()
        .map(|c| {
            marks = if is_combining_mark(c) { marks + 1 } else { 0 };
            match c {
                '\t' | '\n' => c,
                _ if marks > MAX_MARKS || is_dangerous(c) => match c.len_utf8() {
                    1 => '?',
                    2 => '¿',
                    3 => '\u{fffd}',
                    _ => '🚫',
                },
                _ => c,
            }
        })
        .collect()
}

/// Returns whether a character is a control character or invisibly reorders, hides or breaks text.
fn is_dangerous(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0e}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
}

/// Returns whether a character draws over the letter before it: the Unicode blocks that hold only such marks.
fn is_combining_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}' | '\u{610}'..='\u{61a}'
        | '\u{64b}'..='\u{65f}' | '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}'
        | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe0f}'
        | '\u{fe20}'..='\u{fe2f}')
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

        #[test]
        fn masking_keeps_all_byte_offsets(text in any::<String>()) {
            let masked = mask_dangerous(&text);
            prop_assert!(masked.char_indices().map(|(i, _)| i).eq(text.char_indices().map(|(i, _)| i)));
            prop_assert!(!masked.chars().any(|c| is_dangerous(c) && c != '\n' && c != '\t'));
        }
    }
}
