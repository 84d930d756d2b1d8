//! Recordings of runs: every message that the model is fed, in a file.
//!
//! The same messages give the same model, so that a replayed run shows exactly what the live run showed. A [`Recorder`]
//! writes while a run is observed; a [`Recording`] reads. A file that was cut, by a crash or a full disk, is read up to
//! its last whole section, which holds half a second at most.

mod codec;
mod directory;
mod dropped;
mod flight_recorder;
mod format;
mod reader;
mod recorder;
mod recording_file;
mod section;
mod section_builder;
mod untrusted;
mod varint;
mod whole;
mod writer;

pub use codec::{Decoder, Encoder};
pub use directory::{RecordingDirectory, file_name_part};
pub use flight_recorder::{FLIGHT_BYTES, FlightRecorder, FlightTape};
pub use format::{Conclusion, FILE_MAGIC, FORMAT_VERSION, IndexEntry, OLDEST_VERSION, RunDescription};
pub use reader::{Damage, OpenError, Recording};
pub use recorder::Recorder;
pub use recording_file::{RecordingFile, RecordingStatus};
pub use whole::write_recording;
