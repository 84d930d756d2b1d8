//! Encodes messages into sections.

use super::codec::{Decoder, Encoder};
use super::section::Content;
use contend_trace::{Message, Span, Stamp};

/// Size at which a section ends: large enough to compress well.
const SECTION_BYTES: usize = 256 << 10;
/// Time after which a smaller section ends: what a crash may cost.
const SECTION_TIME: Span = Span::from_millis(500);

/// Encodes messages, and cuts them into sections.
#[derive(Debug, Default)]
pub struct SectionBuilder {
    encoder: Encoder,
    section: Content,
    /// Whether the section has a first moment.
    is_dated: bool,
    newest: Stamp,
}

impl SectionBuilder {
    /// Adds a message. Returns the section that is now complete.
    pub fn push(&mut self, message: &Message) -> Option<Content> {
        self.note_times(message);
        self.encoder.encode(message, &mut self.section.bytes);
        let is_old = self.section.last.span_since(self.section.first) >= SECTION_TIME;
        if self.section.bytes.len() >= SECTION_BYTES || self.is_dated && is_old { self.end_section() } else { None }
    }

    /// Ends the section; `None` if it is empty.
    pub fn end_section(&mut self) -> Option<Content> {
        if self.section.bytes.is_empty() {
            return None;
        }
        self.encoder.reset();
        self.is_dated = false;
        Some(std::mem::take(&mut self.section))
    }

    /// Notes the moments and the number of events of a message.
    fn note_times(&mut self, message: &Message) {
        match message {
            Message::Events(events) => {
                self.section.events += events.len() as u64;
                if let Some(event) = events.last() {
                    self.newest = self.newest.max(event.at);
                }
            }
            Message::Batch(messages) => return messages.iter().for_each(|message| self.note_times(message)),
            Message::Watermark(at) | Message::Ended { at, .. } | Message::Notice { at, .. } => {
                self.newest = self.newest.max(*at);
            }
            Message::Look(look) => self.newest = self.newest.max(look.at),
            Message::WaitSnapshot(_) | Message::Sample(_) | Message::Declare(_) => {}
        }
        if !self.is_dated {
            (self.section.first, self.is_dated) = (self.newest, true);
        }
        self.section.last = self.newest;
    }
}

/// Returns the messages of a section that was built here.
pub fn messages_of(section: &Content) -> Vec<Message> {
    let (mut decoder, mut bytes, mut messages) = (Decoder::default(), section.bytes.as_slice(), Vec::new());
    while !bytes.is_empty() {
        let Some(message) = decoder.decode(&mut bytes) else { break };
        messages.push(message);
    }
    messages
}
