//! Says for the formatter which values are written in quotes.

use super::grammar::{CONTEXTS, Parameter, TOP, ValueKind};

/// Whether a text is written in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QuoteRule {
    /// Only if it could not be read otherwise.
    IfNeeded,
    /// Always: it is a sentence, even if it has one word.
    Always,
    /// As it is: the author may list words, of which only some need quotes.
    AsWritten,
}

/// Returns the rule for a value of a node: its property `key`, or its argument at `position`. `is_top` says that the
/// node is at the top of the file.
pub(crate) fn quote_rule(node: &str, key: Option<&str>, position: usize, is_top: bool) -> QuoteRule {
    let mut contexts = CONTEXTS.iter().filter(|context| (context.name == TOP.name) == is_top);
    let Some(rule) = contexts.find_map(|context| context.find(node)) else { return QuoteRule::AsWritten };
    let parameter = match key {
        Some(key) => rule.props.iter().find(|parameter| parameter.name == key),
        None => argument_at(rule.args, position),
    };
    match parameter.map(|parameter| parameter.value) {
        Some(ValueKind::Text) => QuoteRule::Always,
        Some(ValueKind::Special(_)) | None => QuoteRule::AsWritten,
        Some(_) => QuoteRule::IfNeeded,
    }
}

fn argument_at(args: &'static [Parameter], position: usize) -> Option<&'static Parameter> {
    let mut first = 0;
    args.iter().find(|parameter| {
        let is_here = position - first < parameter.max_count;
        first += parameter.max_count.min(position - first);
        is_here
    })
}
