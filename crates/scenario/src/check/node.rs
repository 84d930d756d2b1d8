//! The parts of a node and their places; reads single values.

use std::ops::Range;

use kdl::{KdlDocument, KdlEntry, KdlNode, KdlValue};

use super::Checker;
use crate::mistake::Mistakes;
use crate::suggest::{all_of, any_of, suggest};

/// Most words that a message lists beside the place.
const FEW: usize = 6;

pub(super) fn span_of(node: &KdlNode) -> Range<usize> {
    let span = node.name().span();
    span.offset()..span.offset() + span.len()
}

/// Returns the place of a whole entry: `at="i+1"`, or the argument.
pub(super) fn entry_span(entry: &KdlEntry) -> Range<usize> {
    let span = entry.span();
    span.offset()..span.offset() + span.len()
}

/// Returns the place of an entry's value, with its quotes.
pub(super) fn value_span(entry: &KdlEntry) -> Range<usize> {
    let whole = entry_span(entry);
    let written = entry.format().map_or(whole.len(), |format| format.value_repr.len());
    whole.end.saturating_sub(written).max(whole.start)..whole.end
}

pub(super) fn arg(node: &KdlNode, at: usize) -> Option<&KdlEntry> {
    node.entries().iter().filter(|entry| entry.name().is_none()).nth(at)
}

pub(super) fn args(node: &KdlNode) -> impl Iterator<Item = &KdlEntry> {
    node.entries().iter().filter(|entry| entry.name().is_none())
}

pub(super) fn props(node: &KdlNode) -> impl Iterator<Item = (&str, &KdlEntry)> {
    node.entries().iter().filter_map(|entry| Some((entry.name()?.value(), entry)))
}

pub(super) fn prop<'a>(node: &'a KdlNode, name: &str) -> Option<&'a KdlEntry> {
    props(node).find(|(key, _)| *key == name).map(|(_, entry)| entry)
}

pub(super) fn children(node: &KdlNode) -> &[KdlNode] {
    node.children().map(KdlDocument::nodes).unwrap_or_default()
}

/// Returns the kind of a value, for messages.
pub(super) fn value_kind(value: &KdlValue) -> &'static str {
    match value {
        KdlValue::String(_) => "a word",
        KdlValue::Integer(_) | KdlValue::Float(_) => "a number",
        KdlValue::Bool(_) => "true or false",
        KdlValue::Null => "nothing",
    }
}

impl Mistakes {
    /// Reads a text.
    pub(super) fn text<'a>(&mut self, entry: &'a KdlEntry) -> Option<&'a str> {
        if let KdlValue::String(text) = entry.value() {
            return Some(text);
        }
        let title = format!("expected text, found {}", value_kind(entry.value()));
        self.error(value_span(entry), title).help("put it in quotes");
        None
    }

    /// Reads `#true` or `#false`.
    pub(super) fn yes_or_no(&mut self, entry: &KdlEntry) -> Option<bool> {
        let value = entry.value().as_bool();
        if value.is_none() {
            let title = format!("expected true or false, found {}", value_kind(entry.value()));
            let name = entry.name().map_or("it", |name| name.value());
            self.error(value_span(entry), title).help(format!("write it like this: {name}=#true"));
        }
        value
    }

    /// Reads one of some words and returns its position among them.
    pub(super) fn word(&mut self, entry: &KdlEntry, of: &[&str]) -> Option<usize> {
        let text = self.text(entry)?;
        let found = of.iter().position(|word| *word == text);
        if found.is_none() {
            let near = suggest(text, of.iter().copied());
            let mistake = self.error(value_span(entry), format!("there is no `{text}` here"));
            if of.len() <= FEW {
                mistake.label(format!("expected {}", any_of(of.iter().copied())));
            } else if near.is_none() {
                mistake.help(format!("known: {}", all_of(of.iter().copied())));
            }
            mistake.did_you_mean(near);
        }
        found
    }

    /// Reads a literal whole number.
    pub(super) fn integer(&mut self, entry: &KdlEntry, min: i64, max: i64) -> Option<i64> {
        let KdlValue::Integer(value) = entry.value() else {
            let title = format!("expected a whole number, found {}", value_kind(entry.value()));
            self.error(value_span(entry), title).help(format!("it goes from {min} to {max}"));
            return None;
        };
        let fits = i64::try_from(*value).ok().filter(|value| (min..=max).contains(value));
        if fits.is_none() {
            let mistake = self.error(value_span(entry), "this number is out of range");
            mistake.help(format!("it goes from {min} to {max}"));
        }
        fits
    }
}

impl Checker {
    pub(super) fn text<'a>(&mut self, entry: &'a KdlEntry) -> Option<&'a str> {
        self.mistakes.text(entry)
    }

    pub(super) fn yes_or_no(&mut self, entry: &KdlEntry) -> Option<bool> {
        self.mistakes.yes_or_no(entry)
    }

    pub(super) fn word(&mut self, entry: &KdlEntry, of: &[&str]) -> Option<usize> {
        self.mistakes.word(entry, of)
    }

    pub(super) fn integer(&mut self, entry: &KdlEntry, min: i64, max: i64) -> Option<i64> {
        self.mistakes.integer(entry, min, max)
    }
}
