//! The tokens of a scenario's text, with comments and line ends: what the formatter prints again.

use std::ops::Range;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A word, number or keyword without quotes.
    Word,
    /// A text in quotes.
    Text,
    Equals,
    Open,
    Close,
    SlashDash,
    Comment,
    LineEnd,
    Semicolon,
    /// The end of a node before an `else` on the same line; nothing is written there.
    ImpliedEnd,
    /// A backslash that joins a line with the next. It follows the comment on its line.
    Continuation,
}

/// A part of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Range<usize>,
}
