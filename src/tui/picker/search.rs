//! The search of the picker: every word of the filter must stand in a scenario's texts.

use std::ops::Range;

use unicode_width::UnicodeWidthChar;

/// The words of a filter, in lower case.
#[derive(Debug, Clone, Default)]
pub(in crate::tui) struct SearchWords(Vec<Vec<char>>);

impl SearchWords {
    pub(in crate::tui) fn of(filter: &str) -> Self {
        Self(filter.split_whitespace().map(|word| word.chars().map(fold).collect()).collect())
    }

    pub(in crate::tui) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the text, which is [folded](fold_text), contains every word.
    pub(super) fn are_in(&self, folded: &[char]) -> bool {
        self.0.iter().all(|word| folded.windows(word.len()).any(|part| part == *word))
    }

    /// Returns the columns of a text where a word stands, in no order.
    pub(in crate::tui) fn columns_in(&self, text: &str) -> Vec<Range<u16>> {
        if self.is_empty() {
            return Vec::new();
        }
        let folded = fold_text(text);
        let mut columns = vec![0_u16];
        for c in text.chars() {
            let width = u16::try_from(c.width().unwrap_or(0)).unwrap_or(0);
            columns.push(columns.last().copied().unwrap_or(0).saturating_add(width));
        }
        let at = |word: &[char]| {
            let starts = folded.windows(word.len()).enumerate().filter(|(_, part)| *part == word);
            starts.map(|(start, _)| columns[start]..columns[start + word.len()]).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(|word| at(word)).collect()
    }
}

/// Returns the text in lower case, a character for each of its characters.
pub(super) fn fold_text(text: &str) -> Vec<char> {
    text.chars().map(fold).collect()
}

fn fold(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_must_be_found_in_any_order_and_case() {
        let text = fold_text("Lock contention: one lock, many workers");
        for (filter, found) in
            [("", true), ("lock", true), ("WORK lock", true), ("lock queue", false), ("  many  ", true)]
        {
            assert_eq!(SearchWords::of(filter).are_in(&text), found, "{filter}");
        }
    }

    #[test]
    fn found_words_are_given_as_columns() {
        let words = SearchWords::of("lock ÄR");
        assert_eq!(words.columns_in("Lock, ärger, a lock"), [0..4, 15..19, 6..8]);
        assert_eq!(words.columns_in("漢字 lock"), vec![Range { start: 5, end: 9 }]);
        assert!(words.columns_in("").is_empty() && SearchWords::of(" ").columns_in("lock").is_empty());
    }
}
