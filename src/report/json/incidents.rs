//! Marks, failures, findings and expectations in the JSON report.

use serde::Serialize;

use crate::model::Finding;
use crate::report::{Report, Verdict};
use crate::trace::Stamp;

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct MarkJson<'a> {
    at_s: f64,
    text: std::borrow::Cow<'a, str>,
    /// None for a mark of the user.
    worker: Option<&'a str>,
}

pub(super) fn marks<'a>(report: &Report<'a>) -> Vec<MarkJson<'a>> {
    let registry = report.model.registry();
    let mark = |mark: crate::model::NamedMark<'a>| MarkJson {
        at_s: mark.at.as_secs_f64(),
        text: mark.text,
        worker: mark.worker.map(|worker| registry.worker_name(worker)),
    };
    report.model.named_marks().into_iter().map(mark).collect()
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct FailuresJson<'a> {
    total: u64,
    first: Vec<FailureJson<'a>>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct FailureJson<'a> {
    at_s: f64,
    worker: &'a str,
    what: &'a str,
}

pub(super) fn failures<'a>(report: &Report<'a>) -> FailuresJson<'a> {
    let (failures, registry) = (report.model.failures(), report.model.registry());
    let failure = |failure: &'a crate::model::Failure| FailureJson {
        at_s: failure.at.as_secs_f64(),
        worker: registry.worker_name(failure.worker),
        what: &failure.message,
    };
    FailuresJson { total: failures.total(), first: failures.first_failures().iter().map(failure).collect() }
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct FindingJson<'a> {
    #[cfg_attr(test, schemars(extend("enum" = crate::model::Finding::IDS)))]
    id: &'static str,
    #[cfg_attr(test, schemars(extend("enum" = ["note", "warning", "error"])))]
    severity: &'static str,
    sentence: &'a str,
    evidence: &'a str,
    cure: &'a str,
    count: u32,
    at_s: Option<f64>,
}

impl<'a> From<&'a Finding> for FindingJson<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            id: finding.id,
            severity: finding.severity.label(),
            sentence: &finding.sentence,
            evidence: &finding.evidence,
            cure: &finding.fix,
            count: finding.subject.map_or(1, crate::model::FindingSubject::count),
            at_s: finding.at.map(Stamp::as_secs_f64),
        }
    }
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ExpectationJson<'a> {
    text: &'a str,
    seen: bool,
    evidence: &'a str,
    /// Why the expectation could not be judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_judged: Option<String>,
}

impl<'a> From<&'a Verdict> for ExpectationJson<'a> {
    fn from(verdict: &'a Verdict) -> Self {
        let (text, evidence) = (&verdict.text, &verdict.evidence);
        Self { text, seen: verdict.is_seen(), evidence, not_judged: verdict.not_judged_reason() }
    }
}
