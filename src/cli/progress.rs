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
    /// How long the run goes on at most.
    limit: Option<Span>,
}

impl Progress {
    pub(super) fn new(limit: Option<Span>) -> Self {
        Self { shown: None, terminal: io::stderr().is_terminal(), limit }
    }

    /// Writes the line anew, unless that was just done.
    pub(super) fn show(&mut self, model: &Model, now: Stamp) {
        if self.terminal && self.shown.is_none_or(|shown| now.since(shown) >= PACE) {
            out::say(&format!("\r\x1b[K{}", line(model, self.limit, now)));
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

/// From here on a run takes longer to end at its limit than one that has the cores.
const OVERDUE: Span = Span::millis(300);

/// `2.4 s  12345 events  3 running, 5 lock`: short enough not to wrap.
fn line(model: &Model, limit: Option<Span>, now: Stamp) -> String {
    if let Some(limit) = limit {
        let over = now.since(Stamp::default() + limit);
        if over >= OVERDUE {
            return format!("{over} past its limit of {limit}: ending");
        }
    }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::Budget;
    use crate::trace::Cast;

    #[test]
    fn a_run_past_its_limit_is_said_to_be_ending() {
        let model = Model::new(Arc::new(Cast::default()), Budget::default());
        let at = |ms: u64| line(&model, Some(Span::millis(2_000)), Stamp(ms * 1_000_000));
        assert_eq!(at(3_300), "1.3 s past its limit of 2.0 s: ending");
        assert!(at(2_100).contains("0 events"), "not within the time that ending takes: {}", at(2_100));
        assert!(line(&model, None, Stamp(u64::MAX)).contains("0 events"));
    }
}
