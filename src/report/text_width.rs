//! Fits text into terminal columns: wraps it at spaces, or truncates it with an ellipsis.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How to treat a word that is wider than a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LongWord {
    /// Break it over lines.
    Break,
    /// Keep it whole, beyond the width.
    Overflow,
}

/// Breaks `text` at spaces into lines of at most `width` columns. A longer word is broken too. Line breaks stay.
pub(crate) fn wrap_text(text: &str, width: impl Into<usize>) -> Vec<String> {
    let width = width.into().max(1);
    text.lines().flat_map(|paragraph| wrap_words(paragraph, width, width, LongWord::Break)).collect()
}

/// Wraps one paragraph whose first line has only `first` columns of `width`. A longer word stays whole.
pub(crate) fn wrap_paragraph(text: &str, first: usize, width: usize) -> Vec<String> {
    wrap_words(text, first, width, LongWord::Overflow)
}

fn wrap_words(text: &str, first: usize, width: usize, long_word: LongWord) -> Vec<String> {
    let (mut lines, mut line, mut room) = (Vec::new(), String::new(), first);
    for word in words_with_units(text) {
        let word = word.as_str();
        if !line.is_empty() && line.width() + 1 + word.width() > room {
            lines.push(std::mem::take(&mut line));
            room = width;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        if long_word == LongWord::Overflow {
            line.push_str(word);
            continue;
        }
        for c in word.chars() {
            if line.width() >= room {
                lines.push(std::mem::take(&mut line));
                room = width;
            }
            line.push(c);
        }
    }
    lines.push(line);
    lines
}

/// Returns the words of a text; a unit stays with its number.
fn words_with_units(text: &str) -> Vec<String> {
    const UNITS: [&str; 6] = ["%", "ns", "\u{b5}s", "ms", "s", "min"];
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let is_unit = UNITS.contains(&word.trim_end_matches(['.', ',', ':', ';', ')']));
        match words.last_mut().filter(|number| is_unit && number.ends_with(|c: char| c.is_ascii_digit())) {
            Some(number) => *number = format!("{number} {word}"),
            None => words.push(word.to_owned()),
        }
    }
    words
}

/// Returns `text` in at most `width` columns, its end replaced by `ellipsis` when it is wider.
pub(crate) fn truncate(text: &str, width: usize, ellipsis: &str) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(ellipsis.width());
    let mut used = 0;
    let kept = text.chars().take_while(|c| {
        used += c.width().unwrap_or(0);
        used <= room
    });
    let mut out: String = kept.collect();
    out.push_str(if width >= ellipsis.width() { ellipsis } else { "" });
    out
}

/// Like [`truncate`], but keeps the number of a numbered name: `philosopher-12` becomes `phil…-12`.
pub(crate) fn truncate_name(name: &str, width: usize, ellipsis: &str) -> String {
    let Some((kind, number)) = name.rsplit_once('-').filter(|(_, n)| n.bytes().all(|b| b.is_ascii_digit())) else {
        return truncate(name, width, ellipsis);
    };
    let room = width.saturating_sub(number.len() + 1);
    if name.width() <= width || room <= ellipsis.width() {
        return truncate(name, width, ellipsis);
    }
    format!("{}-{number}", truncate(kind, room, ellipsis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_and_unit_stay_on_one_line() {
        assert_eq!(wrap_text("without a core 75 %, and", 19_usize), ["without a core", "75 %, and"]);
        assert_eq!(wrap_text("it took 20 ms.", 11_usize), ["it took", "20 ms."]);
        assert_eq!(wrap_text("a s b", 3_usize), ["a s", "b"]);
    }

    #[test]
    fn truncation_counts_columns_not_characters() {
        assert_eq!(truncate("worker", 6, "…"), "worker");
        assert_eq!(truncate("workers", 6, "…"), "worke…");
        assert_eq!(truncate("漢字漢字", 5, "…"), "漢字…");
        assert_eq!(truncate("abc", 0, "…"), "");
    }

    #[test]
    fn truncated_name_keeps_its_number() {
        assert_eq!(truncate_name("philosopher-12", 8, "…"), "phil…-12");
        assert_eq!(truncate_name("philosopher-12", 14, "…"), "philosopher-12");
        assert_eq!(truncate_name("philosopher-12", 4, "…"), "phi…");
        assert_eq!(truncate_name("account-lock", 8, "…"), "account…");
    }

    #[test]
    fn text_wraps_at_spaces_and_breaks_long_words() {
        assert_eq!(wrap_text("one two three", 7_usize), ["one two", "three"]);
        assert_eq!(wrap_text("abcdefgh", 3_usize), ["abc", "def", "gh"]);
        assert_eq!(wrap_text("", 3_usize), Vec::<String>::new());
        assert_eq!(wrap_text("a b", 0_usize), ["a", "b"]);
        assert_eq!(wrap_text("one\ntwo", 9_usize), ["one", "two"]);
    }

    #[test]
    fn paragraph_begins_in_a_shorter_line_and_keeps_long_words_whole() {
        assert_eq!(wrap_paragraph("one two three four", 4, 9), ["one", "two three", "four"]);
        assert_eq!(wrap_paragraph("a /a/long/path b", 3, 5), ["a", "/a/long/path", "b"]);
        assert_eq!(wrap_paragraph("", 3, 5), [""]);
    }
}
