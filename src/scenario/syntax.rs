//! From text to a KDL document. What a recursive parser must not meet is refused here first, in one pass.

use std::ops::Range;

use kdl::KdlDocument;

use super::mistake::Mistakes;
use super::source::LARGEST;

/// Blocks and comments may be nested this deep.
const DEEPEST: usize = 64;

/// Blocks switched off by `/-` may be nested this deep in one another: the KDL parser reads each of them twice.
const SWITCHED_OFF: usize = 3;

/// Syntax mistakes shown for one file: later ones mostly follow from the first.
const SHOWN: usize = 5;

/// Reads the text; `None` when the mistakes say why not.
pub(super) fn read(text: &str, mistakes: &mut Mistakes) -> Option<KdlDocument> {
    if text.len() > LARGEST {
        mistakes.error(0..0, "the file is larger than 1 MiB; no scenario is");
        return None;
    }
    if let Err(fault) = Scan::new(text).run() {
        mistakes.error(fault.span, fault.title).label(fault.label).help(fault.help);
        return None;
    }
    match KdlDocument::parse_v2(text) {
        Ok(document) => Some(document),
        Err(error) => {
            let mut last = None;
            let fresh = error.diagnostics.iter().filter(|d| last.replace(d.span.offset()) != Some(d.span.offset()));
            for diagnostic in fresh.take(SHOWN) {
                explain(text, diagnostic, mistakes);
            }
            if mistakes.is_empty() {
                mistakes.error(0..0, "this is not KDL");
            }
            None
        }
    }
}

/// The KDL parser's message, with the cure for what is most often written wrong.
fn explain(text: &str, diagnostic: &kdl::KdlDiagnostic, mistakes: &mut Mistakes) {
    let start = diagnostic.span.offset();
    let span = start..start + diagnostic.span.len();
    let title = diagnostic.message.as_deref().unwrap_or("this is not KDL").trim_end_matches('.');
    let mistake = mistakes.error(span, lower_first(title));
    mistake.help(diagnostic.help.as_deref().unwrap_or("see https://kdl.dev for how KDL is written"));
    if let Some(bare) = number_with_unit(text, start) {
        mistake.help(format!("a number with a unit is written in quotes: \"{bare}\""));
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

/// `5ms`, if that is the word at this place.
fn number_with_unit(text: &str, at: usize) -> Option<&str> {
    let at = text.floor_char_boundary(at.min(text.len()));
    let begin = text[..at].rfind(|c: char| !is_word(c)).map_or(0, |i| i + 1);
    let begin = text.ceil_char_boundary(begin);
    let word = &text[begin..text[begin..].find(|c: char| !is_word(c)).map_or(text.len(), |i| begin + i)];
    let known = word.len() < 20 && super::quantity::parse(word).is_ok() && word.ends_with(char::is_alphabetic);
    known.then_some(word)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '/' | '_')
}

struct Fault {
    span: Range<usize>,
    title: &'static str,
    label: &'static str,
    help: &'static str,
}

const fn fault(span: Range<usize>, title: &'static str, label: &'static str, help: &'static str) -> Fault {
    Fault { span, title, label, help }
}

/// One pass over the text that knows strings, comments and blocks, and nothing else of KDL.
struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the open blocks begin, and whether they are switched off.
    open: Vec<(usize, bool)>,
    /// Whether a `/-` was seen that no block has answered yet.
    slashdash: bool,
}

impl<'a> Scan<'a> {
    fn new(text: &'a str) -> Self {
        Self { bytes: text.as_bytes(), at: 0, open: Vec::new(), slashdash: false }
    }

    fn run(mut self) -> Result<(), Fault> {
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                b'{' => self.block()?,
                b'}' => self.close()?,
                b'"' => self.quoted()?,
                b'#' => self.raw()?,
                b'/' => self.slash()?,
                b'\n' | b';' => {
                    self.slashdash &= self.bytes.get(self.at) != Some(&b';');
                    self.at += 1;
                }
                _ => self.at += 1,
            }
        }
        match self.open.last() {
            None => Ok(()),
            Some((at, _)) => Err(fault(*at..*at + 1, "this block is never closed", "opened here", "add a `}`")),
        }
    }

    fn starts(&self, word: &[u8]) -> bool {
        self.bytes[self.at..].starts_with(word)
    }

    fn block(&mut self) -> Result<(), Fault> {
        let here = self.at..self.at + 1;
        self.open.push((self.at, std::mem::take(&mut self.slashdash)));
        if self.open.len() > DEEPEST {
            return Err(fault(
                here,
                "blocks are nested more than 64 deep",
                "one too many",
                "no scenario needs so many; is a `}` missing?",
            ));
        }
        if self.open.iter().filter(|(_, off)| *off).count() > SWITCHED_OFF {
            return Err(fault(
                here,
                "blocks switched off by `/-` are nested too deep",
                "one too many",
                "use // comments",
            ));
        }
        self.at += 1;
        Ok(())
    }

    fn close(&mut self) -> Result<(), Fault> {
        if self.open.pop().is_none() {
            return Err(fault(self.at..self.at + 1, "no block is open here", "closes nothing", "remove this `}`"));
        }
        self.slashdash = false;
        self.at += 1;
        Ok(())
    }

    fn slash(&mut self) -> Result<(), Fault> {
        if self.starts(b"//") {
            self.at += self.bytes[self.at..].iter().take_while(|b| **b != b'\n').count();
        } else if self.starts(b"/*") {
            self.comment()?;
        } else {
            self.slashdash |= self.starts(b"/-");
            self.at += 1;
        }
        Ok(())
    }

    fn comment(&mut self) -> Result<(), Fault> {
        let (start, mut depth) = (self.at, 0);
        while self.at < self.bytes.len() {
            if self.starts(b"/*") {
                depth += 1;
                self.at += 2;
            } else if self.starts(b"*/") {
                depth -= 1;
                self.at += 2;
            } else {
                self.at += 1;
            }
            match depth {
                0 => return Ok(()),
                1..=DEEPEST => {}
                _ => {
                    return Err(fault(
                        start..start + 2,
                        "comments are nested more than 64 deep",
                        "",
                        "use // comments",
                    ));
                }
            }
        }
        Err(fault(start..start + 2, "this comment is never closed", "opened here", "add `*/`"))
    }

    /// `"..."` on one line, or `"""` to `"""`.
    fn quoted(&mut self) -> Result<(), Fault> {
        let start = self.at;
        let many = self.starts(b"\"\"\"");
        let end: &[u8] = if many { b"\"\"\"" } else { b"\"" };
        self.at += end.len();
        while let Some(byte) = self.bytes.get(self.at) {
            if self.starts(end) {
                self.at += end.len();
                return Ok(());
            }
            match byte {
                b'\\' => self.escape(),
                b'\n' if !many => break,
                _ => self.at += 1,
            }
        }
        Err(unclosed(start))
    }

    /// A backslash and what it escapes: one character, or white space over any number of lines.
    fn escape(&mut self) {
        self.at += 1;
        let space = self.bytes[self.at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
        self.at += space.max(1);
    }

    /// `#"..."#` with any number of `#`; a `#` without a quote begins a keyword.
    fn raw(&mut self) -> Result<(), Fault> {
        let start = self.at;
        let hashes = self.bytes[self.at..].iter().take_while(|b| **b == b'#').count();
        self.at += hashes;
        if !self.starts(b"\"") {
            return Ok(());
        }
        let many = self.starts(b"\"\"\"");
        let quotes = if many { 3 } else { 1 };
        self.at += quotes;
        let end = [b"\"".repeat(quotes), b"#".repeat(hashes)].concat();
        while let Some(byte) = self.bytes.get(self.at) {
            if *byte == b'"' && self.starts(&end) {
                self.at += end.len();
                return Ok(());
            }
            if *byte == b'\n' && !many {
                break;
            }
            self.at += 1;
        }
        Err(unclosed(start))
    }
}

fn unclosed(start: usize) -> Fault {
    fault(
        start..start + 1,
        "this text is never closed",
        "opened here",
        "close it on the same line, or begin it with three quotes",
    )
}
