//! Findings: the problems of a run, each with a sentence, the evidence and a fix.
//!
//! Each detector judges the last seconds of a run. It reports nothing if it has too little data, or if lost events
//! could make its sentence false. `CONTRIBUTING.md` has the steps to add one.

mod analysis;
mod busy_wait;
mod convoy;
mod crashed;
mod deadlock;
mod demand;
mod formatting;
mod gil_bound;
mod handover_bound;
mod head_of_line;
mod herd;
mod livelock;
mod lock_bound;
mod loop_blocked;
mod loop_bound;
mod lost_update;
mod merge_similar;
mod order_hazard;
mod orphaned_lock;
mod oversubscribed;
mod pool_too_large;
mod pool_too_small;
mod queue_bound;
mod queue_overflow_in;
mod stall;
mod starved;
mod straggler;
mod thresholds;
mod unfair;
mod unfed_queue;
mod unseen_failures;

pub use self::thresholds::{Threshold, ThresholdError, ThresholdUnit, Thresholds};

use self::analysis::Analysis;
use self::formatting::{format_amount, format_cores, format_count, format_number, format_percent, format_thousands};
use super::Model;
use contend_trace::{FindingId, PoolId, ResourceId, Span, Stamp, WorkerId};

/// The time before now that detectors judge.
const DETECTION_WINDOW: Span = Span::from_millis(4_000);

/// Least time that figures must cover to be judged.
pub const MIN_OBSERVATION: Span = Span::from_millis(500);

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It may become a problem.
    Note,
    /// It costs time.
    Warning,
    /// It never recovers, or makes the result wrong.
    Error,
}

impl Severity {
    /// The word used in reports and in JSON.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// The workers, resources or pools that a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingSubject {
    Worker(WorkerId),
    Resource(ResourceId),
    Pool(PoolId),
    /// Several of one group or array, or with the same name and different numbers.
    Workers {
        worst: WorkerId,
        count: u32,
    },
    Resources {
        worst: ResourceId,
        count: u32,
    },
    Pools {
        worst: PoolId,
        count: u32,
    },
}

/// A problem of a run, with the recorded evidence and a fix.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub id: &'static str,
    pub severity: Severity,
    pub sentence: String,
    pub evidence: String,
    pub fix: String,
    pub subject: Option<FindingSubject>,
    /// The moment on the time axis that shows it.
    pub at: Option<Stamp>,
}

impl Finding {
    /// All ids, in the order in which equally severe findings are listed.
    pub const IDS: [&'static str; FindingId::IDS.len()] = FindingId::IDS;
}

/// What the user wants of findings: the thresholds, and the ids of those that are not listed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FindingOptions {
    pub muted: Vec<FindingId>,
    pub thresholds: Thresholds,
}

impl FindingOptions {
    /// Separates the muted findings from those that are listed.
    pub fn split(&self, findings: Vec<Finding>) -> SplitFindings {
        let is_muted = |finding: &Finding| self.muted.iter().any(|muted| muted.as_str() == finding.id);
        let (muted, listed) = findings.into_iter().partition(is_muted);
        SplitFindings { listed, muted }
    }
}

/// The findings of a run, by whether the user wants to see them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SplitFindings {
    pub listed: Vec<Finding>,
    pub muted: Vec<Finding>,
}

/// One detector.
struct Detector {
    /// The ids of the findings that it makes.
    ids: &'static [&'static str],
    find: fn(&Analysis<'_>) -> Vec<Finding>,
    basis: Basis,
    merging: Merging,
}

/// The data that a detector judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Basis {
    /// Single events, such as a crash: they count at once.
    Events,
    /// Figures of a period: they count after [`MIN_OBSERVATION`].
    Figures,
}

/// Whether findings about several members of an array, or of a group of workers, become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Merging {
    /// Each is a case of its own.
    Never,
    /// The detector puts the worst first, and that one stands for all.
    WorstFirst,
    /// The first one stands for all.
    FirstFound,
}

impl Detector {
    const fn new(
        ids: &'static [&'static str],
        basis: Basis,
        merging: Merging,
        find: fn(&Analysis<'_>) -> Vec<Finding>,
    ) -> Self {
        Self { ids, find, basis, merging }
    }

    /// The detector of a finding with this id.
    fn of(id: &str) -> Option<&'static Self> {
        DETECTORS.iter().find(|detector| detector.ids.contains(&id))
    }
}

/// All detectors, in the order in which equally severe findings are listed.
#[rustfmt::skip]
static DETECTORS: &[Detector] = {
    use Basis::{Events, Figures};
    use Merging::{FirstFound, Never, WorstFirst};
    &[
        Detector::new(&[deadlock::ID], Events, Never, deadlock::find),
        Detector::new(&[livelock::ID], Events, Never, livelock::find),
        Detector::new(&[stall::ID, stall::LOST_WAKEUP_ID], Events, Never, stall::find),
        Detector::new(&[lost_update::ID], Events, WorstFirst, lost_update::find),
        Detector::new(&[crashed::ID], Events, Never, crashed::find),
        Detector::new(&[unseen_failures::ID], Events, FirstFound, unseen_failures::find),
        Detector::new(&[orphaned_lock::ID], Events, FirstFound, orphaned_lock::find),
        Detector::new(&[unfed_queue::ID], Events, Never, unfed_queue::find),
        Detector::new(&[order_hazard::ID], Events, FirstFound, order_hazard::find),
        Detector::new(&[lock_bound::ID], Figures, WorstFirst, lock_bound::find),
        Detector::new(&[convoy::ID], Figures, WorstFirst, convoy::find),
        Detector::new(&[gil_bound::ID], Figures, Never, gil_bound::find),
        Detector::new(&[loop_blocked::ID], Figures, FirstFound, loop_blocked::find),
        Detector::new(&[loop_bound::ID], Figures, FirstFound, loop_bound::find),
        Detector::new(&[busy_wait::ID], Figures, WorstFirst, busy_wait::find),
        Detector::new(&[pool_too_small::ID], Figures, FirstFound, pool_too_small::find),
        Detector::new(&[queue_bound::ID], Figures, WorstFirst, queue_bound::find),
        Detector::new(&[queue_overflow_in::ID], Figures, WorstFirst, queue_overflow_in::find),
        Detector::new(&[head_of_line::ID], Figures, FirstFound, head_of_line::find),
        Detector::new(&[handover_bound::ID], Figures, FirstFound, handover_bound::find),
        Detector::new(&[straggler::ID], Figures, WorstFirst, straggler::find),
        Detector::new(&[herd::ID], Figures, WorstFirst, herd::find),
        Detector::new(&[oversubscribed::ID], Figures, FirstFound, oversubscribed::find),
        Detector::new(&[starved::ID], Figures, WorstFirst, starved::find),
        Detector::new(&[unfair::ID], Figures, WorstFirst, unfair::find),
        Detector::new(&[pool_too_large::ID], Figures, FirstFound, pool_too_large::find),
    ]
};

/// All findings at `now`, most severe first.
pub(super) fn detect_all(model: &Model, now: Stamp) -> Vec<Finding> {
    let analysis = Analysis::new(model, now);
    let has_figures = analysis.span() >= MIN_OBSERVATION;
    let ready = DETECTORS.iter().filter(|detector| detector.basis == Basis::Events || has_figures);
    let find = |detector: &Detector| {
        let mut found = (detector.find)(&analysis);
        if detector.basis == Basis::Figures {
            let note = loss_note(&analysis);
            for finding in &mut found {
                finding.evidence.push_str(&note);
            }
        }
        found
    };
    let mut found: Vec<Finding> = ready.flat_map(find).collect();
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    analysis.merge_findings(found)
}

/// A sentence saying what the figures of a period lack. Empty without a loss.
fn loss_note(analysis: &Analysis<'_>) -> String {
    if analysis.is_lossless() {
        return String::new();
    }
    let share = format_percent(analysis.lost_share());
    format!(" {share} of the events were lost, so exact orders and counts are unknown.")
}

impl Model {
    /// Whether a finding is about former settings only and says nothing about those in force at `now`.
    pub fn is_outdated(&self, finding: &Finding, now: Stamp) -> bool {
        let Some(change) = self.settings_change(now) else { return false };
        match (finding.id, finding.subject) {
            (lost_update::ID, Some(FindingSubject::Resource(id))) => {
                self.counter(id).is_some_and(|c| c.recent_lost_updates() == 0)
            }
            (unseen_failures::ID, Some(FindingSubject::Pool(id))) => {
                self.pool(id).is_some_and(|p| p.recent_tasks().counts.unread_failures == 0)
            }
            (deadlock::ID | stall::ID | stall::LOST_WAKEUP_ID | crashed::ID | orphaned_lock::ID, _) => {
                finding.at.is_some_and(|at| at < change.at)
            }
            _ => false,
        }
    }

    /// Returns the problems at `now` since a period began, and the workers that were stuck already then; see
    /// [`Model::begin_period`].
    pub fn findings_of_period(&self, now: Stamp) -> Vec<Finding> {
        let lasts = |id| matches!(id, deadlock::ID | stall::ID | stall::LOST_WAKEUP_ID);
        self.findings(now).into_iter().filter(|finding| lasts(finding.id) || !self.is_outdated(finding, now)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finding_id_has_one_detector_in_the_listed_order() {
        let detected: Vec<&str> = DETECTORS.iter().flat_map(|detector| detector.ids).copied().collect();
        assert_eq!(detected, FindingId::IDS);
    }
}
