//! The progress line of `contend tune`, on standard error.

use std::io::{self, IsTerminal};

use crate::cli::args::TuneArgs;
use crate::cli::output;
use crate::scenario::Knob;
use crate::tune::{Phase, Tuning, TuningRequest};

/// A line that is overwritten in place and cleared on drop. Prints nothing if standard error is not a terminal.
#[derive(Debug)]
pub(super) struct TuneProgress {
    is_shown: bool,
    is_terminal: bool,
}

impl TuneProgress {
    pub(super) fn new(args: &TuneArgs) -> Self {
        Self { is_shown: false, is_terminal: io::stderr().is_terminal() && !args.json }
    }

    pub(super) fn show(&mut self, tuning: &Tuning, request: &TuningRequest, knob: &Knob) {
        if !self.is_terminal {
            return;
        }
        self.is_shown = true;
        let left = request.budget.saturating_sub(tuning.elapsed).as_secs();
        let best =
            tuning.curve.best().map(|best| format!("  best so far {}={}", knob.name, knob.format_value(best.value)));
        let phase = tuning.phase.map_or("", Phase::word);
        output::print_stderr(&format!("\r\x1b[Kat most {left} s left: {phase}{}", best.unwrap_or_default()));
    }
}

impl Drop for TuneProgress {
    fn drop(&mut self) {
        if self.is_shown {
            output::print_stderr("\r\x1b[K");
        }
    }
}
