//! Scans quoted and raw strings, and keywords such as `#true`.

use std::ops::Range;

use super::super::bare_word::{self, Word};
use super::super::token::TokenKind;
use super::{ScanAborted, Scanner, ends_word, is_forbidden};

impl Scanner<'_> {
    /// Scans a keyword such as `#true`, or a raw string.
    pub(super) fn hash(&mut self) -> Result<(), ScanAborted> {
        let hashes = self.rest().bytes().take_while(|byte| *byte == b'#').count();
        let after = &self.rest()[hashes..];
        if after.starts_with('"') {
            let is_multiline = after.starts_with("\"\"\"");
            let quotes = if is_multiline { 3 } else { 1 };
            let end = ["\"".repeat(quotes), "#".repeat(hashes)].concat();
            return self.raw(hashes + quotes, &end, is_multiline);
        }
        let length = hashes + after.find(|c: char| ends_word(c)).unwrap_or(after.len());
        let here = self.copy_through(length);
        self.push_token(TokenKind::Word, here.clone());
        if let Err((title, help)) = bare_word::classify_word(&self.text[here.clone()]) {
            self.report_fault(here.clone(), title, help);
        }
        self.value(here, Word::Value);
        Ok(())
    }

    fn raw(&mut self, begin: usize, end: &str, is_multiline: bool) -> Result<(), ScanAborted> {
        let body = &self.rest()[begin..];
        let body = if is_multiline { body } else { &body[..body.find('\n').unwrap_or(body.len())] };
        let Some(length) = body.find(end) else { return self.unclosed(begin) };
        self.finish_text(begin + length + end.len(), is_multiline, begin);
        Ok(())
    }

    /// Scans `"..."` on one line, or a string of several lines between three quotes.
    pub(super) fn quoted(&mut self) -> Result<(), ScanAborted> {
        let rest = self.rest();
        let is_multiline = rest.starts_with("\"\"\"");
        let end = if is_multiline { "\"\"\"" } else { "\"" };
        let mut length = end.len();
        loop {
            let body = &rest[length..];
            match body.chars().next() {
                Some('"') if body.starts_with(end) => break,
                Some('\\') => length += self.escape(length),
                Some('\n') if !is_multiline => return self.unclosed(end.len()),
                Some(c) => length += c.len_utf8(),
                None => return self.unclosed(end.len()),
            }
        }
        self.finish_text(length + end.len(), is_multiline, end.len());
        Ok(())
    }

    /// Returns the length of the escape that begins `from` bytes ahead: a letter, a code point, or white space that
    /// spans any number of lines.
    fn escape(&mut self, from: usize) -> usize {
        let body = &self.rest()[from + 1..];
        let space = body.len() - body.trim_start().len();
        let code = body.strip_prefix("u{").and_then(|body| body.split_once('}')).map(|(code, _)| code);
        let digits = |code: &str| (1..=6).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_hexdigit());
        let known = |code: &str| u32::from_str_radix(code, 16).ok().and_then(char::from_u32).is_some();
        match (body.chars().next(), code) {
            _ if space > 0 => 1 + space,
            (Some('\\' | '"' | 'b' | 'f' | 'n' | 'r' | 't' | 's'), _) => 2,
            (_, Some(code)) if digits(code) && known(code) => 4 + code.len(),
            (next, _) => {
                let here = self.at + from..self.at + from + 1 + next.map_or(0, char::len_utf8);
                self.report_fault(
                    here,
                    "unknown escape",
                    r#"write one of \n \t \r \s \b \f \" \\ or a code such as \u{1f980}"#,
                );
                1 + next.map_or(0, char::len_utf8)
            }
        }
    }

    fn finish_text(&mut self, length: usize, is_multiline: bool, begin: usize) {
        let here = self.copy_through(length);
        self.push_token(TokenKind::Text, here.clone());
        let body = &self.text[here.start + begin..here.end];
        if is_multiline {
            self.check_lines(&here, begin);
        }
        let is_lone_return = |at: usize| body[at..].starts_with('\r') && !body[at..].starts_with("\r\n");
        if let Some((at, c)) = body.char_indices().find(|(at, c)| is_forbidden(*c) || is_lone_return(*at)) {
            let at = here.start + begin + at;
            let title = format!("the character U+{:04X} is not allowed here", u32::from(c));
            self.report_fault(at..at + c.len_utf8(), title, "remove it");
        }
        self.value(here, Word::Text);
    }

    /// Checks that a string of several lines begins on a new line, and that each line is indented at least as far as
    /// the closing quotes.
    fn check_lines(&mut self, here: &Range<usize>, begin: usize) {
        let body = &self.text[here.start + begin..here.end];
        if !body.starts_with('\n') && !body.starts_with("\r\n") {
            let help = "end the line after the opening quotes, and write the closing quotes on a line of their own";
            self.report_fault(here.start..here.start + begin, "a text of several lines must begin on a new line", help);
            return;
        }
        let is_raw = self.text[here.start..].starts_with('#');
        if body.contains('\\') && !is_raw {
            return; // an escape can join lines; the parser checks the result
        }
        let Some((lines, last)) = body.rsplit_once('\n') else { return };
        let quotes = last.trim_start_matches([' ', '\t']);
        let indent = &last[..last.len() - quotes.len()];
        let mut at = here.start + begin;
        for line in lines.split('\n') {
            if !line.trim().is_empty() && !line.starts_with(indent) {
                let help = "indent each line of the text at least as far as the closing quotes";
                let span = at..at + line.trim_end().len();
                self.report_fault(span, "this line is indented less than the closing quotes", help);
                return;
            }
            at += line.len() + 1;
        }
    }

    fn unclosed(&mut self, begin: usize) -> Result<(), ScanAborted> {
        let help = "close it on the same line, or put a text of several lines between two lines of three quotes";
        self.report_fault(self.at..self.at + begin, "this text has no closing quote", help);
        Err(ScanAborted)
    }
}
