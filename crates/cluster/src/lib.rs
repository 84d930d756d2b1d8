//! Looks at a cluster that is there and writes what happens in it as lines of JSON, in the protocol of
//! `docs/python.md`. Read only: nothing is changed in anybody's Redis, scheduler or cluster.
//!
//! ```text
//! Address ── watch ──► rq::Watch      polls Redis
//!                        │ poll
//!                        ▼
//!                      Lines: definitions at once, events in the order of their times
//! ```
//!
//! What a cluster says is taken for hostile: names are cut, numbers are bounded, what is kept is limited.

mod address;
mod lines;
mod rq;
mod wall;

pub use address::{Address, AddressError, Engine};
pub use lines::Lines;

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Why looking at a cluster ended.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The cluster could not be reached, or broke off. The text has no password.
    #[error("{address}: {reason}")]
    Cluster { address: String, reason: String },
    /// The reader of the events is gone.
    #[error("the events could not be written: {0}")]
    Reader(#[from] io::Error),
}

/// Looks at the cluster at `address` until `stop` is set, and writes its events to `sink`.
///
/// # Errors
///
/// [`WatchError::Cluster`] when it cannot be reached, or breaks off and does not come back;
/// [`WatchError::Reader`] when `sink` takes no more.
pub fn watch(address: &Address, sink: impl Write, stop: &AtomicBool) -> Result<(), WatchError> {
    let mut lines = Lines::new(sink);
    match address.engine() {
        Engine::Rq => rq::watch(address, &mut lines, &|| stop.load(Ordering::Relaxed)),
    }
}

/// What a view of this engine cannot show, in sentences for people.
pub const fn limits(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Rq => &rq::LIMITS,
    }
}
