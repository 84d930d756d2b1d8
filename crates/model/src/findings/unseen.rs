//! Tasks that failed without anybody noticing.

use super::{About, Finding, Look, Severity, count};

pub(super) const ID: &str = "unseen-failures";

pub(super) fn find(look: &Look<'_>) -> Option<Finding> {
    let (id, info, pool) =
        look.pools().max_by_key(|(_, _, pool)| pool.unseen()).filter(|(.., pool)| pool.unseen() > 0)?;
    Some(Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} of {} that nobody looked at: whoever could have read the result did not.{}",
            count(pool.unseen(), "failure"),
            info.name,
            look.only_before(pool.recent().counts.unseen > 0)
        ),
        evidence: format!(
            "{} failed, and nobody will read the results of {} of them.",
            count(pool.failed(), "task"),
            pool.unseen()
        ),
        cure: "Read every result, if only to see whether it is a failure.".into(),
        about: Some(About::Pool(id)),
        at: None,
    })
}
