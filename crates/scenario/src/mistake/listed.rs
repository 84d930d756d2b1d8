//! Mistakes as values, with their places counted as editors count them.

use std::ops::Range;

use super::super::sanitize::sanitize;
use super::{Mistake, MistakeKind, Mistakes};

/// A place in the text of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedPosition {
    /// Offset in bytes, from 0.
    pub byte: usize,
    /// From 1.
    pub line: usize,
    /// Column in bytes of UTF-8, from 1.
    pub column: usize,
    /// Column in units of UTF-16, from 1.
    pub utf16_column: usize,
}

/// A range of the text and the remark about it, which is empty if only the place matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedText {
    pub start: ListedPosition,
    pub end: ListedPosition,
    pub text: String,
}

/// An error or a warning. All text is safe to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedMistake {
    /// Whether it keeps the scenario from running.
    pub is_error: bool,
    pub message: String,
    /// The place of the mistake; its text adds to the message.
    pub place: PlacedText,
    /// Other places involved.
    pub related: Vec<PlacedText>,
    /// How to fix it.
    pub fix: Option<String>,
}

impl Mistakes {
    /// Returns the mistakes that were stored; [`Self::len`] counts all.
    pub fn list(&self) -> impl ExactSizeIterator<Item = ListedMistake> {
        let lines = LineIndex::of(&self.text);
        self.list.iter().map(move |mistake| self.listed(mistake, &lines))
    }

    fn listed(&self, mistake: &Mistake, lines: &LineIndex) -> ListedMistake {
        let place = |span: &Range<usize>, text: &str| {
            let start = self.text.floor_char_boundary(span.start.min(self.text.len()));
            let end = self.text.ceil_char_boundary(span.end.clamp(start, self.text.len()));
            let (start, end) = (lines.position(&self.text, start), lines.position(&self.text, end));
            PlacedText { start, end, text: sanitize(text) }
        };
        ListedMistake {
            is_error: mistake.kind == MistakeKind::Error,
            message: sanitize(&mistake.title),
            place: place(&mistake.span, &mistake.label),
            related: mistake.related.iter().map(|(span, text)| place(span, text)).collect(),
            fix: mistake.help.as_deref().map(sanitize),
        }
    }
}

/// The offsets at which lines begin.
struct LineIndex(Vec<usize>);

impl LineIndex {
    fn of(text: &str) -> Self {
        let after_breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self(std::iter::once(0).chain(after_breaks).collect())
    }

    fn position(&self, text: &str, byte: usize) -> ListedPosition {
        let line = self.0.partition_point(|start| *start <= byte);
        let before = &text[self.0[line - 1]..byte];
        ListedPosition { byte, line, column: before.len() + 1, utf16_column: before.encode_utf16().count() + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Source, check};

    fn listed(text: &str) -> Vec<ListedMistake> {
        let source = Source { name: "any".into(), path: None, text: text.to_owned() };
        check(&source).map_or_else(|mistakes| mistakes, |checked| checked.warnings).list().collect()
    }

    #[test]
    fn columns_count_bytes_and_units_of_utf16() {
        let found = listed("mutex m\ntitle \"λ🦀\" oops=1\nthread w { abort }\n");
        let [mistake] = found.as_slice() else { panic!("{found:?}") };
        assert!(mistake.is_error, "{mistake:?}");
        assert_eq!(mistake.place.start, ListedPosition { byte: 23, line: 2, column: 16, utf16_column: 13 });
        assert_eq!(mistake.place.end, ListedPosition { byte: 29, line: 2, column: 22, utf16_column: 19 });
    }

    #[test]
    fn mistake_at_the_end_of_the_file_has_a_position() {
        let found = listed("thread w { abort }\nmutex a kind=\n");
        assert_eq!(found[0].place.start.line, 2, "{found:?}");
        let found = listed("mutex a kind=");
        assert_eq!((found[0].place.start.line, found[0].place.start.column), (1, 14), "{found:?}");
    }
}
