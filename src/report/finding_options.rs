//! What reports say about muted findings and about thresholds that the user set.

use serde::Serialize;

use crate::model::{ThresholdUnit, Thresholds};
use crate::trace::format::format_counted;

/// Returns `1 finding muted: lock-bound`, or nothing if none is. `ids` has one id for each muted finding.
pub(super) fn describe_muted(ids: &[&str]) -> Option<String> {
    let each = distinct(ids);
    (!ids.is_empty()).then(|| format!("{} muted: {}", format_counted(ids.len() as u64, "finding"), each.join(", ")))
}

/// Returns the ids in order, each once.
pub(super) fn distinct<'a>(ids: &[&'a str]) -> Vec<&'a str> {
    let mut each = ids.to_vec();
    each.sort_unstable();
    each.dedup();
    each
}

/// Returns `thresholds set: starved 2.0 s (default 500 ms)`, or nothing if all are the defaults.
pub(super) fn describe_thresholds(thresholds: &Thresholds) -> Option<String> {
    let each = thresholds
        .changed()
        .map(|(one, value)| format!("{} {} (default {})", one.id(), one.format(value), one.format(one.default)));
    let each: Vec<String> = each.collect();
    (!each.is_empty()).then(|| format!("thresholds set: {}", each.join(", ")))
}

/// A threshold that differs from its default.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ThresholdJson {
    finding: &'static str,
    value: f64,
    default: f64,
    #[cfg_attr(test, schemars(extend("enum" = ["share", "seconds", "number"])))]
    unit: &'static str,
    meaning: &'static str,
}

/// Returns the thresholds that differ from their defaults.
pub(super) fn thresholds_json(thresholds: &Thresholds) -> Vec<ThresholdJson> {
    let json = |(one, value): (&'static crate::model::Threshold, f64)| ThresholdJson {
        finding: one.id(),
        value,
        default: one.default,
        unit: match one.unit {
            ThresholdUnit::Share => "share",
            ThresholdUnit::Time => "seconds",
            ThresholdUnit::Number => "number",
        },
        meaning: one.meaning,
    };
    thresholds.changed().map(json).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Threshold;

    #[test]
    fn muted_findings_are_counted_and_named_once() {
        assert_eq!(describe_muted(&[]), None);
        assert_eq!(describe_muted(&["convoy"]).as_deref(), Some("1 finding muted: convoy"));
        assert_eq!(
            describe_muted(&["unfair", "convoy", "unfair"]).as_deref(),
            Some("3 findings muted: convoy, unfair")
        );
    }

    #[test]
    fn only_thresholds_that_differ_are_described() {
        assert_eq!(describe_thresholds(&Thresholds::DEFAULT), None);
        assert!(thresholds_json(&Thresholds::DEFAULT).is_empty());
        let set = |thresholds: Thresholds, (id, value)| {
            thresholds.with(Threshold::of(id).expect("a threshold"), value).expect("permitted")
        };
        let thresholds = [("starved", 2.0), ("lock-bound", 0.85)].into_iter().fold(Thresholds::DEFAULT, set);
        assert_eq!(
            describe_thresholds(&thresholds).as_deref(),
            Some("thresholds set: lock-bound 85 % (default 30 %), starved 2.0 s (default 500 ms)")
        );
        let json = serde_json::to_value(thresholds_json(&thresholds)).expect("plain data");
        assert_eq!(json[0]["finding"], "lock-bound");
        assert_eq!((&json[0]["value"], &json[0]["unit"]), (&0.85.into(), &"share".into()));
        assert_eq!((&json[1]["default"], &json[1]["unit"]), (&0.5.into(), &"seconds".into()));
    }
}
