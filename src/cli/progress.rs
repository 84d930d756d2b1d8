//! One line on standard error that tells how far a headless run is.

use std::io::{self, IsTerminal};

use super::out;
use crate::model::Model;
use crate::trace::{Span, Stamp, State, plural};

/// The line changes no faster than one can read.
const PACE: Span = Span::millis(200);

/// A line that is written over, and gone when this is dropped. Nothing at all when standard error is no terminal.
#[derive(Debug)]
pub(super) struct Progress {
    /// When it was last written.
    shown: Option<Stamp>,
    terminal: bool,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { shown: None, terminal: io::stderr().is_terminal() }
    }

    /// Writes the line anew, unless that was just done.
    pub(super) fn show(&mut self, model: &Model, now: Stamp) {
        if self.terminal && self.shown.is_none_or(|shown| now.since(shown) >= PACE) {
            out::say(&format!("\r\x1b[K{}", line(model, now)));
            self.shown = Some(now);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.is_some() {
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
    let events = model.health().events;
    format!("{:.1} s  {events} {}  {}{deadlock}", now.secs(), plural(events, "event"), states.join(", "))
}
