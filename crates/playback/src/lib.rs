//! Plays the messages of a run again: gives the model as of any moment, forward and back, at any speed.
//!
//! Nothing here knows a screen. A view owns a [`Playback`] and a [`PlaybackClock`], and draws [`Playback::model`] with
//! [`Playback::at`] as its present:
//!
//! ```text
//! Tape (a file, or the last messages of a live run)
//!   │ sections of messages
//!   ▼
//! Playback ── reads the tape once, in slices (`read_on`), and keeps checkpoints: copies of the model
//!   │         `seek(at)` goes forward from the nearest checkpoint: at most a fraction of a second of work
//!   ▼
//! model as of `at`            PlaybackClock: `at` moves with the wall clock, times a speed
//! ```
//!
//! - [`Tape`]: where messages come from. `Recording` is one; [`BufferedTape`] holds messages in memory, for the last
//!   moments of a live run: `Playback::new(tape, model_before_them)`.
//! - The model as of `at` has exactly the events up to `at`, of all workers, and the samples and notices up to then. It
//!   depends on `at` alone, not on the way there: seeking and playing give the same. From the end of the tape on it is
//!   the model that was fed every message whole, as the live run fed it.
//! - [`Playback::next_event`] and [`Playback::previous_event`] find the event of one row of the screen beside a moment,
//!   for steps.
//! - [`write_beginning`] cuts a recording off at a moment.
//! - [`Playback::notices`] lists turned knobs and other rare occurrences of the part that has been read, for jumps.

mod beginning;
mod checkpoints;
mod clock;
mod feed;
mod part;
mod playback;
mod row;
mod search;
mod sections;
mod tape;

pub use beginning::write_beginning;
pub use checkpoints::CheckpointLimit;
pub use clock::{PlaybackClock, SPEEDS, Speed};
pub use playback::{Playback, ReadLimit};
pub use row::{Row, resource_of};
pub use tape::{BufferedTape, Tape};
