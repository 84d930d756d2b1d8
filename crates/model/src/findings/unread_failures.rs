//! Tasks that failed without anybody noticing.

use super::{Analysis, Finding, FindingSubject, Severity, format_count};

pub(super) const ID: &str = "unseen-failures";

pub(super) fn find(analysis: &Analysis<'_>) -> Option<Finding> {
    let (id, info, pool) = analysis
        .pools()
        .max_by_key(|(_, _, pool)| pool.unread_failures())
        .filter(|(.., pool)| pool.unread_failures() > 0)?;
    Some(Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} of {} that nobody looked at: whoever could have read the result did not.{}",
            format_count(pool.unread_failures(), "failure"),
            info.name,
            analysis.former_settings_note(pool.recent_tasks().counts.unread_failures > 0)
        ),
        evidence: format!(
            "{} failed, and nobody will read the results of {} of them.",
            format_count(pool.failed(), "task"),
            pool.unread_failures()
        ),
        fix: "Read every result, if only to see whether it is a failure.".into(),
        subject: Some(FindingSubject::Pool(id)),
        at: None,
    })
}
