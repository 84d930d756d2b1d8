//! One loop over the text that tells every mistake in the form of nodes, values and blocks.

mod strings;

use std::ops::Range;

use super::SyntaxFault;
use super::bare_word::{self, Word};

/// Blocks and comments may be nested this deep.
const MAX_DEPTH: usize = 64;

/// Blocks switched off by `/-` may be nested this deep in one another: the KDL parser reads each of them twice.
const MAX_SLASHDASH_DEPTH: usize = 3;

/// Mistakes kept; the scan ends at the last.
const KEPT: usize = 20;

/// What came last in the node that is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LastToken {
    /// No node has begun.
    Nothing,
    Name,
    /// A value that could be the name of a property.
    Text,
    /// A value that could not.
    Value,
    /// A property's name and its `=`.
    Equals,
    Block,
}

pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// The text with its comments replaced by spaces: the KDL parser calls itself for each sign in them.
    cleaned: String,
    faults: Vec<SyntaxFault>,
    last: LastToken,
    /// Whether there is white space before what comes next.
    after_space: bool,
    /// Where a `/-` stands that still has nothing to switch off.
    pending_slashdash: Option<usize>,
    /// Whether the node that is being read is switched off.
    is_slashdashed: bool,
    /// Where the open blocks begin, and whether they are switched off.
    open_blocks: Vec<(usize, bool)>,
}

/// What cannot be read past.
struct ScanAborted;

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let (faults, open) = (Vec::new(), Vec::new());
        let out = String::with_capacity(text.len());
        Self {
            text,
            at: 0,
            cleaned: out,
            faults,
            last: LastToken::Nothing,
            after_space: true,
            pending_slashdash: None,
            is_slashdashed: false,
            open_blocks: open,
        }
    }

    /// The text as the KDL parser may read it, and the mistakes: it may only if there are none.
    pub(super) fn run(mut self) -> (String, Vec<SyntaxFault>) {
        while let Some(c) = self.peek() {
            if self.scan_char(c).is_err() || self.faults.len() >= KEPT {
                return (self.cleaned, self.faults);
            }
        }
        self.end_of_node(self.at..self.at);
        if let Some((at, _)) = self.open_blocks.last() {
            self.report_fault(*at..*at + 1, "this block is never closed", "add a `}`");
        }
        (self.cleaned, self.faults)
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

    /// Goes on by some bytes, which the parser will see.
    fn copy_through(&mut self, length: usize) -> Range<usize> {
        let span = self.at..self.at + length;
        self.cleaned.push_str(&self.text[span.clone()]);
        self.at = span.end;
        span
    }

    /// Goes on by some bytes, of which the parser will see spaces only: a comment joins the lines it spans.
    fn blank_out(&mut self, length: usize) {
        self.cleaned.extend(std::iter::repeat_n(' ', length));
        self.at += length;
        self.after_space = true;
    }

    fn scan_char(&mut self, c: char) -> Result<(), ScanAborted> {
        match c {
            '\n' | ';' => {
                let here = self.at..self.at + 1;
                self.end_of_node(here);
                self.at += 1;
                // The parser takes a `;` at fewer places than a line break.
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
                    format!("`{c}` means nothing here"),
                    "outside of quotes there are names, values, = and { }",
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

    /// Other line breaks than these would end a line for some readers and not for others.
    fn report_forbidden(&mut self, c: char) {
        let here = self.copy_through(c.len_utf8());
        self.report_fault(here, format!("the character U+{:04X} is not allowed here", u32::from(c)), "remove it");
        self.after_space = true;
    }

    fn end_of_node(&mut self, here: Range<usize>) {
        if self.last == LastToken::Equals {
            self.report_fault(here.clone(), "a value is missing after `=`", "write it right behind, such as count=5");
        }
        if let Some(at) = self.pending_slashdash.filter(|_| self.last != LastToken::Nothing || here.is_empty()) {
            self.report_fault(
                at..at + 2,
                "this `/-` switches nothing off",
                "it stands before a node, a value or a block",
            );
            self.pending_slashdash = None;
        }
        self.last = LastToken::Nothing;
        self.is_slashdashed = false;
    }

    /// A backslash at the end of a line joins it with the next.
    fn join_lines(&mut self) {
        let here = self.copy_through(1);
        let spaces = self.rest().len() - self.rest().trim_start_matches([' ', '\t', '\r']).len();
        self.copy_through(spaces);
        if self.rest().starts_with("//") {
            self.line_comment();
        }
        match self.peek() {
            Some('\n') => self.space(1),
            _ => self.report_fault(
                here,
                "a backslash stands at the end of a line only",
                "it joins the line with the next",
            ),
        }
    }

    fn slash(&mut self) -> Result<(), ScanAborted> {
        if self.rest().starts_with("//") {
            self.line_comment();
        } else if self.rest().starts_with("/*") {
            self.block_comment()?;
        } else if self.rest().starts_with("/-") {
            let here = self.copy_through(2);
            if self.last != LastToken::Nothing && !self.after_space {
                self.report_fault(here.clone(), "a space is missing here", "add it");
            }
            if self.pending_slashdash.replace(here.start).is_some() || self.last == LastToken::Equals {
                self.report_fault(
                    here,
                    "this `/-` switches nothing off",
                    "it stands before a node, a value or a block",
                );
            }
            self.after_space = true;
        } else {
            let here = self.copy_through(1);
            self.report_fault(here, "`/` means nothing here", "put the text that it belongs to in quotes");
            self.after_space = true;
        }
        Ok(())
    }

    fn line_comment(&mut self) {
        let length = self.rest().find('\n').unwrap_or(self.rest().len());
        self.blank_out(length);
    }

    fn block_comment(&mut self) -> Result<(), ScanAborted> {
        let (bytes, start) = (self.rest().as_bytes(), self.at);
        let (mut length, mut depth) = (0, 0_usize);
        while length < bytes.len() {
            let step = match &bytes[length..] {
                [b'/', b'*', ..] => {
                    depth += 1;
                    2
                }
                [b'*', b'/', ..] => {
                    depth -= 1;
                    2
                }
                _ => 1,
            };
            length += step;
            if depth == 0 {
                self.blank_out(length);
                return Ok(());
            }
            if depth > MAX_DEPTH {
                self.report_fault(start..start + 2, "comments are nested more than 64 deep", "use // comments");
                return Err(ScanAborted);
            }
        }
        self.report_fault(start..start + 2, "this comment is never closed", "add `*/`");
        Err(ScanAborted)
    }

    fn block(&mut self) -> Result<(), ScanAborted> {
        let here = self.copy_through(1);
        let off = self.pending_slashdash.take().is_some();
        let unread = off || std::mem::take(&mut self.is_slashdashed);
        match self.last {
            LastToken::Nothing => {
                self.report_fault(
                    here.clone(),
                    "this block belongs to no node",
                    "the `{` stands on the line of its node",
                );
            }
            LastToken::Equals => {
                self.report_fault(here.clone(), "a value is missing before this block", "write it behind the `=`");
            }
            LastToken::Block if !off => {
                self.report_fault(
                    here.clone(),
                    "this node has a block already",
                    "a node has one block; begin a new line",
                );
            }
            _ => {}
        }
        self.open_blocks.push((here.start, unread));
        self.last = LastToken::Nothing;
        if self.open_blocks.len() > MAX_DEPTH {
            self.report_fault(
                here,
                "blocks are nested more than 64 deep",
                "no scenario needs so many; is a `}` missing?",
            );
            return Err(ScanAborted);
        }
        if self.open_blocks.iter().filter(|(_, off)| *off).count() > MAX_SLASHDASH_DEPTH {
            self.report_fault(here, "blocks switched off by `/-` are nested more than 3 deep", "use // comments");
            return Err(ScanAborted);
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), ScanAborted> {
        let here = self.at..self.at + 1;
        self.end_of_node(here.clone());
        self.copy_through(1);
        if self.open_blocks.pop().is_none() {
            self.report_fault(here, "no block is open here", "remove this `}`");
            return Err(ScanAborted);
        }
        self.last = LastToken::Block;
        self.after_space = false;
        Ok(())
    }

    fn equals(&mut self) {
        let here = self.copy_through(1);
        if self.last == LastToken::Text && self.pending_slashdash.is_none() {
            self.last = LastToken::Equals;
            return;
        }
        let help = "a property is written behind the node's name: mutex a kind=std";
        self.report_fault(here, "`=` does not belong here", help);
        self.after_space = true;
    }

    /// A text or another value stands here: is this its place?
    fn value(&mut self, here: Range<usize>, kind: Word) {
        let off = self.pending_slashdash.take().is_some();
        self.is_slashdashed |= off && self.last == LastToken::Nothing;
        match self.last {
            LastToken::Block => {
                self.report_fault(here, "this node has ended with its block", "begin a new line, or add a `;`");
            }
            LastToken::Name | LastToken::Text | LastToken::Value if !self.after_space => {
                self.report_fault(here, "a space is missing here", "add it");
            }
            LastToken::Nothing if kind == Word::Value => {
                self.report_fault(here, "a node begins with a name", "such as thread, lock or compute");
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
        let here = self.copy_through(length);
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

/// Control characters, and those that break lines unseen or change the direction of text.
fn is_forbidden(c: char) -> bool {
    let unseen = matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    unseen || c.is_control() && !matches!(c, '\n' | '\r' | '\t')
}
