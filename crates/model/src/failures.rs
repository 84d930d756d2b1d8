//! What failed, and why: the first of them, and how many there were.

use contend_trace::{Span, Stamp, WorkerId};

/// Failures that are kept. A batch in which everything fails fails for one reason.
const KEPT: usize = 100;

/// A step that failed, and with it its task or its worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub at: Stamp,
    pub worker: WorkerId,
    /// Names what failed and says why.
    pub what: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Failures {
    first: Vec<Failure>,
    total: u64,
}

impl Failures {
    pub(super) fn add(&mut self, failure: Failure) {
        self.total += 1;
        if self.first.len() < KEPT {
            self.first.push(failure);
        }
    }

    /// The first of them, in the order in which they were told.
    pub fn first(&self) -> &[Failure] {
        &self.first
    }

    pub const fn total(&self) -> u64 {
        self.total
    }
}

/// Commands that a worker waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Commands {
    pub ended: u64,
    /// Those that ended otherwise than with 0.
    pub failed: u64,
    /// CPU time of them all.
    pub cpu: Span,
}

impl Commands {
    pub(super) fn add(&mut self, ok: bool, cpu: Span) {
        self.ended += 1;
        self.failed += u64::from(!ok);
        self.cpu = Span(self.cpu.0.saturating_add(cpu.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_kept_and_all_are_counted() {
        let mut failures = Failures::default();
        for at in 0..250 {
            failures.add(Failure { at: Stamp(at), worker: WorkerId(0), what: at.to_string() });
        }
        assert_eq!((failures.total(), failures.first().len()), (250, KEPT));
        assert_eq!(failures.first().last().map(|failure| failure.at), Some(Stamp(99)));
    }
}
