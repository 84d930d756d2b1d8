//! Looks at a cluster that is there and writes what happens in it as lines of JSON, in the protocol of
//! `docs/python.md`. Read only: nothing is changed in anybody's Redis, scheduler or cluster.
//!
//! ```text
//! Address ── watch ──► rq      polls Redis
//!                       dask    listens to the scheduler's dashboard, and polls its counts
//!                       ray     polls the state API of the dashboard
//!                        │
//!                        ▼
//!                      Lines: definitions at once, events in the order of their times
//! ```
//!
//! Input from a cluster is taken for hostile: names are cut, numbers are bounded, kept data is limited.

mod address;
mod clock_shift;
mod dask;
mod http;
mod lines;
mod ray;
mod rq;
mod wall;
mod web_socket;

pub use address::{Address, AddressError, Engine};
pub use lines::Lines;

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Why looking at a cluster ended.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The cluster could not be reached, or broke off. The text has no password.
    #[error("{address}: {reason}{}", .advice.map_or_else(String::new, |advice| format!(": {advice}")))]
    Cluster { address: String, reason: String, advice: Option<&'static str> },
    /// The reader of the events is gone.
    #[error("the events could not be written: {0}")]
    Reader(#[from] io::Error),
}

impl WatchError {
    /// Returns the error of a cluster, with what to do where that is known.
    fn of_cluster(address: &Address, reason: &str) -> Self {
        let is_absent = ["refused", "lookup", "timed out"].iter().any(|word| reason.contains(word));
        let advice = match address.engine() {
            Engine::Ray if reason.contains("status: 401") => {
                Some("Ray's token goes into the URL, http://:TOKEN@HOST:8265")
            }
            _ if !is_absent => None,
            Engine::Dask => Some("name the host and port of the scheduler's dashboard, mostly 8787"),
            Engine::Ray => Some("name the host and port of Ray's dashboard, mostly 8265"),
            Engine::Rq => Some("name the host and port of Redis, mostly 6379"),
        };
        Self::Cluster { address: address.to_string(), reason: address.censor(reason), advice }
    }
}

/// Looks at the cluster at `address` until `stop` is set, and writes its events to `sink`.
///
/// # Errors
///
/// [`WatchError::Cluster`] when it cannot be reached, or breaks off and does not come back;
/// [`WatchError::Reader`] when `sink` takes no more.
pub fn watch(address: &Address, sink: impl Write, stop: &AtomicBool) -> Result<(), WatchError> {
    let mut lines = Lines::new(sink);
    let must_stop = || stop.load(Ordering::Relaxed);
    match address.engine() {
        Engine::Dask => dask::watch(address, &mut lines, &must_stop),
        Engine::Ray => ray::watch(address, &mut lines, &must_stop),
        Engine::Rq => rq::watch(address, &mut lines, &must_stop),
    }
}

/// What a view of this engine cannot show, in sentences for people.
pub const fn limits(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Dask => &dask::LIMITS,
        Engine::Ray => &ray::LIMITS,
        Engine::Rq => &rq::LIMITS,
    }
}
