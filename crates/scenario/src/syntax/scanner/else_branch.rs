//! Accepts `else` on the line of the step before it: KDL would need a line break or a `;` there.

use super::super::token::TokenKind;
use super::{LastToken, Scanner};

impl Scanner<'_> {
    /// Returns whether the word at this position, of this length, is an `else` that begins a node. It does after a
    /// block; after a value only if its own block follows, since it may be a value itself.
    pub(super) fn begins_else(&self, length: usize) -> bool {
        if &self.rest()[..length] != "else" {
            return false;
        }
        match self.last {
            LastToken::Block => true,
            LastToken::Text | LastToken::Value => {
                let has_block = self.rest()[length..].trim_start_matches([' ', '\t']).starts_with('{');
                has_block && self.after_space && self.pending_slashdash.is_none()
            }
            _ => false,
        }
    }

    /// Ends the current node. The parser gets a line break in place of the space before the `else`.
    pub(super) fn end_node_before_else(&mut self) {
        let end = self.pending_slashdash.unwrap_or(self.at);
        let kept = self.cleaned[..end].trim_end_matches(|c: char| c.is_ascii_whitespace() || c == '\\').len();
        if kept == end {
            self.report_fault(self.at..self.at + "else".len(), "a space is missing before this", "add a space");
        } else {
            let line_break = [" ".repeat(end - kept - 1), "\n".to_owned()].concat();
            self.cleaned.replace_range(kept..end, &line_break);
        }
        let at = self.tokens.iter().rposition(|token| token.span.end <= kept).map_or(0, |last| last + 1);
        self.tokens.insert(at, super::Token { kind: TokenKind::ImpliedEnd, span: kept..kept });
        self.last = LastToken::Nothing;
        self.is_slashdashed = false;
    }
}
