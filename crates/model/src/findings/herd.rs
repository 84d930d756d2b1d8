//! A signal that wakes many where only one finds something to do.

use super::merge_similar::sort_worst_first;
use super::{
    Analysis, Finding, FindingSubject, Severity, format_amount, format_count, format_percent, format_thousands,
};
use contend_trace::ResourceId;

pub(super) const ID: &str = "herd";

/// Workers that must have been woken.
const WOKEN: u64 = 50;

/// Workers that a signal wakes at least, on average.
const EACH: f64 = 2.0;

/// Part of the woken that go back to waiting without having done anything.
const FUTILE: f64 = 0.4;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    sort_worst_first(analysis.model.registry().signals().filter_map(|id| check_signals(analysis, id)))
}

fn check_signals(analysis: &Analysis<'_>, id: ResourceId) -> Option<(f64, Finding)> {
    let signals = analysis.model.signals(id)?.recent();
    let (woken, futile, each) = (signals.woken_workers(), signals.futile_wakeups(), signals.woken_per_signal());
    let share = futile as f64 / woken.max(1) as f64;
    if woken < WOKEN || each < EACH || share < FUTILE {
        return None;
    }
    let finding = Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "Each signal of {} wakes {}; {} of them find nothing to do and wait again.",
            analysis.resource_name(id),
            format_amount(each, "worker"),
            format_percent(share)
        ),
        evidence: format!(
            "{} of {} woken took the lock and waited again at once.",
            format_thousands(futile as i64),
            format_count(woken, "worker")
        ),
        fix: "Wake one worker for each thing to do: notify instead of notify-all.".into(),
        subject: Some(FindingSubject::Resource(id)),
        at: None,
    };
    Some((share * each, finding))
}
