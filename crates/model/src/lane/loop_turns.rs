//! Turns of a task on its event loop: a turn lasts from when a thread of the loop resumes the task until it yields.

use super::{Activity, Lane};
use contend_trace::{Span, Stamp, State};

/// An interval of the time axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TurnInterval {
    pub(crate) from: Stamp,
    pub(crate) to: Stamp,
}

impl TurnInterval {
    pub(crate) fn duration(self) -> Span {
        self.to.span_since(self.from)
    }

    /// Returns how long both intervals overlap.
    pub(crate) fn overlap(self, other: Self) -> Span {
        self.to.min(other.to).span_since(self.from.max(other.from))
    }
}

impl Lane {
    /// Returns the turns that ended in `from..to`, oldest first, as far back as spans are exact.
    ///
    /// After a wait that yields the thread, the task is ready: it waits for its next turn. A wait that blocks the
    /// thread is followed directly by what the task does next, and is part of the turn. For an open wait or turn this
    /// is not known yet.
    pub(crate) fn loop_turns(&self, from: Stamp, to: Stamp) -> Vec<TurnInterval> {
        let mut turns = Vec::new();
        let mut began: Option<Stamp> = None;
        let mut spans = self.spans(from, to).peekable();
        while let Some(span) = spans.next() {
            let next = spans.peek().map(|next| next.state);
            let yields = match span.state {
                State::Running => false,
                State::Ready | State::Done | State::Crashed => true,
                _ => next.is_none_or(|next| next == State::Ready),
            };
            if yields {
                turns.extend(began.take().map(|from| TurnInterval { from, to: span.since }));
            } else {
                began = began.or(Some(span.since));
            }
        }
        turns
    }

    /// Returns the intervals that ended in `from..to` in which the task was ready but no thread of its loop resumed it.
    pub(crate) fn loop_waits(&self, from: Stamp, to: Stamp) -> impl Iterator<Item = TurnInterval> + '_ {
        let ends = self.spans(from, to).skip(1).map(|next| next.since);
        let ready = |span: &Activity| span.state == State::Ready;
        let waits = self.spans(from, to).zip(ends).filter(move |(span, _)| ready(span));
        waits.map(|(span, to)| TurnInterval { from: span.since, to })
    }
}
