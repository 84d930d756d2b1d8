//! `head-of-line`: short tasks that wait behind long ones.

use super::{Analysis, Finding, FindingSubject, Severity};
use contend_trace::{FindingId, Span};

pub(super) const ID: &str = FindingId::HeadOfLine.as_str();

/// Least number of tasks to judge by.
const MIN_TASKS: u64 = 50;

/// Least ratio of the mean task to the median: then the longer half takes most of the time.
const MIN_SKEW: f64 = 3.0;

/// Share of their time that the workers are on tasks. Above the range the pool is too small whatever the lengths are;
/// below it, half of the tasks cannot have found all workers busy.
const BUSY_RANGE: std::ops::RangeInclusive<f64> = 0.5..=0.97;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (id, info, pool) in analysis.pools() {
        let (service, waited) = (pool.recent_tasks().service_times, pool.recent_tasks().wait_times);
        let median = service.percentile_ns(50.0);
        // Tasks of a batch wait for each other, however long they are.
        if pool.total_tasks().is_some() || service.count() < MIN_TASKS || median == 0 {
            continue;
        }
        let skewed = service.mean_ns() >= MIN_SKEW * median as f64;
        let waits = waited.percentile_ns(50.0) as f64 >= analysis.thresholds.head_of_line * median as f64;
        if !skewed || !waits || !BUSY_RANGE.contains(&pool.utilization(analysis.from, analysis.now, analysis.now)) {
            continue;
        }
        found.push(Finding {
            id: ID,
            severity: Severity::Warning,
            sentence: format!(
                "Short tasks of {} wait behind long ones: half take {} or less, and half wait {} or more.",
                info.name,
                Span(median),
                Span(waited.percentile_ns(50.0)),
            ),
            evidence: format!(
                "The longest took {}, the mean is {}: the longer half takes most of the time.",
                Span(service.max_ns()),
                Span(service.mean_ns() as u64),
            ),
            fix: "Give long tasks a pool of their own, split them, or add workers.".into(),
            subject: Some(FindingSubject::Pool(id)),
            at: None,
        });
    }
    found
}
