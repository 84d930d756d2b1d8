//! The canonical form of words and values: with or without quotes.

use super::super::check::{QuoteRule, quote_rule};
use super::super::syntax::{Word as WordClass, classify_word};
use super::tree::{Node, TreePart, TreeWord};

/// Returns the canonical form of a name of a node or of a property.
pub(super) fn canonical_name(word: &TreeWord) -> String {
    canonical(word, QuoteRule::IfNeeded)
}

/// Returns the canonical forms of a node's arguments and properties, in order. `is_top` says that it is at the top of
/// the file.
pub(super) fn canonical_entries(node: &Node, is_top: bool) -> Vec<String> {
    let name = canonical_name(&node.name);
    let mut position = 0;
    let mut entries = Vec::new();
    for part in &node.parts {
        let TreePart::Entry { is_disabled, key, value } = part else { continue };
        let key = key.as_ref().map(canonical_name);
        let rule = quote_rule(&name, key.as_deref(), position, is_top);
        let value = canonical(value, rule);
        position += usize::from(key.is_none() && !is_disabled);
        let entry = key.map_or_else(|| value.clone(), |key| format!("{key}={value}"));
        entries.push(if *is_disabled { format!("/-{entry}") } else { entry });
    }
    entries
}

fn canonical(word: &TreeWord, rule: QuoteRule) -> String {
    let written = word.0.as_str();
    let is_bare = !written.starts_with(['"', '#']);
    if is_bare {
        let is_text = classify_word(written) == Ok(WordClass::Text);
        let needs_quotes = rule == QuoteRule::Always || !can_be_bare(written);
        return if is_text && needs_quotes { format!("\"{written}\"") } else { written.to_owned() };
    }
    let Some(body) = plain_body(written) else { return written.to_owned() };
    if rule == QuoteRule::IfNeeded && can_be_bare(body) { body.to_owned() } else { format!("\"{body}\"") }
}

/// Returns the text between quotes, if it can stand between plain quotes as it is.
fn plain_body(written: &str) -> Option<&str> {
    let hashes = written.len() - written.trim_start_matches('#').len();
    let (open, close) = (hashes + 1, written.len().checked_sub(hashes + 1)?);
    let body = written.get(open..close).filter(|_| written[hashes..].starts_with('"'))?;
    let is_plain = !written[hashes..].starts_with("\"\"\"") && !body.contains(['"', '\\', '\n']);
    is_plain.then_some(body)
}

/// Returns whether a text is written without quotes: letters, digits, `-` and `_`, or the name of a knob.
fn can_be_bare(text: &str) -> bool {
    let name = text.strip_prefix('$').unwrap_or(text);
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    is_name && classify_word(text) == Ok(WordClass::Text)
}
