//! Turns of a task on its event loop: from the moment that a thread of the loop comes to it, until it gives the thread back.

use super::{Doing, Lane};
use contend_trace::{Span, Stamp, State};

/// A stretch of the time axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) from: Stamp,
    pub(crate) to: Stamp,
}

impl Turn {
    pub(crate) fn lasted(self) -> Span {
        self.to.since(self.from)
    }

    /// How much of `other` is in it.
    pub(crate) fn covers(self, other: Self) -> Span {
        self.to.min(other.to).since(self.from.max(other.from))
    }
}

impl Lane {
    /// Turns that ended in `from..to`, oldest first, as far back as spans are exact.
    ///
    /// A wait that gives the thread back ends with the task being ready: it has to wait for its next turn. One that blocks the
    /// thread is followed by the next thing that the task does, and is part of its turn. Of a wait that goes on, and of a turn
    /// that does, it is not known yet.
    pub(crate) fn turns(&self, from: Stamp, to: Stamp) -> Vec<Turn> {
        let mut turns = Vec::new();
        let mut began: Option<Stamp> = None;
        let mut spans = self.spans(from, to).peekable();
        while let Some(span) = spans.next() {
            let next = spans.peek().map(|next| next.state);
            let gives_back = match span.state {
                State::Running => false,
                State::Ready | State::Done | State::Crashed => true,
                _ => next.is_none_or(|next| next == State::Ready),
            };
            if gives_back {
                turns.extend(began.take().map(|from| Turn { from, to: span.since }));
            } else {
                began = began.or(Some(span.since));
            }
        }
        turns
    }

    /// Stretches that ended in `from..to` in which it could have gone on, but no thread of its loop came to it.
    pub(crate) fn waits_for_turn(&self, from: Stamp, to: Stamp) -> impl Iterator<Item = Turn> + '_ {
        let ends = self.spans(from, to).skip(1).map(|next| next.since);
        let ready = |span: &Doing| span.state == State::Ready;
        let waits = self.spans(from, to).zip(ends).filter(move |(span, _)| ready(span));
        waits.map(|(span, to)| Turn { from: span.since, to })
    }
}
