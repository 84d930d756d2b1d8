//! Captions: plain text in which `*` marks emphasised words.

use kdl::KdlEntry;

use super::super::node::value_span;
use super::TourReader;
use crate::sanitize::sanitize;
use crate::tour::CaptionPart;

/// Longest caption, in characters: three lines of 80 columns.
const LONGEST: usize = 210;

impl TourReader<'_> {
    pub(super) fn caption(&mut self, entry: &KdlEntry) -> Option<Vec<CaptionPart>> {
        let text = sanitize(self.mistakes.text(entry)?);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let (wrong, help) = match text.chars().filter(|c| *c != '*').count() {
            0 => ("this caption is empty", "write what the audience should look at"),
            1..=LONGEST if text.matches('*').count() % 2 == 0 => return Some(split_emphasis(&text)),
            1..=LONGEST => ("one `*` of this caption has no partner", "emphasise words like this: *three words here*"),
            _ => (
                "this caption is longer than 210 characters, three lines of 80 columns",
                "split it: a `wait key` between two captions",
            ),
        };
        self.mistakes.error(value_span(entry), wrong).help(help);
        None
    }
}

/// Splits a text at its pairs of `*`.
fn split_emphasis(text: &str) -> Vec<CaptionPart> {
    let parts = text.split('*').enumerate();
    let parts = parts.map(|(at, text)| CaptionPart { text: text.to_owned(), is_strong: at % 2 == 1 });
    parts.filter(|part| !part.text.is_empty()).collect()
}
