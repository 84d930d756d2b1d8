//! A simulated suspension of the machine, for tests. Not part of a release build.

use std::sync::OnceLock;

use crate::clock::monotonic_nanos;

/// The environment variable that says when the machine is suspended and for how long, both in nanoseconds:
/// `MOMENT:LENGTH`. The moment is a time of `CLOCK_MONOTONIC`, which stops during the suspension, so that it is the
/// same moment for all processes. The counter advances by twice as many ticks; a negative length sets it back.
const SUSPENSION_VAR: &str = "CONTEND_SLEEP";

/// Returns how long the machine has been suspended until now, in nanoseconds.
pub fn simulated_suspension_nanos() -> i64 {
    static PLAN: OnceLock<Option<(u64, i64)>> = OnceLock::new();
    let plan = || {
        let plan = std::env::var(SUSPENSION_VAR).ok()?;
        let (moment, length) = plan.split_once(':')?;
        Some((moment.parse().ok()?, length.parse().ok()?))
    };
    PLAN.get_or_init(plan).filter(|(moment, _)| monotonic_nanos() >= *moment).map_or(0, |(_, length)| length)
}
