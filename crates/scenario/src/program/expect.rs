//! Expectations: what a run must show.

use serde::{Deserialize, Serialize};

use super::formula::{FigureFormula, FigureSource, FigureTerm};
use super::metric::{Metric, MetricSubject};
use super::step::Compare;
use contend_trace::KnobId;

/// An expectation of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Expect {
    /// The expectation in words, for reports.
    pub text: String,
    /// The expectation applies only to runs with these values of knobs.
    pub when: Vec<(KnobId, f64)>,
    pub claim: Claim,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Claim {
    /// A deadlock is found, within this many nanoseconds if given.
    Deadlock {
        within: Option<f64>,
    },
    NoDeadlock,
    /// The run has the finding with this id, or does not have it.
    Finding {
        id: String,
        is_expected: bool,
    },
    Measure {
        metric: Metric,
        subject: MetricSubject,
        compare: Compare,
        /// The bound; a ratio if there is a baseline.
        value: f64,
        baseline: Option<Baseline>,
    },
    /// A condition over figures.
    Formula(FigureFormula),
    /// A claim that only workers on several cores at once can show: without them, a run that does not show it does not
    /// refute it either.
    OnCores {
        needs: NeededCores,
        claim: Box<Self>,
    },
}

/// The cores on which workers must run at once for a claim to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeededCores {
    pub count: u32,
    /// Two threads of one physical core count as one: they share its caches.
    pub are_physical: bool,
}

/// Findings that do not depend on the speed of a run.
const TIMING_INDEPENDENT: [&str; 9] = [
    "deadlock",
    "livelock",
    "stall",
    "lost-wakeup",
    "lost-update",
    "crashed",
    "unseen-failures",
    "orphaned-lock",
    "order-hazard",
];

impl Claim {
    /// Returns the claim itself, without what it needs of the machine.
    pub fn bare(&self) -> &Self {
        match self {
            Self::OnCores { claim, .. } => claim.bare(),
            claim => claim,
        }
    }

    /// Returns the cores on which its workers must run at once to show it, if that matters.
    pub const fn needed_cores(&self) -> Option<NeededCores> {
        match self {
            Self::OnCores { needs, .. } => Some(*needs),
            _ => None,
        }
    }

    /// Whether it depends on speed, time or scheduling, and so on the cores that other programs use. Exact values and
    /// mere counts do not depend on the machine.
    pub fn needs_cores(&self) -> bool {
        match self {
            Self::Deadlock { .. } | Self::NoDeadlock => false,
            Self::Finding { id, .. } => !TIMING_INDEPENDENT.contains(&id.as_str()),
            Self::Measure { metric, compare, .. } => *compare != Compare::Equals && metric.needs_cores(),
            Self::Formula(formula) => formula.needs_cores(),
            Self::OnCores { .. } => true,
        }
    }
}

/// What a measure is compared with: `value` is a ratio to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Baseline {
    /// The same measure of another subject in the same run.
    SameRun(MetricSubject),
    /// The same measure in another run, with these knobs set as well.
    OtherRun(Vec<(KnobId, f64)>),
}

impl Expect {
    /// Returns the knobs of each run that it needs: its own, the one of its baseline, those that its formula names.
    pub fn runs(&self) -> Vec<Vec<(KnobId, f64)>> {
        match self.claim.bare() {
            Claim::Measure { baseline: Some(Baseline::OtherRun(set)), .. } => {
                vec![self.when.clone(), self.run_with(set)]
            }
            Claim::Formula(formula) => {
                let mut runs = Vec::new();
                for term in formula.terms.iter().filter(|term| !matches!(term.source, FigureSource::Knob(_))) {
                    let run = self.run_of(term);
                    if !runs.contains(&run) {
                        runs.push(run);
                    }
                }
                runs
            }
            Claim::Deadlock { .. }
            | Claim::NoDeadlock
            | Claim::Finding { .. }
            | Claim::Measure { .. }
            | Claim::OnCores { .. } => {
                vec![self.when.clone()]
            }
        }
    }

    /// Whether its own run alone does not decide it.
    pub fn compares_runs(&self) -> bool {
        self.runs() != [self.when.as_slice()]
    }

    /// Returns the knobs of the run in which a figure of its formula is measured.
    pub fn run_of(&self, term: &FigureTerm) -> Vec<(KnobId, f64)> {
        self.run_with(&term.settings)
    }

    fn run_with(&self, set: &[(KnobId, f64)]) -> Vec<(KnobId, f64)> {
        let kept = self.when.iter().filter(|(knob, _)| !set.iter().any(|(turned, _)| turned == knob));
        kept.chain(set).copied().collect()
    }
}
