//! The seeds of the long forms of tests.

use std::ops::Range;

/// Returns the seeds that the environment asks for with `CONTEND_SEED` and `CONTEND_INPUTS`, or `count` from `first`
/// on.
pub fn asked_seeds(first: u64, count: u64) -> Range<u64> {
    let asked = |name| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    let first = asked("CONTEND_SEED").unwrap_or(first);
    first..first + asked("CONTEND_INPUTS").unwrap_or(count)
}
