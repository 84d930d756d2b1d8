//! The catalogue: the scenarios of `scenarios/` with the recordings of `previews/`, compiled into the program.

use std::ffi::OsStr;
use std::path::Path;

use crate::scenario::{ReadError, Source, sanitize, suggest};

/// The recordings of `previews/`, sorted by the name of their scenario.
const PREVIEWS: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/previews.rs"));

/// One file of `scenarios/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CatalogueEntry {
    pub name: &'static str,
    pub text: &'static str,
}

macro_rules! entries {
    ($($name:literal),* $(,)?) => {
        &[$(CatalogueEntry { name: $name, text: include_str!(concat!("../scenarios/", $name, ".kdl")) }),*]
    };
}

/// The scenarios in the order of the picker.
const CATALOGUE: &[CatalogueEntry] = entries![
    "thread-pool",
    "rounds",
    "results-in-order",
    "lost-exceptions",
    "pool-shutdown",
    "shutdown-now",
    "nested-submit",
    "fork-join",
    "split-or-steal",
    "downloads",
    "retry-storm",
    "timeout-storm",
    "oversubscription",
    "idle-pool",
    "head-of-line",
    "bufferbloat",
    "bulkhead",
    "coordinated-omission",
    "poisson-or-steady",
    "bursts",
    "closed-or-open-loop",
    "dask-pool",
    "dask-worker-lost",
    "dask-stragglers",
    "dask-data-movement",
    "lock-contention",
    "account-race",
    "atomic-or-not",
    "hold-time",
    "spin-or-park",
    "lock-convoy",
    "impatient",
    "readers-writers",
    "writer-starvation",
    "reader-starvation",
    "mutex-or-rwlock",
    "cas-retry",
    "ticket-lock-by-hand",
    "peterson",
    "car-park",
    "seat-booking",
    "deadlock",
    "order-hazard",
    "lock-order-lab",
    "self-deadlock",
    "help-under-lock",
    "orphaned-lock",
    "robust-lock",
    "fork-with-lock",
    "philosophers",
    "livelock",
    "both-receive-first",
    "rendezvous-deadlock",
    "connection-pool",
    "pool-timeout",
    "producer-consumer",
    "pipeline",
    "select-starvation",
    "priority-queue-starvation",
    "consumer-outage",
    "feedback-pipeline",
    "end-mark",
    "drain-race",
    "sentinel",
    "if-or-while",
    "lost-wakeup",
    "one-condition-for-two",
    "busy-wait",
    "thundering-herd",
    "signalling",
    "too-early",
    "barrier-straggler",
    "latch",
    "group-reused",
    "ping-pong",
    "spawn-race",
    "start-or-reuse",
    "start-and-join",
    "who-notices",
    "threads-and-processes",
    "run-not-start",
    "daemon-shutdown",
    "process-pool",
    "chunks",
    "crash-policies",
    "device-loaders",
    "crash",
    "what-spreads",
    "separate-memory",
    "accounts-apart",
    "far-memory",
    "ipc-lab",
    "manager",
    "pipe-backpressure",
    "join-before-drain",
    "event-loop",
    "async-waits",
    "async-downloads",
    "async-threads",
    "async-lock",
    "async-race",
    "async-deadlock",
    "cancelled-in-line",
    "blocking-threads",
    "thumbnails",
    "grayscale",
    "hash-files",
    "primes",
    "exec",
    "time-slicing",
    "priority-inversion",
    "false-sharing",
    "hot-counter",
    "interpreter-lock",
    "sleeping-barber",
    "cigarette-smokers",
    "unisex-bathroom",
    "water",
    "one-queue",
    "tune-cpu",
    "tune-wait",
    "tune-lock",
    "tune-permits",
    "tune-mutex",
    "tune-held",
    "tune-elsewhere",
    "tune-noise",
];

/// The scenarios that a newcomer runs first, in this order.
pub const START_HERE: [&str; 6] =
    ["lock-contention", "account-race", "deadlock", "thread-pool", "producer-consumer", "threads-and-processes"];

/// Returns every scenario of the catalogue, in the order of the picker.
pub fn all() -> &'static [CatalogueEntry] {
    CATALOGUE
}

/// Returns the scenario with this name.
pub fn get(name: &str) -> Option<&'static CatalogueEntry> {
    CATALOGUE.iter().find(|entry| entry.name == name)
}

/// Returns a short recorded run of the scenario with this name. `None` if it has none, or this build has no previews.
pub fn preview(name: &str) -> Option<&'static [u8]> {
    let at = PREVIEWS.binary_search_by_key(&name, |(name, _)| name).ok()?;
    Some(PREVIEWS[at].1)
}

/// Why a name or path gives no scenario. Every field is safe to print.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    #[error("no scenario is called `{name}`{}", hint(nearest))]
    Unknown { name: String, nearest: Vec<&'static str> },
    #[error(transparent)]
    Unreadable(#[from] ReadError),
}

fn hint(nearest: &[&str]) -> String {
    match nearest {
        [] => "; `contend list` lists all, and a file needs a path such as ./mine.kdl".to_owned(),
        [name] => format!("; did you mean `{name}`?"),
        names => {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            format!("; did you mean one of {}?", names.join(", "))
        }
    }
}

/// Most names that are suggested.
const MAX_SUGGESTIONS: usize = 5;

/// Returns the name that is misspelled, or else the first ones that contain the word.
fn nearest_names(word: &str) -> Vec<&'static str> {
    let names = || all().iter().map(|entry| entry.name);
    if let Some(name) = suggest(word, names()) {
        return vec![name];
    }
    let word = word.to_lowercase();
    names().filter(|name| word.chars().count() > 2 && name.contains(&word)).take(MAX_SUGGESTIONS).collect()
}

/// Whether a word names a file rather than something that comes with the program.
pub(crate) fn is_path(spec: &OsStr) -> bool {
    spec.as_encoded_bytes().contains(&b'/')
        || Path::new(spec).extension().is_some_and(|end| end.eq_ignore_ascii_case("kdl"))
}

/// Returns the scenario with this name, or the file at this path (a path contains `/` or ends in `.kdl`).
///
/// # Errors
///
/// An unknown name, or a file that cannot be read as text. It never blocks, whatever kind of file the path names.
pub fn find(spec: impl AsRef<OsStr>) -> Result<Source, FindError> {
    if is_path(spec.as_ref()) {
        return Ok(Source::read(Path::new(spec.as_ref()))?);
    }
    let spec = spec.as_ref().to_string_lossy();
    let entry =
        get(&spec).ok_or_else(|| FindError::Unknown { name: sanitize(&spec), nearest: nearest_names(&spec) })?;
    Ok(Source { name: entry.name.to_owned(), path: None, text: entry.text.to_owned() })
}
