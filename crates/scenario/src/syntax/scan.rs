//! One loop over the text that tells every mistake in the form of nodes, values and blocks.

mod text;

use std::ops::Range;

use super::Fault;
use super::word::{self, Word};

/// Blocks and comments may be nested this deep.
const DEEPEST: usize = 64;

/// Blocks switched off by `/-` may be nested this deep in one another: the KDL parser reads each of them twice.
const SWITCHED_OFF: usize = 3;

/// Mistakes kept; the scan ends at the last.
const KEPT: usize = 20;

/// What came last in the node that is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
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

pub(super) struct Scan<'a> {
    text: &'a str,
    at: usize,
    /// The text with its comments replaced by spaces: the KDL parser calls itself for each sign in them.
    out: String,
    faults: Vec<Fault>,
    last: Last,
    /// Whether there is white space before what comes next.
    gap: bool,
    /// Where a `/-` stands that still has nothing to switch off.
    switch: Option<usize>,
    /// Whether the node that is being read is switched off.
    off: bool,
    /// Where the open blocks begin, and whether they are switched off.
    open: Vec<(usize, bool)>,
}

/// What cannot be read past.
struct Stop;

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let (faults, open) = (Vec::new(), Vec::new());
        let out = String::with_capacity(text.len());
        Self { text, at: 0, out, faults, last: Last::Nothing, gap: true, switch: None, off: false, open }
    }

    /// The text as the KDL parser may read it, and the mistakes: it may only if there are none.
    pub(super) fn run(mut self) -> (String, Vec<Fault>) {
        while let Some(c) = self.peek() {
            if self.step(c).is_err() || self.faults.len() >= KEPT {
                return (self.out, self.faults);
            }
        }
        self.end_of_node(self.at..self.at);
        if let Some((at, _)) = self.open.last() {
            self.fault(*at..*at + 1, "this block is never closed", "add a `}`");
        }
        (self.out, self.faults)
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn fault(&mut self, span: Range<usize>, title: impl Into<String>, help: impl Into<String>) {
        self.faults.push(Fault { span, title: title.into(), help: help.into() });
    }

    /// Goes on by some bytes, which the parser will see.
    fn pass(&mut self, length: usize) -> Range<usize> {
        let span = self.at..self.at + length;
        self.out.push_str(&self.text[span.clone()]);
        self.at = span.end;
        span
    }

    /// Goes on by some bytes, of which the parser will see spaces only: a comment joins the lines it spans.
    fn blank(&mut self, length: usize) {
        self.out.extend(std::iter::repeat_n(' ', length));
        self.at += length;
        self.gap = true;
    }

    fn step(&mut self, c: char) -> Result<(), Stop> {
        match c {
            '\n' | ';' => {
                let here = self.at..self.at + 1;
                self.end_of_node(here);
                self.at += 1;
                // The parser takes a `;` at fewer places than a line break.
                self.out.push('\n');
                self.gap = true;
            }
            '\t' | ' ' => self.space(1),
            '\r' if self.rest().starts_with("\r\n") => self.space(1),
            '\u{feff}' if self.at == 0 => self.space(3),
            '\\' => self.join(),
            '/' => self.slash()?,
            '{' => self.block()?,
            '}' => self.close()?,
            '=' => self.equals(),
            '"' => self.quoted()?,
            '#' => self.hash()?,
            '(' | ')' | '[' | ']' => {
                let here = self.pass(1);
                self.fault(
                    here,
                    format!("`{c}` means nothing here"),
                    "outside of quotes there are names, values, = and { }",
                );
            }
            _ if c.is_whitespace() || is_forbidden(c) => self.forbidden(c),
            _ => self.word(),
        }
        Ok(())
    }

    fn space(&mut self, length: usize) {
        self.pass(length);
        self.gap = true;
    }

    /// Other line breaks than these would end a line for some readers and not for others.
    fn forbidden(&mut self, c: char) {
        let here = self.pass(c.len_utf8());
        self.fault(here, format!("the character U+{:04X} is not allowed here", u32::from(c)), "remove it");
        self.gap = true;
    }

    fn end_of_node(&mut self, here: Range<usize>) {
        if self.last == Last::Equals {
            self.fault(here.clone(), "a value is missing after `=`", "write it right behind, such as count=5");
        }
        if let Some(at) = self.switch.filter(|_| self.last != Last::Nothing || here.is_empty()) {
            self.fault(at..at + 2, "this `/-` switches nothing off", "it stands before a node, a value or a block");
            self.switch = None;
        }
        self.last = Last::Nothing;
        self.off = false;
    }

    /// A backslash at the end of a line joins it with the next.
    fn join(&mut self) {
        let here = self.pass(1);
        let spaces = self.rest().len() - self.rest().trim_start_matches([' ', '\t', '\r']).len();
        self.pass(spaces);
        if self.rest().starts_with("//") {
            self.line_comment();
        }
        match self.peek() {
            Some('\n') => self.space(1),
            _ => self.fault(here, "a backslash stands at the end of a line only", "it joins the line with the next"),
        }
    }

    fn slash(&mut self) -> Result<(), Stop> {
        if self.rest().starts_with("//") {
            self.line_comment();
        } else if self.rest().starts_with("/*") {
            self.comment()?;
        } else if self.rest().starts_with("/-") {
            let here = self.pass(2);
            if self.last != Last::Nothing && !self.gap {
                self.fault(here.clone(), "a space is missing here", "add it");
            }
            if self.switch.replace(here.start).is_some() || self.last == Last::Equals {
                self.fault(here, "this `/-` switches nothing off", "it stands before a node, a value or a block");
            }
            self.gap = true;
        } else {
            let here = self.pass(1);
            self.fault(here, "`/` means nothing here", "put the text that it belongs to in quotes");
            self.gap = true;
        }
        Ok(())
    }

    fn line_comment(&mut self) {
        let length = self.rest().find('\n').unwrap_or(self.rest().len());
        self.blank(length);
    }

    fn comment(&mut self) -> Result<(), Stop> {
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
                self.blank(length);
                return Ok(());
            }
            if depth > DEEPEST {
                self.fault(start..start + 2, "comments are nested more than 64 deep", "use // comments");
                return Err(Stop);
            }
        }
        self.fault(start..start + 2, "this comment is never closed", "add `*/`");
        Err(Stop)
    }

    fn block(&mut self) -> Result<(), Stop> {
        let here = self.pass(1);
        let off = self.switch.take().is_some();
        let unread = off || std::mem::take(&mut self.off);
        match self.last {
            Last::Nothing => {
                self.fault(here.clone(), "this block belongs to no node", "the `{` stands on the line of its node");
            }
            Last::Equals => self.fault(here.clone(), "a value is missing before this block", "write it behind the `=`"),
            Last::Block if !off => {
                self.fault(here.clone(), "this node has a block already", "a node has one block; begin a new line");
            }
            _ => {}
        }
        self.open.push((here.start, unread));
        self.last = Last::Nothing;
        if self.open.len() > DEEPEST {
            self.fault(here, "blocks are nested more than 64 deep", "no scenario needs so many; is a `}` missing?");
            return Err(Stop);
        }
        if self.open.iter().filter(|(_, off)| *off).count() > SWITCHED_OFF {
            self.fault(here, "blocks switched off by `/-` are nested more than 3 deep", "use // comments");
            return Err(Stop);
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Stop> {
        let here = self.at..self.at + 1;
        self.end_of_node(here.clone());
        self.pass(1);
        if self.open.pop().is_none() {
            self.fault(here, "no block is open here", "remove this `}`");
            return Err(Stop);
        }
        self.last = Last::Block;
        self.gap = false;
        Ok(())
    }

    fn equals(&mut self) {
        let here = self.pass(1);
        if self.last == Last::Text && self.switch.is_none() {
            self.last = Last::Equals;
            return;
        }
        let help = "a property is written behind the node's name: mutex a kind=std";
        self.fault(here, "`=` does not belong here", help);
        self.gap = true;
    }

    /// A text or another value stands here: is this its place?
    fn value(&mut self, here: Range<usize>, kind: Word) {
        let off = self.switch.take().is_some();
        self.off |= off && self.last == Last::Nothing;
        match self.last {
            Last::Block => self.fault(here, "this node has ended with its block", "begin a new line, or add a `;`"),
            Last::Name | Last::Text | Last::Value if !self.gap => self.fault(here, "a space is missing here", "add it"),
            Last::Nothing if kind == Word::Value => {
                self.fault(here, "a node begins with a name", "such as thread, lock or compute");
            }
            _ => {}
        }
        self.last = match (self.last, kind) {
            (Last::Nothing, _) => Last::Name,
            (Last::Equals, _) | (_, Word::Value) => Last::Value,
            (_, Word::Text) => Last::Text,
        };
        self.gap = false;
    }

    fn word(&mut self) {
        let length = self.rest().find(|c: char| ends_word(c)).unwrap_or(self.rest().len());
        let here = self.pass(length);
        let kind = word::read(&self.text[here.clone()]).unwrap_or_else(|(title, help)| {
            self.fault(here.clone(), title, help);
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
