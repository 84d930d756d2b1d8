//! Scans comments, and the `/-` that disables what follows.

use super::super::token::TokenKind;
use super::{LastToken, MAX_DEPTH, ScanAborted, Scanner};

impl Scanner<'_> {
    /// Scans what begins with a slash: a comment, or a `/-`.
    pub(super) fn slash(&mut self) -> Result<(), ScanAborted> {
        if self.rest().starts_with("//") {
            self.line_comment();
        } else if self.rest().starts_with("/*") {
            self.block_comment()?;
        } else if self.rest().starts_with("/-") {
            let here = self.copy_through(2);
            self.push_token(TokenKind::SlashDash, here.clone());
            if self.last != LastToken::Nothing && !self.after_space {
                self.report_fault(here.clone(), "a space is missing before this", "add a space");
            }
            if self.pending_slashdash.replace(here.start).is_some() || self.last == LastToken::Equals {
                self.report_fault(
                    here,
                    "this `/-` disables nothing",
                    "put it before a node, a value or a block, or remove it",
                );
            }
            self.after_space = true;
        } else {
            let here = self.copy_through(1);
            self.report_fault(here, "`/` is not allowed here", "put text with a `/` in quotes");
            self.after_space = true;
        }
        Ok(())
    }

    /// Scans a comment up to the end of the line.
    pub(super) fn line_comment(&mut self) {
        let length = self.rest().find('\n').unwrap_or(self.rest().len());
        self.blank_out_comment(length);
    }

    /// Scans a comment that ends with `*/`, and the comments inside it.
    pub(super) fn block_comment(&mut self) -> Result<(), ScanAborted> {
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
                self.blank_out_comment(length);
                return Ok(());
            }
            if depth > MAX_DEPTH {
                self.report_fault(start..start + 2, "comments are nested more than 64 deep", "use // comments instead");
                return Err(ScanAborted);
            }
        }
        self.report_fault(start..start + 2, "this comment has no closing `*/`", "add `*/`");
        Err(ScanAborted)
    }

    /// Advances over a comment and passes spaces on in its place: a comment joins the lines that it spans.
    fn blank_out_comment(&mut self, length: usize) {
        self.cleaned.extend(std::iter::repeat_n(' ', length));
        self.push_token(TokenKind::Comment, self.at..self.at + length);
        self.at += length;
        self.after_space = true;
    }
}
