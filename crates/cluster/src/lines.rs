//! Lines of the protocol: definitions at once, events in the order of their times.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Write};

use serde_json::{Map, Value};

/// Events that wait for earlier ones at most; further ones push the earliest out.
const HELD_LIMIT: usize = 100_000;
/// Characters of a name at most.
const NAME_LIMIT: usize = 80;

/// An event that waits for earlier ones. Events of one time keep their order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Held {
    at: u64,
    sequence: u64,
    line: String,
}

/// Writes lines of JSON to a sink.
#[derive(Debug)]
pub struct Lines<W> {
    sink: W,
    held: BinaryHeap<Reverse<Held>>,
    sequence: u64,
    written_until: u64,
}

impl<W: Write> Lines<W> {
    pub const fn new(sink: W) -> Self {
        Self { sink, held: BinaryHeap::new(), sequence: 0, written_until: 0 }
    }

    #[cfg(test)]
    pub(crate) const fn sink_mut(&mut self) -> &mut W {
        &mut self.sink
    }

    /// Writes a definition at once: an object with the member `ev`.
    pub(crate) fn define(&mut self, definition: &Value) -> io::Result<()> {
        writeln!(self.sink, "{definition}")
    }

    /// Keeps an event of a lane for [`Self::flush`]: what happened at `at` in nanoseconds of the monotonic clock.
    pub(crate) fn event(&mut self, at: u64, lane: u64, kind: &str, more: Value) -> io::Result<()> {
        self.late_event(at.max(self.written_until), lane, kind, more)
    }

    /// As [`Self::event`], for one that keeps its time although later ones of other lanes have been written: a task
    /// that is written at its end.
    pub(crate) fn late_event(&mut self, at: u64, lane: u64, kind: &str, more: Value) -> io::Result<()> {
        let mut members = Map::new();
        members.insert("t".into(), at.into());
        members.insert("l".into(), lane.into());
        members.insert("k".into(), kind.into());
        if let Value::Object(more) = more {
            members.extend(more);
        }
        self.sequence += 1;
        let line = Value::Object(members).to_string();
        self.held.push(Reverse(Held { at, sequence: self.sequence, line }));
        if self.held.len() > HELD_LIMIT { self.write_earliest() } else { Ok(()) }
    }

    /// Writes the events up to `until`, in order.
    pub(crate) fn flush(&mut self, until: u64) -> io::Result<()> {
        while self.held.peek().is_some_and(|Reverse(held)| held.at <= until) {
            self.write_earliest()?;
        }
        self.sink.flush()
    }

    fn write_earliest(&mut self) -> io::Result<()> {
        let Some(Reverse(held)) = self.held.pop() else { return Ok(()) };
        self.written_until = self.written_until.max(held.at);
        writeln!(self.sink, "{}", held.line)
    }
}

/// A name from a cluster that cannot harm a screen: one line, without control characters, not long.
pub fn harmless(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).take(NAME_LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn written(lines: &Lines<Vec<u8>>) -> Vec<u64> {
        let text = String::from_utf8(lines.sink.clone()).unwrap();
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["t"].as_u64().unwrap()).collect()
    }

    #[test]
    fn events_are_written_in_the_order_of_their_times() {
        let mut lines = Lines::new(Vec::new());
        for at in [5, 3, 9, 3, 7] {
            lines.event(at, 1, "put", json!({})).unwrap();
        }
        lines.flush(7).unwrap();
        assert_eq!(written(&lines), [3, 3, 5, 7]);
        // A late event does not go back behind those already written.
        lines.event(1, 1, "put", json!({})).unwrap();
        lines.flush(u64::MAX).unwrap();
        assert_eq!(written(&lines), [3, 3, 5, 7, 7, 9]);
    }

    #[test]
    fn held_events_are_limited() {
        let mut lines = Lines::new(Vec::new());
        for at in 0..=HELD_LIMIT as u64 {
            lines.event(at, 1, "put", json!({})).unwrap();
        }
        assert_eq!(written(&lines), [0]);
    }

    #[test]
    fn names_are_one_short_line() {
        assert_eq!(harmless("a\u{1b}[2Jb\nc"), "a [2Jb c");
        assert_eq!(harmless(&"x".repeat(1000)).len(), NAME_LIMIT);
    }
}
