//! Scans the text once and reports every mistake in the syntax of nodes, values and blocks.

mod blocks;
mod comments;
mod else_branch;
mod strings;

use std::ops::Range;

use super::SyntaxFault;
use super::bare_word::{self, Word};
use super::token::{Token, TokenKind};

/// Nesting limit of blocks and of comments.
const MAX_DEPTH: usize = 64;

/// Mistakes after which the scan stops.
const MAX_FAULTS: usize = 20;

/// The last token of the current node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LastToken {
    /// The node has not begun.
    Nothing,
    Name,
    /// A value that can be the name of a property.
    Text,
    /// A value that cannot be the name of a property.
    Value,
    /// The `=` after a property's name.
    Equals,
    Block,
}

/// The result of a scan.
pub(super) struct ScannedText {
    /// The text for the KDL parser: as long as the file's, so that places are the same.
    pub(super) cleaned: String,
    pub(super) tokens: Vec<Token>,
    pub(super) faults: Vec<SyntaxFault>,
}

pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// The text with spaces in place of comments: the KDL parser recurses for nested comments.
    cleaned: String,
    faults: Vec<SyntaxFault>,
    tokens: Vec<Token>,
    last: LastToken,
    /// Whether white space precedes the next token.
    after_space: bool,
    /// Position of a `/-` that has not met its node, value or block yet.
    pending_slashdash: Option<usize>,
    /// Whether `/-` disables the current node.
    is_slashdashed: bool,
    /// Start of each open block, and whether `/-` disables it.
    open_blocks: Vec<(usize, bool)>,
}

/// A mistake that the scan cannot continue after.
struct ScanAborted;

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            cleaned: String::with_capacity(text.len()),
            faults: Vec::new(),
            tokens: Vec::new(),
            last: LastToken::Nothing,
            after_space: true,
            pending_slashdash: None,
            is_slashdashed: false,
            open_blocks: Vec::new(),
        }
    }

    /// Returns the text for the KDL parser, the tokens and the mistakes. Text and tokens are valid only if there are no
    /// mistakes.
    pub(super) fn run(mut self) -> ScannedText {
        while let Some(c) = self.peek() {
            if self.scan_char(c).is_err() || self.faults.len() >= MAX_FAULTS {
                return self.into_scanned_text();
            }
        }
        self.end_of_node(self.at..self.at);
        if let Some((at, _)) = self.open_blocks.last() {
            self.report_fault(*at..*at + 1, "this block has no closing `}`", "add `}`");
        }
        self.into_scanned_text()
    }

    fn into_scanned_text(self) -> ScannedText {
        ScannedText { cleaned: self.cleaned, tokens: self.tokens, faults: self.faults }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn report_fault(&mut self, span: Range<usize>, title: impl Into<String>, help: impl Into<String>) {
        self.faults.push(SyntaxFault { span, title: title.into(), help: help.into() });
    }

    fn push_token(&mut self, kind: TokenKind, span: Range<usize>) {
        self.tokens.push(Token { kind, span });
    }

    /// Advances over some bytes and passes them on to the parser.
    fn copy_through(&mut self, length: usize) -> Range<usize> {
        let span = self.at..self.at + length;
        self.cleaned.push_str(&self.text[span.clone()]);
        self.at = span.end;
        span
    }

    fn scan_char(&mut self, c: char) -> Result<(), ScanAborted> {
        match c {
            '\n' | ';' => {
                let here = self.at..self.at + 1;
                self.end_of_node(here.clone());
                self.push_token(if c == '\n' { TokenKind::LineEnd } else { TokenKind::Semicolon }, here);
                self.at += 1;
                // The parser accepts a `;` in fewer places than a line break.
                self.cleaned.push('\n');
                self.after_space = true;
            }
            '\t' | ' ' => self.space(1),
            '\r' if self.rest().starts_with("\r\n") => self.space(1),
            '\u{feff}' if self.at == 0 => self.space(3),
            '\\' => self.join_lines(),
            '/' => self.slash()?,
            '{' => self.block()?,
            '}' => self.close()?,
            '=' => self.equals(),
            '"' => self.quoted()?,
            '#' => self.hash()?,
            '(' | ')' | '[' | ']' => {
                let here = self.copy_through(1);
                self.report_fault(
                    here,
                    format!("`{c}` is not allowed here"),
                    "put text with special characters in quotes; other text consists of names, values, = and { }",
                );
            }
            _ if c.is_whitespace() || is_forbidden(c) => self.report_forbidden(c),
            _ => self.word(),
        }
        Ok(())
    }

    fn space(&mut self, length: usize) {
        self.copy_through(length);
        self.after_space = true;
    }

    /// Reports a character that some programs take for a line break or a space, and others do not.
    fn report_forbidden(&mut self, c: char) {
        let here = self.copy_through(c.len_utf8());
        self.report_fault(here, format!("the character U+{:04X} is not allowed here", u32::from(c)), "remove it");
        self.after_space = true;
    }

    fn end_of_node(&mut self, here: Range<usize>) {
        if self.last == LastToken::Equals {
            self.report_fault(
                here.clone(),
                "this property has no value",
                "write the value directly after the `=`, such as count=5",
            );
        }
        if let Some(at) = self.pending_slashdash.filter(|_| self.last != LastToken::Nothing || here.is_empty()) {
            self.report_fault(
                at..at + 2,
                "this `/-` disables nothing",
                "put it before a node, a value or a block, or remove it",
            );
            self.pending_slashdash = None;
        }
        self.last = LastToken::Nothing;
        self.is_slashdashed = false;
    }

    /// Scans a backslash, which joins a line with the next.
    fn join_lines(&mut self) {
        let here = self.copy_through(1);
        let spaces = self.rest().len() - self.rest().trim_start_matches([' ', '\t', '\r']).len();
        self.copy_through(spaces);
        if self.rest().starts_with("//") {
            self.line_comment();
        }
        match self.peek() {
            Some('\n') => {
                self.push_token(TokenKind::Continuation, here);
                self.space(1);
            }
            _ => self.report_fault(
                here,
                "a backslash is only allowed at the end of a line",
                "remove it, or end the line after it to continue the node on the next line",
            ),
        }
    }

    fn equals(&mut self) {
        let here = self.copy_through(1);
        self.push_token(TokenKind::Equals, here.clone());
        if self.last == LastToken::Text && self.pending_slashdash.is_none() {
            self.last = LastToken::Equals;
            return;
        }
        let help = "write a property after the node's name, such as: mutex a kind=std";
        self.report_fault(here, "`=` needs a property name before it", help);
        self.after_space = true;
    }

    /// Checks whether a value is allowed at this position, and makes it the last token.
    fn value(&mut self, here: Range<usize>, kind: Word) {
        let has_slashdash = self.pending_slashdash.take().is_some();
        self.is_slashdashed |= has_slashdash && self.last == LastToken::Nothing;
        match self.last {
            LastToken::Block => {
                self.report_fault(here, "a node ends with its block", "begin a new line before this, or add a `;`");
            }
            LastToken::Name | LastToken::Text | LastToken::Value if !self.after_space => {
                self.report_fault(here, "a space is missing before this", "add a space");
            }
            LastToken::Nothing if kind == Word::Value => {
                self.report_fault(here, "a node must begin with a name", "such as thread, lock or compute");
            }
            _ => {}
        }
        self.last = match (self.last, kind) {
            (LastToken::Nothing, _) => LastToken::Name,
            (LastToken::Equals, _) | (_, Word::Value) => LastToken::Value,
            (_, Word::Text) => LastToken::Text,
        };
        self.after_space = false;
    }

    fn word(&mut self) {
        let length = self.rest().find(|c: char| ends_word(c)).unwrap_or(self.rest().len());
        if self.begins_else(length) {
            self.end_node_before_else();
        }
        let here = self.copy_through(length);
        self.push_token(TokenKind::Word, here.clone());
        let kind = bare_word::classify_word(&self.text[here.clone()]).unwrap_or_else(|(title, help)| {
            self.report_fault(here.clone(), title, help);
            Word::Text
        });
        self.value(here, kind);
    }
}

fn ends_word(c: char) -> bool {
    c.is_whitespace()
        || is_forbidden(c)
        || matches!(c, '\\' | '/' | '(' | ')' | '{' | '}' | '[' | ']' | ';' | '"' | '#' | '=')
}

/// Returns whether a character is a control character, an invisible line break, or changes the direction of text.
fn is_forbidden(c: char) -> bool {
    let is_invisible =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    is_invisible || c.is_control() && !matches!(c, '\n' | '\r' | '\t')
}
