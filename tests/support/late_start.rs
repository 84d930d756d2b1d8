//! Recordings that begin during a run.

use contend::recording::FlightRecorder;
use contend::trace::Message;

/// Returns what a recording has that begins when memory no longer holds the first `count` messages.
pub fn begun_late(messages: &[Message], count: usize) -> Vec<Message> {
    let mut flight = FlightRecorder::with_budget(1);
    for part in [&messages[..count], &messages[count..]] {
        for message in part {
            flight.record(message);
        }
        flight.tape(); // ends the section, so that the first part can be dropped
    }
    let tape = flight.tape();
    (0..tape.section_count()).flat_map(|section| tape.read_section(section).expect("it is in memory")).collect()
}
