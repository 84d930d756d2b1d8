//! Texts in quotes, and what begins with `#`.

use super::super::word::{self, Word};
use super::{Scan, Stop, ends_word, is_forbidden};

impl Scan<'_> {
    /// `#true`, or the beginning of a raw text.
    pub(super) fn hash(&mut self) -> Result<(), Stop> {
        let hashes = self.rest().bytes().take_while(|byte| *byte == b'#').count();
        let after = &self.rest()[hashes..];
        if after.starts_with('"') {
            let many = after.starts_with("\"\"\"");
            let quotes = if many { 3 } else { 1 };
            let end = ["\"".repeat(quotes), "#".repeat(hashes)].concat();
            return self.raw(hashes + quotes, &end, many);
        }
        let length = hashes + after.find(|c: char| ends_word(c)).unwrap_or(after.len());
        let here = self.pass(length);
        if let Err((title, help)) = word::read(&self.text[here.clone()]) {
            self.fault(here.clone(), title, help);
        }
        self.value(here, Word::Value);
        Ok(())
    }

    fn raw(&mut self, begin: usize, end: &str, many: bool) -> Result<(), Stop> {
        let body = &self.rest()[begin..];
        let body = if many { body } else { &body[..body.find('\n').unwrap_or(body.len())] };
        let Some(length) = body.find(end) else { return self.unclosed(begin) };
        self.finish_text(begin + length + end.len(), many, begin);
        Ok(())
    }

    /// `"..."` on one line, or three quotes to three quotes.
    pub(super) fn quoted(&mut self) -> Result<(), Stop> {
        let rest = self.rest();
        let many = rest.starts_with("\"\"\"");
        let end = if many { "\"\"\"" } else { "\"" };
        let mut length = end.len();
        loop {
            let body = &rest[length..];
            match body.chars().next() {
                Some('"') if body.starts_with(end) => break,
                Some('\\') => length += self.escape(length),
                Some('\n') if !many => return self.unclosed(end.len()),
                Some(c) => length += c.len_utf8(),
                None => return self.unclosed(end.len()),
            }
        }
        self.finish_text(length + end.len(), many, end.len());
        Ok(())
    }

    /// How long the escape is that begins so many bytes on: a sign, a code, or white space over any number of lines.
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
                self.fault(here, "this escape is not known", r#"known are \n \t \r \s \b \f \" \\ and \u{1f980}"#);
                1 + next.map_or(0, char::len_utf8)
            }
        }
    }

    fn finish_text(&mut self, length: usize, many: bool, begin: usize) {
        let here = self.pass(length);
        let body = &self.text[here.start + begin..here.end];
        if many && !body.starts_with('\n') && !body.starts_with("\r\n") {
            let help = "end the line after three quotes, and write the last three on a line of their own";
            self.fault(here.start..here.start + begin, "a text of several lines begins on a new line", help);
        }
        let lone = |at: usize| body[at..].starts_with('\r') && !body[at..].starts_with("\r\n");
        if let Some((at, c)) = body.char_indices().find(|(at, c)| is_forbidden(*c) || lone(*at)) {
            let at = here.start + begin + at;
            let title = format!("the character U+{:04X} is not allowed here", u32::from(c));
            self.fault(at..at + c.len_utf8(), title, "remove it");
        }
        self.value(here, Word::Text);
    }

    fn unclosed(&mut self, begin: usize) -> Result<(), Stop> {
        let help = "close it on the same line; a longer text begins and ends with three quotes";
        self.fault(self.at..self.at + begin, "this text is never closed", help);
        Err(Stop)
    }
}
