//! `unseen-failures`: failed tasks whose results no worker will ever read.

use super::{Analysis, Finding, FindingSubject, Severity, format_count, format_thousands};
use contend_trace::FindingId;

pub(super) const ID: &str = FindingId::UnseenFailures.as_str();

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    find_pool(analysis).into_iter().collect()
}

/// Reports the pool with the most unread failures.
fn find_pool(analysis: &Analysis<'_>) -> Option<Finding> {
    let (id, info, pool) = analysis
        .pools()
        .max_by_key(|(_, _, pool)| pool.unread_failures())
        .filter(|(.., pool)| pool.unread_failures() > 0)?;
    Some(Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} of {} {} unread: no worker reads {}.{}",
            format_count(pool.unread_failures(), "failure"),
            info.name,
            if pool.unread_failures() == 1 { "remains" } else { "remain" },
            if pool.unread_failures() == 1 { "its result" } else { "their results" },
            analysis.former_settings_note(pool.recent_tasks().counts.unread_failures > 0)
        ),
        evidence: format!(
            "{} failed, {} of them unread.",
            format_count(pool.failed(), "task"),
            format_thousands(pool.unread_failures() as i64)
        ),
        fix: "Read every result, at least to check for failure.".into(),
        subject: Some(FindingSubject::Pool(id)),
        at: None,
    })
}
