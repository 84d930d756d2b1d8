//! The formatter: prints a scenario's text in its canonical form.
//!
//! - One node a line, indented by four spaces a block. A block written on one line stays on it while it fits.
//! - `else` stands on its own line, or after a `;` within one line: the result is valid KDL for any other reader.
//! - At most one blank line in a row, and none at the edges of a block.
//! - Values in quotes only where they need them, except texts, which always have quotes.
//! - Comments stay where they are. Those at the ends of adjacent lines stay aligned if they were.

mod layout;
mod tree;
mod values;

use kdl::{KdlDocument, KdlNode, KdlValue};

use super::mistake::Mistakes;
use super::source::Source;
use super::syntax::{self, ParsedText, Token, TokenKind};

/// The reason why a text cannot be formatted.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// The syntax is wrong. Mistakes beyond the syntax do not matter.
    #[error("{0}")]
    Mistakes(Box<Mistakes>),
    /// The result would not mean the same. This is a mistake of the formatter, not of the text.
    #[error("its formatted text would mean something else (a bug of contend, please report it)")]
    MeaningChanged,
}

/// Returns the canonical form of a scenario's text. It means the same, has the same comments, and is its own canonical
/// form.
///
/// # Errors
///
/// If the text is not well-formed.
pub fn format(source: &Source) -> Result<String, FormatError> {
    let before = parse(source)?;
    let formatted = layout::print(&tree::build(&source.text, &before.tokens));
    let after = Source { text: formatted.clone(), ..source.clone() };
    let parsed = parse(&after).map_err(|_| FormatError::MeaningChanged)?;
    let same_comments = comments(&source.text, &before.tokens) == comments(&formatted, &parsed.tokens);
    if same_comments && is_same_document(&before.document, &parsed.document) {
        return Ok(formatted);
    }
    Err(FormatError::MeaningChanged)
}

fn parse(source: &Source) -> Result<ParsedText, FormatError> {
    let mut mistakes = Mistakes::of(source);
    syntax::read(&source.text, &mut mistakes).ok_or_else(|| {
        mistakes.sort();
        FormatError::Mistakes(Box::new(mistakes))
    })
}

/// Returns the comments, sorted.
fn comments(text: &str, tokens: &[Token]) -> Vec<String> {
    let comments = tokens.iter().filter(|token| token.kind == TokenKind::Comment);
    let mut comments: Vec<String> = comments.map(|token| tree::comment_text(text, token)).collect();
    comments.sort();
    comments
}

fn is_same_document(a: &KdlDocument, b: &KdlDocument) -> bool {
    let (a, b) = (a.nodes(), b.nodes());
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same_node(a, b))
}

fn is_same_node(a: &KdlNode, b: &KdlNode) -> bool {
    let entries = |node: &KdlNode| -> Vec<(Option<String>, String)> {
        let entry = |entry: &kdl::KdlEntry| (entry.name().map(|name| name.value().to_owned()), identity(entry.value()));
        node.entries().iter().map(entry).collect()
    };
    let is_same_block = match (a.children(), b.children()) {
        (Some(a), Some(b)) => is_same_document(a, b),
        (None, None) => true,
        _ => false,
    };
    a.name().value() == b.name().value() && entries(a) == entries(b) && is_same_block
}

/// Returns a text that differs for different values, also for those that are not equal to themselves, such as `#nan`.
fn identity(value: &KdlValue) -> String {
    format!("{value:?}")
}

#[cfg(test)]
mod tests;
