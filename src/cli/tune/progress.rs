//! One line on standard error that tells how far a tuning is.

use std::io::{self, IsTerminal};

use crate::cli::args::TuneArgs;
use crate::cli::out;
use crate::scenario::Knob;
use crate::tune::{Phase, Question, Tuning};

/// A line that is written over, and gone when this is dropped. Nothing at all when standard error is no terminal.
#[derive(Debug)]
pub(super) struct Progress {
    shown: bool,
    terminal: bool,
}

impl Progress {
    pub(super) fn new(args: &TuneArgs) -> Self {
        Self { shown: false, terminal: io::stderr().is_terminal() && !args.json }
    }

    pub(super) fn show(&mut self, tuning: &Tuning, question: &Question, knob: &Knob) {
        if !self.terminal {
            return;
        }
        self.shown = true;
        let left = question.budget.saturating_sub(tuning.elapsed).as_secs();
        let best = tuning.curve.best().map(|best| format!("  best so far {}={}", knob.name, knob.show(best.value)));
        let phase = tuning.phase.map_or("", Phase::word);
        out::say(&format!("\r\x1b[K{left} s left at most: {phase}{}", best.unwrap_or_default()));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            out::say("\r\x1b[K");
        }
    }
}
