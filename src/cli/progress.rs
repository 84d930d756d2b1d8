//! One line on standard error that tells how far a headless run is.

use std::io::{self, IsTerminal};

use super::out;
use crate::model::Model;
use crate::trace::{Stamp, State};

/// A line that is written over, and gone when this is dropped. Nothing at all when standard error is no terminal.
#[derive(Debug)]
pub(super) struct Progress {
    shown: bool,
    terminal: bool,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { shown: false, terminal: io::stderr().is_terminal() }
    }

    /// Writes the line anew.
    pub(super) fn show(&mut self, model: &Model, now: Stamp) {
        if self.terminal {
            out::say(&format!("\r\x1b[K{}", line(model, now)));
            self.shown = true;
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            out::say("\r\x1b[K");
        }
    }
}

/// `2.4 s  12,345 events  3 running, 5 lock`: short enough not to wrap.
fn line(model: &Model, now: Stamp) -> String {
    let count = |state: State| model.lanes().filter(|(_, lane)| lane.doing().state == state).count();
    let states: Vec<String> = State::ALL
        .into_iter()
        .map(|state| (state, count(state)))
        .filter(|(_, n)| *n > 0)
        .take(4)
        .map(|(state, n)| format!("{n} {}", state.word()))
        .collect();
    let deadlock = if model.deadlock().is_some() { "  deadlock" } else { "" };
    format!("{:.1} s  {} events  {}{deadlock}", now.secs(), model.health().events, states.join(", "))
}
