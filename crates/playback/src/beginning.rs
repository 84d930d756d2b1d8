//! The beginning of a recording as a recording of its own.

use std::io::{self, Read, Seek, Write};

use super::feed::latest_moment;
use super::part::Part;
use contend_recording::{Recording, write_recording};
use contend_trace::{Message, Stamp};

/// Writes what a recording has up to a moment. Its replay ends with the model that the original has at that moment.
/// Returns the size in bytes.
///
/// # Errors
/// If the recording cannot be read, or the file cannot be written.
pub fn write_beginning<R: Read + Seek>(
    recording: &mut Recording<R>,
    until: Stamp,
    file: impl Write,
) -> io::Result<u64> {
    let (mut whole, mut part) = (Vec::new(), Part::new(until));
    let mut has_later = false;
    'sections: for section in 0..recording.sections().len() {
        let Some(messages) = recording.read_messages(section)? else { break };
        for message in messages {
            has_later |= latest_moment(&message) > until;
            if !has_later {
                whole.push(message); // with what has no moment of its own
            } else if part.add(&message) {
                part.messages.push(Message::Watermark(until)); // a later one says that all events up to then are there
                break 'sections;
            }
        }
    }
    whole.append(&mut part.messages);
    let conclusion = recording.conclusion().filter(|conclusion| conclusion.at <= until).cloned();
    write_recording(file, recording.description(), &whole, conclusion)
}
