//! The progress line of a headless run, on standard error.

use std::io::{self, IsTerminal};

use super::output;
use crate::model::Model;
use crate::trace::{Span, Stamp, State, plural};

/// Minimum time between two updates, so that the line stays readable.
const UPDATE_INTERVAL: Span = Span::from_millis(200);

/// A line that is overwritten in place and cleared on drop. Prints nothing if standard error is not a terminal.
#[derive(Debug)]
pub(super) struct RunProgress {
    last_shown: Option<Stamp>,
    is_terminal: bool,
    /// Time limit of the run.
    limit: Option<Span>,
}

impl RunProgress {
    pub(super) fn new(limit: Option<Span>) -> Self {
        Self { last_shown: None, is_terminal: io::stderr().is_terminal(), limit }
    }

    /// Updates the line, unless it was updated within the last 200 ms.
    pub(super) fn show(&mut self, model: &Model, now: Stamp) {
        if self.is_terminal && self.last_shown.is_none_or(|shown| now.span_since(shown) >= UPDATE_INTERVAL) {
            output::print_stderr(&format!("\r\x1b[K{}", progress_line(model, self.limit, now)));
            self.last_shown = Some(now);
        }
    }
}

impl Drop for RunProgress {
    fn drop(&mut self) {
        if self.last_shown.is_some() {
            output::print_stderr("\r\x1b[K");
        }
    }
}

/// Time past the limit after which the line says that the run is ending: on a machine with free cores, a run takes
/// less.
const OVERDUE: Span = Span::from_millis(300);

/// Returns a line such as `2.4 s  12345 events  3 running, 5 lock`, short enough not to wrap.
fn progress_line(model: &Model, limit: Option<Span>, now: Stamp) -> String {
    if let Some(limit) = limit {
        let over = now.span_since(Stamp::default() + limit);
        if over >= OVERDUE {
            return format!("{over} past its limit of {limit}: ending");
        }
    }
    let count = |state: State| model.lanes().filter(|(_, lane)| lane.activity().state == state).count();
    let states: Vec<String> = State::ALL
        .into_iter()
        .map(|state| (state, count(state)))
        .filter(|(_, n)| *n > 0)
        .take(4)
        .map(|(state, n)| format!("{n} {}", state.word()))
        .collect();
    let deadlock = if model.first_deadlock().is_some() { "  deadlock" } else { "" };
    let events = model.health().events;
    format!("{:.1} s  {events} {}  {}{deadlock}", now.as_secs_f64(), plural(events, "event"), states.join(", "))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::Budget;
    use crate::trace::Registry;

    #[test]
    fn progress_line_says_that_a_run_past_its_limit_is_ending() {
        let model = Model::new(Arc::new(Registry::default()), Budget::default());
        let at = |ms: u64| progress_line(&model, Some(Span::from_millis(2_000)), Stamp(ms * 1_000_000));
        assert_eq!(at(3_300), "1.3 s past its limit of 2.0 s: ending");
        assert!(at(2_100).contains("0 events"), "ending takes up to 300 ms: {}", at(2_100));
        assert!(progress_line(&model, None, Stamp(u64::MAX)).contains("0 events"));
    }
}
