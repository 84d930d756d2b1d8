//! Writes a recording of messages that are all in memory.

use std::io::{self, Write};

use super::format::{Conclusion, RunDescription};
use super::section_builder::SectionBuilder;
use super::writer::RecordingWriter;
use contend_trace::Message;

/// Writes a whole recording. Returns its size in bytes.
///
/// # Errors
/// If the file cannot be written.
pub fn write_recording(
    file: impl Write,
    description: &RunDescription,
    messages: &[Message],
    conclusion: Option<Conclusion>,
) -> io::Result<u64> {
    let mut writer = RecordingWriter::new(file, description)?;
    let mut builder = SectionBuilder::default();
    for message in messages {
        if let Some(section) = builder.push(message) {
            writer.write_messages(&section)?;
        }
    }
    if let Some(section) = builder.end_section() {
        writer.write_messages(&section)?;
    }
    writer.finish(conclusion)
}
