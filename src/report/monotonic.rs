//! Claims that, once true, stay true for the rest of a run.

use crate::scenario::{Claim, Compare, Metric, Quantile};

/// Returns whether a claim that is true now could be false later. A deadlock stays, and a count only grows.
pub(super) fn must_hold(claim: &Claim) -> bool {
    match claim {
        Claim::Deadlock { .. } | Claim::Finding { is_expected: true, .. } => false,
        Claim::NoDeadlock | Claim::Finding { is_expected: false, .. } | Claim::Measure { baseline: Some(_), .. } => {
            true
        }
        Claim::Measure { metric, compare, .. } => {
            let grows = matches!(
                metric,
                Metric::Lost
                    | Metric::Done
                    | Metric::Failed
                    | Metric::Retried
                    | Metric::Rejected
                    | Metric::Cancelled
                    | Metric::Stolen
                    | Metric::Helped
                    | Metric::UnreadFailures
                    | Metric::MaxUnread
                    | Metric::Depth
                    | Metric::Lives
                    | Metric::Lanes
                    | Metric::CutOff
                    | Metric::Processes
                    | Metric::Threads
                    | Metric::Acquired
                    | Metric::Wait(Quantile::Max)
                    | Metric::Latency(Quantile::Max)
            );
            *compare != Compare::Above || !grows
        }
    }
}
