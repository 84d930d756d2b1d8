//! `herd`: signals that wake several workers, many of which find nothing to do.

use super::merge_similar::sort_worst_first;
use super::{
    Analysis, Finding, FindingSubject, Severity, format_amount, format_count, format_percent, format_thousands,
};
use contend_trace::{FindingId, ResourceId};

pub(super) const ID: &str = FindingId::Herd.as_str();

/// Least number of wakeups to judge by.
const MIN_WAKEUPS: u64 = 50;

/// Least mean number of workers that a signal wakes.
const MIN_WOKEN_EACH: f64 = 2.0;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    sort_worst_first(analysis.model.registry().signals().filter_map(|id| check_signals(analysis, id)))
}

fn check_signals(analysis: &Analysis<'_>, id: ResourceId) -> Option<(f64, Finding)> {
    let signals = analysis.model.signals(id)?.recent();
    let (woken, futile, each) = (signals.woken_workers(), signals.futile_wakeups(), signals.woken_per_signal());
    let share = futile as f64 / woken.max(1) as f64;
    if woken < MIN_WAKEUPS || each < MIN_WOKEN_EACH || share < analysis.thresholds.herd {
        return None;
    }
    let finding = Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "Each signal of {} wakes {} on average; {} of them find nothing to do and wait again.",
            analysis.resource_name(id),
            format_amount(each, "worker"),
            format_percent(share)
        ),
        evidence: format!(
            "{} of {} led straight back to waiting.",
            format_thousands(futile as i64),
            format_count(woken, "wakeup")
        ),
        fix: "Wake one worker per item of work: use notify instead of notify-all.".into(),
        subject: Some(FindingSubject::Resource(id)),
        at: None,
    };
    Some((share * each, finding))
}
