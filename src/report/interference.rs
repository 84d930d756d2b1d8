//! What other programs took from a run: figures of a run that did not get its cores say little about its scenario.

use std::fmt;

use crate::model::Model;
use crate::trace::Stamp;
use crate::trace::format::format_number;

/// Other programs that use less than this, in cores and as a part of all cores, disturb nothing: every machine has as
/// much background load.
const NEGLIGIBLE_LOAD: (f64, f64) = (0.25, 0.1);

/// Workers that wait for a core for less than this part of the time in which they could run got their cores.
const MIN_DELAYED_SHARE: f64 = 0.02;

/// Cores that other programs used while workers of a run had to wait for one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interference {
    cores_used: f64,
    cores_total: usize,
}

impl Interference {
    /// The other programs that disturbed a run between two moments; `None` on a calm machine, and where the system does
    /// not say.
    pub(super) fn during(model: &Model, from: Stamp, now: Stamp) -> Option<Self> {
        let used = model.others_load(from, now)?;
        let waited = model.run_queue_share(from, now).is_none_or(|share| share >= MIN_DELAYED_SHARE);
        let cores = model.cores().online();
        (used >= NEGLIGIBLE_LOAD.0.max(NEGLIGIBLE_LOAD.1 * cores as f64) && waited)
            .then_some(Self { cores_used: used, cores_total: cores })
    }
}

#[cfg(test)]
impl Interference {
    /// 1.4 of 2 cores.
    pub(super) const fn example() -> Self {
        Self { cores_used: 1.4, cores_total: 2 }
    }
}

impl fmt::Display for Interference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (used, all) = (format_number((self.cores_used * 10.0).round() / 10.0), self.cores_total);
        write!(f, "other programs used {used} of {all} core{}", if all == 1 { "" } else { "s" })
    }
}
