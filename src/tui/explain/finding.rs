//! What a finding means, and where it begins to be reported.

use crate::model::{Finding, Threshold, Thresholds};
use crate::trace::FindingId;

/// Returns sentences about a finding: its meaning, its figures and fix, its threshold, and how to mute it.
pub(super) fn explain_finding(finding: &Finding, thresholds: &Thresholds) -> Vec<String> {
    let kind = FindingId::ALL.into_iter().find(|kind| kind.as_str() == finding.id);
    let meaning = kind.map(|kind| kind.meaning().to_owned());
    let own = [&finding.sentence, &finding.evidence].into_iter().filter(|text| !text.is_empty()).cloned();
    meaning
        .into_iter()
        .chain(own)
        .chain([
            format!("Fix: {}", finding.fix),
            describe_threshold(finding.id, thresholds),
            format!("u mutes findings like this one, and --mute {} does so from the start.", finding.id),
        ])
        .collect()
}

fn describe_threshold(id: &str, thresholds: &Thresholds) -> String {
    let Some(threshold) = Threshold::of(id) else {
        return "It rests on facts, not on a measure: it has no threshold.".to_owned();
    };
    let value = threshold.value_in(thresholds);
    let default = if thresholds.changed().any(|(one, _)| one.id() == id) {
        format!(" (set; default {})", threshold.format(threshold.default))
    } else {
        String::new()
    };
    format!(
        "{}: {}{default}. --threshold {id}={} sets it, from {}.",
        threshold.meaning,
        threshold.format(value),
        threshold.format_argument(value),
        threshold.format_range()
    )
}
