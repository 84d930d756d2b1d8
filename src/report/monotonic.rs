//! Claims that, once true, stay true for the rest of a run.

use crate::scenario::{
    Claim, Compare, FigureComparison, FigureCondition, FigureExpr, FigureFormula, FigureSource, Metric, Quantile,
    Relation,
};

/// Returns whether a claim that is true now could be false later. A deadlock stays, and a count only grows.
pub(super) fn must_hold(claim: &Claim) -> bool {
    match claim.bare() {
        Claim::Deadlock { .. } | Claim::Finding { is_expected: true, .. } => false,
        Claim::NoDeadlock | Claim::Finding { is_expected: false, .. } | Claim::Measure { baseline: Some(_), .. } => {
            true
        }
        Claim::Formula(formula) => !stays_true(formula, &formula.condition),
        Claim::OnCores { claim, .. } => must_hold(claim),
        Claim::Measure { metric, compare, .. } => *compare != Compare::Above || !only_grows(*metric),
    }
}

/// Whether a condition that is true now stays true: growing figures exceed numbers.
fn stays_true(formula: &FigureFormula, condition: &FigureCondition) -> bool {
    let grows = |expr: &FigureExpr| {
        let FigureExpr::Term(at) = expr else { return false };
        let source = formula.terms.get(*at).map(|term| &term.source);
        matches!(source, Some(FigureSource::Measure { metric, .. }) if only_grows(*metric))
    };
    match condition {
        FigureCondition::Compare(FigureComparison { left, relation, right }) => match relation {
            Relation::Greater | Relation::GreaterOrEqual => grows(left) && right.is_constant(),
            Relation::Less | Relation::LessOrEqual => left.is_constant() && grows(right),
            Relation::Equal | Relation::NotEqual => false,
        },
        FigureCondition::All(parts) | FigureCondition::Any(parts) => parts.iter().all(|part| stays_true(formula, part)),
        FigureCondition::Word { .. } | FigureCondition::Not(_) => false,
    }
}

/// Whether a figure never falls.
const fn only_grows(metric: Metric) -> bool {
    matches!(
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
    )
}
