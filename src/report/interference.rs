//! Interference by other programs: a run that did not get its cores says little about its scenario.

use std::fmt;

use crate::model::Model;
use crate::trace::Stamp;
use crate::trace::format::format_number;

/// Largest load of other programs that counts as background, in cores and as a share of all cores: every machine has as
/// much.
const NEGLIGIBLE_LOAD: (f64, f64) = (0.25, 0.1);

/// Least share of their runnable time that workers must wait for a core before a run counts as disturbed.
const MIN_DELAYED_SHARE: f64 = 0.02;

/// Cores that other programs used while workers of a run had to wait for one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interference {
    cores_used: f64,
    cores_total: usize,
}

impl Interference {
    /// Returns the interference between two moments, or `None` on a quiet machine and where the system does not report
    /// it.
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
    /// Returns an interference of 1.4 of 2 cores.
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
