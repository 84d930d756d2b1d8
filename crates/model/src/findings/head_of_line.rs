//! Short tasks that wait behind a few long ones.

use super::{About, Finding, Look, Severity};
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

pub(super) fn find(look: &Look<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (id, info, pool) in look.pools() {
        let (service, waited) = (pool.recent().service, pool.recent().waited);
        let median = service.percentile(50.0);
        // The tasks of a batch wait for each other however long they are.
        if pool.total().is_some() || service.count() < TASKS || median == 0 {
            continue;
        }
        let skewed = service.mean() >= SKEWED * median as f64;
        let waits = waited.percentile(50.0) as f64 >= WAITS * median as f64;
        if !skewed || !waits || !BUSY.contains(&pool.utilization(look.from, look.now, look.now)) {
            continue;
        }
        found.push(Finding {
            id: ID,
            severity: Severity::Warning,
            sentence: format!(
                "Short tasks of {} wait behind long ones: half take {} or less, and half wait {} or more.",
                info.name,
                Span(median),
                Span(waited.percentile(50.0)),
            ),
            evidence: format!(
                "The longest took {}, the average is {}: a few take most of the time.",
                Span(service.max()),
                Span(service.mean() as u64),
            ),
            cure: "Give long tasks a pool of their own, split them, or add workers.".into(),
            about: Some(About::Pool(id)),
            at: None,
        });
    }
    found
}
