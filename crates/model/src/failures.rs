//! Failed steps with their messages, and statistics of commands.

use contend_trace::{Span, Stamp, WorkerId};

/// The number of failures that are kept. If everything fails, it usually fails for one reason.
const MAX_KEPT: usize = 100;

/// A failed step, which made its task or its worker fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub at: Stamp,
    pub worker: WorkerId,
    /// What failed, and why.
    pub message: String,
}

/// The first failures, and the number of all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Failures {
    first: Vec<Failure>,
    total: u64,
}

impl Failures {
    pub(super) fn add(&mut self, failure: Failure) {
        self.total += 1;
        if self.first.len() < MAX_KEPT {
            self.first.push(failure);
        }
    }

    /// Returns the first failures, in the order of their notices.
    pub fn first_failures(&self) -> &[Failure] {
        &self.first
    }

    pub const fn total(&self) -> u64 {
        self.total
    }
}

/// Statistics of the commands that a worker ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CommandStats {
    pub ended: u64,
    /// Commands with an exit code other than 0, or killed.
    pub failed: u64,
    /// The CPU time of all commands.
    pub cpu: Span,
}

impl CommandStats {
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
    fn first_failures_are_kept_and_all_are_counted() {
        let mut failures = Failures::default();
        for at in 0..250 {
            failures.add(Failure { at: Stamp(at), worker: WorkerId(0), message: at.to_string() });
        }
        assert_eq!((failures.total(), failures.first_failures().len()), (250, MAX_KEPT));
        assert_eq!(failures.first_failures().last().map(|failure| failure.at), Some(Stamp(99)));
    }
}
