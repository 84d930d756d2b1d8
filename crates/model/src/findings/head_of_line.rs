//! Short tasks that wait behind a few long ones.

use super::{Analysis, Finding, FindingSubject, Severity};
use contend_trace::Span;

pub(super) const ID: &str = "head-of-line";

/// Tasks without which nothing can be said.
const TASKS: u64 = 50;

/// How many times as long as the median the mean must be: then a few long tasks take most of the time.
const SKEWED: f64 = 3.0;

/// How many times as long as it takes the median task must wait.
const WAITS: f64 = 3.0;

/// Part of their time that the workers are on tasks: beyond the most the pool is too small whatever the lengths are, and
/// below the least half of the tasks cannot have found all workers at others.
const BUSY: std::ops::RangeInclusive<f64> = 0.5..=0.97;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (id, info, pool) in analysis.pools() {
        let (service, waited) = (pool.recent_tasks().service_times, pool.recent_tasks().wait_times);
        let median = service.percentile_ns(50.0);
        // The tasks of a batch wait for each other however long they are.
        if pool.total_tasks().is_some() || service.count() < TASKS || median == 0 {
            continue;
        }
        let skewed = service.mean_ns() >= SKEWED * median as f64;
        let waits = waited.percentile_ns(50.0) as f64 >= WAITS * median as f64;
        if !skewed || !waits || !BUSY.contains(&pool.utilization(analysis.from, analysis.now, analysis.now)) {
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
                "The longest took {}, the average is {}: a few take most of the time.",
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
