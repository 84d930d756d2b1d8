//! Scans comments.

use super::super::token::TokenKind;
use super::{MAX_DEPTH, ScanAborted, Scanner};

impl Scanner<'_> {
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
