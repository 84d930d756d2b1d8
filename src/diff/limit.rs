//! `--fail-if-worse`: what got worse by more than a limit.

use super::change_text::format_change;
use super::comparison::{Change, ComparedFigure, Comparison, Scale, Verdict};
use super::figures::{Better, Figure, Section, Unit};
use crate::trace::format::format_counted;

/// Something that got worse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worsening {
    /// A figure with its subject, or a finding.
    pub what: String,
    /// By how much, or in how many runs.
    pub how: String,
}

/// Returns what got worse by more than a part of its value, such as 0.05: throughput and times, where the runs can be
/// told apart or there is only one of each; and findings of severity `error` that no run of A has.
pub fn find_worsenings(comparison: &Comparison, limit: f64) -> Vec<Worsening> {
    let figures = comparison.figures.iter().filter(|figure| is_judged(comparison, figure));
    let worse = figures.filter_map(|figure| worsening(figure, limit));
    let findings = comparison.findings.iter().filter(|finding| finding.is_error() && finding.a_runs == 0);
    let found = findings.map(|finding| Worsening {
        what: finding.id.clone(),
        how: format!("new in {} of {}", finding.b_runs, format_counted(comparison.b.count() as u64, "run")),
    });
    let crashed = |run: &&super::RunReport| run.ended == "crashed";
    let crashes = comparison.b.reports().filter(crashed).count();
    let crash = (crashes > 0 && !comparison.a.reports().any(|run| crashed(&run))).then(|| Worsening {
        what: "crashed".to_owned(),
        how: format!("{crashes} of {}", format_counted(comparison.b.count() as u64, "run")),
    });
    worse.chain(found).chain(crash).collect()
}

/// Whether a figure says how good the result is: durations of runs, throughput and response times of pools; without
/// pools, throughput and waiting times of queues and locks.
fn is_judged(comparison: &Comparison, figure: &ComparedFigure) -> bool {
    let has_pools = comparison.figures.iter().any(|figure| figure.subject.section == Section::Pools);
    match (figure.subject.section, figure.figure) {
        (Section::Run, _) | (Section::Pools, Figure::Throughput | Figure::Response(_) | Figure::Failed) => true,
        (Section::Queues | Section::Locks, Figure::Throughput | Figure::Wait(_)) => !has_pools,
        _ => false,
    }
}

fn worsening(compared: &ComparedFigure, limit: f64) -> Option<Worsening> {
    let Change { scale, estimate, .. } = compared.change?;
    let amount = match compared.figure.better()? {
        Better::Higher => -estimate,
        Better::Lower => estimate,
    };
    let is_part = scale == Scale::Ratio || compared.figure.unit() == Unit::Share;
    // Where a value is 0, any step away from it exceeds every part of it.
    let exceeds = if is_part { amount > limit } else { amount > 0.0 };
    let counts = matches!(compared.verdict, Verdict::Worse | Verdict::NoInterval) && exceeds;
    counts.then(|| Worsening {
        what: format!("{} {}", compared.subject.name, compared.figure.label()).trim().to_owned(),
        how: format_change(compared).unwrap_or_default(),
    })
}
