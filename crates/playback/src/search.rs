//! The event of a row beside a moment.

use std::io;

use super::playback::Playback;
use super::row::Row;
use super::sections::{Summary, for_each_event};
use super::tape::Tape;
use contend_trace::{Event, Message, Stamp};

impl<T: Tape> Playback<T> {
    /// Returns the earliest event of a row after `at`, of several at the same moment the first on the tape. Beyond the
    /// part that has been read, none is looked for.
    ///
    /// # Errors
    /// If the tape cannot be read.
    pub fn next_event(&mut self, at: Stamp, row: Row) -> io::Result<Option<Event>> {
        let mut found: Option<Event> = None;
        for number in 0..self.sections.count() {
            if let Some(summary) = self.sections.summaries.get(number)
                && (summary.latest <= at
                    || !summary.may_have(row)
                    || found.is_some_and(|found| summary.earliest >= found.at))
            {
                continue;
            }
            if found.is_none() && !self.is_read() && number >= self.sections.summaries.len() {
                break;
            }
            let Some(section) = self.sections.read(number)? else { break };
            for_each_event(&section.messages, &mut |event| {
                if event.at > at && row.has(event) && found.is_none_or(|found| event.at < found.at) {
                    found = Some(*event);
                }
            });
            let is_complete = |found: Event| complete_until(&section.messages).is_some_and(|until| until > found.at);
            if found.is_some_and(is_complete) {
                break;
            }
        }
        Ok(found)
    }

    /// Returns the events of a row at exactly this moment, in the order of the tape.
    ///
    /// # Errors
    /// If the tape cannot be read.
    pub fn events_at(&mut self, at: Stamp, row: Row) -> io::Result<Vec<Event>> {
        let mut found = Vec::new();
        for number in 0..self.sections.count() {
            if let Some(summary) = self.sections.summaries.get(number)
                && (summary.latest < at || summary.earliest > at || !summary.may_have(row))
            {
                continue;
            }
            let Some(section) = self.sections.read(number)? else { break };
            for_each_event(&section.messages, &mut |event| {
                if event.at == at && row.has(event) {
                    found.push(*event);
                }
            });
            if complete_until(&section.messages).is_some_and(|until| until > at) {
                break;
            }
        }
        Ok(found)
    }

    /// Returns the latest event of a row before `at`, of several at the same moment the last on the tape.
    ///
    /// # Errors
    /// If the tape cannot be read.
    pub fn previous_event(&mut self, at: Stamp, row: Row) -> io::Result<Option<Event>> {
        let mut found: Option<Event> = None;
        // A section has nothing later than those up to it.
        let mut latest = Stamp(0);
        let running_max = |summary: &Summary| {
            latest = latest.max(summary.latest);
            latest
        };
        let upto: Vec<Stamp> = self.sections.summaries.iter().map(running_max).collect();
        for number in (0..upto.len()).rev() {
            if found.is_some_and(|found| upto[number] <= found.at) {
                break;
            }
            let summary = self.sections.summaries[number];
            if summary.earliest >= at || !summary.may_have(row) {
                continue;
            }
            let Some(section) = self.sections.read(number)? else { continue };
            for_each_event(&section.messages, &mut |event| {
                if event.at < at && row.has(event) && found.is_none_or(|found| event.at >= found.at) {
                    found = Some(*event);
                }
            });
        }
        Ok(found)
    }
}

/// Returns the moment up to which messages say that everything has been delivered.
fn complete_until(messages: &[Message]) -> Option<Stamp> {
    let of = |message: &Message| match message {
        Message::Batch(messages) => complete_until(messages),
        Message::Watermark(at) | Message::Ended { at, .. } => Some(*at),
        _ => None,
    };
    messages.iter().filter_map(of).max()
}
