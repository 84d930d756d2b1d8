//! A block of steps, and the place of each step in the file.

use std::ops::{Deref, DerefMut, Range};

use serde::{Deserialize, Serialize};

use super::Step;

/// The steps of a block, in order. It can be used like a slice of steps.
///
/// A block that was read from a file knows the place of each step. Only messages need places, so they are neither
/// compared nor sent to the runner.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Block {
    steps: Vec<Step>,
    /// One span for each step, or none at all if the block was not read from a file.
    #[serde(skip)]
    spans: Vec<SourceSpan>,
}

/// A range of bytes in the source of a scenario, which is at most 1 MiB long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SourceSpan {
    start: u32,
    end: u32,
}

/// A block without steps.
pub(crate) static EMPTY_BLOCK: Block = Block { steps: Vec::new(), spans: Vec::new() };

impl Block {
    /// Appends a step with its place in the file.
    pub(crate) fn push(&mut self, step: Step, span: SourceSpan) {
        self.steps.push(step);
        self.spans.push(span);
    }

    /// Returns each step with its place, which is empty if the block was not read from a file.
    pub(crate) fn with_spans(&self) -> impl Iterator<Item = (&Step, SourceSpan)> {
        let spans = self.spans.iter().copied().chain(std::iter::repeat(SourceSpan::default()));
        self.steps.iter().zip(spans)
    }
}

impl Deref for Block {
    type Target = [Step];

    fn deref(&self) -> &[Step] {
        &self.steps
    }
}

impl DerefMut for Block {
    fn deref_mut(&mut self) -> &mut [Step] {
        &mut self.steps
    }
}

impl PartialEq for Block {
    fn eq(&self, other: &Self) -> bool {
        self.steps == other.steps
    }
}

impl From<Vec<Step>> for Block {
    fn from(steps: Vec<Step>) -> Self {
        Self { steps, spans: Vec::new() }
    }
}

impl<'a> IntoIterator for &'a Block {
    type Item = &'a Step;
    type IntoIter = std::slice::Iter<'a, Step>;

    fn into_iter(self) -> Self::IntoIter {
        self.steps.iter()
    }
}

impl SourceSpan {
    pub(crate) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl From<Range<usize>> for SourceSpan {
    fn from(range: Range<usize>) -> Self {
        let clamp = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { start: clamp(range.start), end: clamp(range.end) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::Expr;

    fn sleep_block(span: Range<usize>) -> Block {
        let mut block = Block::default();
        block.push(Step::Sleep(Expr::Number(1e6)), span.into());
        block
    }

    #[test]
    fn spans_are_kept_for_messages_only() {
        let spans = |block: &Block| block.with_spans().map(|(_, span)| span).collect::<Vec<_>>();
        let block = sleep_block(3..8);
        assert_eq!(spans(&block), [SourceSpan { start: 3, end: 8 }]);
        assert_eq!(block, sleep_block(10..15), "two blocks with the same steps are equal");
        let written = Block::from(block.to_vec());
        assert_eq!(spans(&written), [SourceSpan::default()]);
        assert_eq!(written, block);
    }
}
