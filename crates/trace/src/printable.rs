//! Makes text from other programs safe to print on a terminal: names of workers, texts of marks, lines of an output.

use std::borrow::Cow;

/// Longest line kept, in characters; an ellipsis replaces the rest.
pub const MAX_LINE: usize = 2_000;

/// Combining marks kept per letter: enough for every written language, too few to overlap the line above.
pub const MAX_MARKS: usize = 2;

/// Returns a text as one line: line breaks and tabs become spaces, other dangerous characters are
/// [masked](mask_dangerous), and a text of more than [`MAX_LINE`] characters is cut. Masking a text twice changes
/// nothing more.
///
/// The model passes everything through it that a source, a recording or a worker names, so that a live run and its
/// replay have the same names.
pub fn mask_line(text: &str) -> Cow<'_, str> {
    if is_printable_line(text) {
        return Cow::Borrowed(text);
    }
    let kept = text.char_indices().nth(MAX_LINE).map_or(text, |(end, _)| &text[..end]);
    let mut line = mask_dangerous(kept).replace(['\t', '\n'], " ");
    if kept.len() < text.len() {
        line.push('…');
    }
    Cow::Owned(line)
}

/// Whether [`mask_line`] certainly leaves a text as it is.
pub fn is_printable_line(text: &str) -> bool {
    text.len() <= MAX_LINE && !text.chars().any(|c| is_dangerous(c) || is_combining_mark(c))
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
pub fn is_dangerous(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0e}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
}

/// Returns whether a character draws over the letter before it: the Unicode blocks that hold only such marks.
pub fn is_combining_mark(c: char) -> bool {
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
    fn name_stays_on_one_line() {
        assert_eq!(mask_line("teller 1"), "teller 1");
        assert_eq!(mask_line("two\r\nlines\tand tab"), "two? lines and tab");
        assert_eq!(mask_line("\u{1b}]0;x\u{7}\u{202e}"), "?]0;x?\u{fffd}");
        assert_eq!(mask_line("žluťoučký 🦀 日本 e\u{301}"), "žluťoučký 🦀 日本 e\u{301}");
        assert_eq!(mask_line(&"x".repeat(1 << 20)).chars().count(), MAX_LINE + 1);
    }

    proptest! {
        #[test]
        fn masking_keeps_all_byte_offsets(text in any::<String>()) {
            let masked = mask_dangerous(&text);
            prop_assert!(masked.char_indices().map(|(i, _)| i).eq(text.char_indices().map(|(i, _)| i)));
            prop_assert!(!masked.chars().any(|c| is_dangerous(c) && c != '\n' && c != '\t'));
        }

        #[test]
        fn masked_line_has_no_dangerous_character_and_is_masked_once(text in any::<String>(), times in 1_usize..900) {
            let text = text.repeat(times);
            let line = mask_line(&text).into_owned();
            prop_assert!(!line.chars().any(is_dangerous));
            prop_assert!(line.chars().count() <= MAX_LINE + 1);
            prop_assert_eq!(mask_line(&line), line.as_str());
            // What a recording masks first, for places in its scenario's text, comes out the same.
            let masked = mask_dangerous(&text);
            prop_assert_eq!(mask_line(&masked), line.as_str());
        }
    }
}
