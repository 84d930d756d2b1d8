//! When the findings of a recorded run appeared.

use crate::model::{FindingSubject, Model};
use crate::trace::{Span, Stamp};
use crate::tui::totals_history::{FindingChange, SAMPLE_INTERVAL};

/// Most times that a run is judged, from its start to its end.
const MAX_CHECKS: u64 = 400;

/// Most moments that are kept.
const MAX_MOMENTS: usize = 1_000;

/// The moments at which findings appeared, in order.
#[derive(Debug)]
pub(super) struct FindingLog {
    moments: Vec<FindingChange>,
    /// Those of the last check.
    present: Vec<(&'static str, Option<FindingSubject>)>,
    checked_at: Stamp,
    interval: Span,
}

impl FindingLog {
    /// Returns an empty log of a run that ends at `end`.
    pub(super) fn over(end: Stamp) -> Self {
        let interval = Span(end.0 / MAX_CHECKS).max(SAMPLE_INTERVAL);
        Self { moments: Vec::new(), present: Vec::new(), checked_at: Stamp(0), interval }
    }

    /// Returns the moment of the next check.
    pub(super) fn next_check(&self) -> Stamp {
        self.checked_at + self.interval
    }

    /// Notes the findings that were absent at the last check.
    pub(super) fn observe(&mut self, model: &Model, at: Stamp) {
        let found = model.findings(at);
        for finding in &found {
            if !self.present.contains(&(finding.id, finding.subject)) && self.moments.len() < MAX_MOMENTS {
                let since_last_check = |since: &Stamp| *since > self.checked_at && *since <= at;
                self.moments.push(FindingChange {
                    at: finding.at.filter(since_last_check).unwrap_or(at),
                    id: finding.id,
                    severity: finding.severity,
                    sentence: Some(finding.sentence.clone()),
                });
            }
        }
        self.moments.sort_by_key(|change| change.at);
        self.present = found.into_iter().map(|finding| (finding.id, finding.subject)).collect();
        self.checked_at = at;
    }

    /// Returns the findings that appeared so far, in order of time.
    pub(super) fn changes(&self) -> &[FindingChange] {
        &self.moments
    }

    /// Returns the moment next to `at` of a finding that is listed.
    pub(super) fn beside(
        &self,
        at: Stamp,
        forward: bool,
        is_listed: impl Fn(&str) -> bool,
    ) -> Option<(Stamp, &'static str)> {
        let listed = self.moments.iter().filter(|change| is_listed(change.id));
        let mut listed = listed.map(|change| (change.at, change.id));
        if forward { listed.find(|(moment, _)| *moment > at) } else { listed.rfind(|(moment, _)| *moment < at) }
    }
}
