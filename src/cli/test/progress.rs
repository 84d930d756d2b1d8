//! The progress line of `contend test`, on standard error.

use std::io::{self, IsTerminal};

use super::TestCase;
use crate::cli::output;

/// A line that is overwritten in place and cleared on drop. Prints nothing if standard error is not a terminal.
#[derive(Debug)]
pub(super) struct TestProgress {
    total: usize,
    ended: usize,
    running: Vec<String>,
    is_terminal: bool,
}

impl TestProgress {
    pub(super) fn new(total: usize) -> Self {
        Self { total, ended: 0, running: Vec::new(), is_terminal: io::stderr().is_terminal() }
    }

    /// Adds runs to the total.
    pub(super) fn add_runs(&mut self, runs: usize) {
        self.total += runs;
    }

    pub(super) fn case_began(&mut self, case: &TestCase<'_>) {
        self.running.push(case_name(case));
        self.show();
    }

    pub(super) fn case_ended(&mut self, case: &TestCase<'_>) {
        let name = case_name(case);
        if let Some(at) = self.running.iter().position(|going| *going == name) {
            self.running.remove(at);
        }
        self.ended += 1;
        self.show();
    }

    fn show(&self) {
        if self.is_terminal {
            output::print_stderr(&format!("\r\x1b[K{}", self.progress_line()));
        }
    }

    /// Returns a line such as `7 of 31 runs  deadlock order=same and 2 more`, short enough not to wrap.
    fn progress_line(&self) -> String {
        let first: String = self.running.first().map(|name| name.chars().take(48).collect()).unwrap_or_default();
        let more = match self.running.len() {
            0 | 1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        format!("{} of {} runs  {first}{more}", self.ended, self.total)
    }
}

impl Drop for TestProgress {
    fn drop(&mut self) {
        if self.is_terminal {
            output::print_stderr("\r\x1b[K");
        }
    }
}

fn case_name(case: &TestCase<'_>) -> String {
    format!("{} {}", case.scenario.name, case.scenario.variant_label(case.variant)).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_line_is_short_and_counts_concurrent_runs() {
        let mut progress = TestProgress { total: 31, ended: 7, running: vec!["x".repeat(90)], is_terminal: false };
        assert_eq!(progress.progress_line(), format!("7 of 31 runs  {}", "x".repeat(48)));
        progress.running = vec!["deadlock order=same".into(), "b".into(), "c".into()];
        assert_eq!(progress.progress_line(), "7 of 31 runs  deadlock order=same and 2 more");
    }
}
