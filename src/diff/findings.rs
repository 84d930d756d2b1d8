//! Findings that are gone or new.

use std::collections::{BTreeMap, BTreeSet};

use super::figures::group_name;
use super::run_report::{FindingReport, RunReport};
use super::side::Side;

/// A finding, with the number of runs that have it on each side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparedFinding {
    pub id: String,
    pub severity: String,
    /// The sentence of one of its runs.
    pub sentence: String,
    pub a_runs: usize,
    pub b_runs: usize,
    pub change: FindingChange,
}

/// What has become of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingChange {
    /// All runs of B have it, and none of A.
    New,
    /// All runs of A have it, and none of B.
    Gone,
    /// Not all runs of a side agree: chance decides whether it shows.
    Sometimes,
    /// All runs have it.
    Same,
}

impl FindingChange {
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Gone => "gone",
            Self::Sometimes => "sometimes",
            Self::Same => "same",
        }
    }
}

impl ComparedFinding {
    pub fn is_error(&self) -> bool {
        self.severity == "error"
    }
}

/// Compares findings: those of the same id about the same resources are one. Members of an array count as the same.
pub(super) fn compare_findings(a: &Side, b: &Side) -> Vec<ComparedFinding> {
    let mut found: BTreeMap<(String, BTreeSet<String>), ComparedFinding> = BTreeMap::new();
    for (side, is_a) in [(b, false), (a, true)] {
        for run in side.reports() {
            let names = resource_names(run);
            let of_run: BTreeMap<_, &FindingReport> =
                run.findings.iter().map(|f| (finding_key(f, &names), f)).collect();
            for (key, finding) in of_run {
                let entry = found.entry(key).or_insert_with(|| ComparedFinding {
                    id: finding.id.clone(),
                    severity: finding.severity.clone(),
                    sentence: finding.sentence.clone(),
                    a_runs: 0,
                    b_runs: 0,
                    change: FindingChange::Same,
                });
                *if is_a { &mut entry.a_runs } else { &mut entry.b_runs } += 1;
            }
        }
    }
    let mut findings: Vec<ComparedFinding> = found.into_values().collect();
    for finding in &mut findings {
        finding.change = match (finding.a_runs, finding.b_runs) {
            (0, b_runs) if b_runs == b.count() => FindingChange::New,
            (a_runs, 0) if a_runs == a.count() => FindingChange::Gone,
            (a_runs, b_runs) if a_runs == a.count() && b_runs == b.count() => FindingChange::Same,
            _ => FindingChange::Sometimes,
        };
    }
    findings.sort_by_key(|finding| finding.change);
    findings
}

fn resource_names(run: &RunReport) -> BTreeSet<&str> {
    let locks = run.locks.iter().map(|lock| lock.name.as_str());
    let queues = run.queues.iter().map(|queue| queue.name.as_str());
    locks.chain(queues).chain(run.pools.iter().map(|pool| pool.name.as_str())).collect()
}

/// Returns the id of a finding and the resources that its sentence names.
fn finding_key(finding: &FindingReport, resources: &BTreeSet<&str>) -> (String, BTreeSet<String>) {
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let words = finding.sentence.split(|c| !is_part(c));
    let named = words.filter(|word| resources.contains(word)).map(|word| group_name(word).to_owned());
    (finding.id.clone(), named.collect())
}
