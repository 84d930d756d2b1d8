//! One line on standard error that tells how far the tests are.

use std::io::{self, IsTerminal};

use super::Case;
use crate::cli::out;

/// A line that is written over, and gone when this is dropped. Nothing at all when standard error is no terminal.
#[derive(Debug)]
pub(super) struct Tally {
    total: usize,
    ended: usize,
    going: Vec<String>,
    terminal: bool,
}

impl Tally {
    pub(super) fn new(total: usize) -> Self {
        Self { total, ended: 0, going: Vec::new(), terminal: io::stderr().is_terminal() }
    }

    /// There are more runs than was known.
    pub(super) fn more(&mut self, runs: usize) {
        self.total += runs;
    }

    pub(super) fn began(&mut self, case: &Case<'_>) {
        self.going.push(name(case));
        self.show();
    }

    pub(super) fn ended(&mut self, case: &Case<'_>) {
        let name = name(case);
        if let Some(at) = self.going.iter().position(|going| *going == name) {
            self.going.remove(at);
        }
        self.ended += 1;
        self.show();
    }

    fn show(&self) {
        if self.terminal {
            out::say(&format!("\r\x1b[K{}", self.line()));
        }
    }

    /// `7 of 31 runs  deadlock order=same`, and how many more: short enough not to wrap.
    fn line(&self) -> String {
        let first: String = self.going.first().map(|name| name.chars().take(48).collect()).unwrap_or_default();
        let more = match self.going.len() {
            0 | 1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        format!("{} of {} runs  {first}{more}", self.ended, self.total)
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        if self.terminal {
            out::say("\r\x1b[K");
        }
    }
}

fn name(case: &Case<'_>) -> String {
    format!("{} {}", case.scenario.name, case.scenario.label(case.variant)).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_fits() {
        let mut tally = Tally { total: 31, ended: 7, going: vec!["x".repeat(90)], terminal: false };
        assert_eq!(tally.line(), format!("7 of 31 runs  {}", "x".repeat(48)));
        tally.going = vec!["deadlock order=same".into(), "b".into(), "c".into()];
        assert_eq!(tally.line(), "7 of 31 runs  deadlock order=same and 2 more");
    }
}
