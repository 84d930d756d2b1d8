//! Blocks: each has a node, a closing brace, and a limited depth.

use super::super::token::TokenKind;
use super::{LastToken, MAX_DEPTH, ScanAborted, Scanner};

/// Nesting limit of blocks that `/-` disables: the KDL parser reads each of them twice, so its time doubles per level.
const MAX_SLASHDASH_DEPTH: usize = 3;

impl Scanner<'_> {
    pub(super) fn block(&mut self) -> Result<(), ScanAborted> {
        let here = self.copy_through(1);
        self.push_token(TokenKind::Open, here.clone());
        let has_slashdash = self.pending_slashdash.take().is_some();
        let is_disabled = has_slashdash || std::mem::take(&mut self.is_slashdashed);
        match self.last {
            LastToken::Nothing => {
                self.report_fault(
                    here.clone(),
                    "this block has no node",
                    "write the `{` on the line of its node, such as: thread worker {",
                );
            }
            LastToken::Equals => {
                self.report_fault(
                    here.clone(),
                    "this property has no value",
                    "write the value directly after the `=`, such as count=5",
                );
            }
            LastToken::Block if !has_slashdash => {
                self.report_fault(
                    here.clone(),
                    "this node already has a block",
                    "merge both blocks, or begin a new node on a new line",
                );
            }
            _ => {}
        }
        self.open_blocks.push((here.start, is_disabled));
        self.last = LastToken::Nothing;
        if self.open_blocks.len() > MAX_DEPTH {
            self.report_fault(
                here,
                "blocks are nested more than 64 deep",
                "add the missing `}`, or flatten the blocks",
            );
            return Err(ScanAborted);
        }
        if self.open_blocks.iter().filter(|(_, is_disabled)| *is_disabled).count() > MAX_SLASHDASH_DEPTH {
            self.report_fault(here, "blocks disabled by `/-` are nested more than 3 deep", "use // comments instead");
            return Err(ScanAborted);
        }
        Ok(())
    }

    pub(super) fn close(&mut self) -> Result<(), ScanAborted> {
        let here = self.at..self.at + 1;
        self.end_of_node(here.clone());
        self.copy_through(1);
        self.push_token(TokenKind::Close, here.clone());
        if self.open_blocks.pop().is_none() {
            self.report_fault(here, "this `}` closes no block", "remove it");
            return Err(ScanAborted);
        }
        self.last = LastToken::Block;
        self.after_space = false;
        Ok(())
    }
}
