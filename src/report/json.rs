//! The JSON report, version 1. `docs/report.md` describes it. Fields may be added, but never renamed.

mod answer;
mod circumstances;
mod costs;
mod durations;
mod gone;
mod incidents;
mod member;
mod pools;
mod resources;
mod sections;
mod stuck_workers;
mod transfers;
mod workers;

use self::sections::ReportJson;
use crate::report::Report;
use crate::trace::State;

pub(super) use member::report_member;

/// States whose share of a worker's time the report has; the last two only for a user's program.
const SHARE_STATES: [State; 11] = [
    State::Running,
    State::Ready,
    State::Lock,
    State::Empty,
    State::Full,
    State::Signal,
    State::Io,
    State::Handover,
    State::Sleep,
    State::Gil,
    State::OffCore,
];

/// Returns the states whose share of a worker's time the report has, for a registry that is open or not.
fn share_states(is_open: bool) -> impl Iterator<Item = State> {
    let is_of_programs = |state: &State| matches!(state, State::Gil | State::OffCore);
    SHARE_STATES.into_iter().filter(move |state| is_open || !is_of_programs(state))
}

/// Returns the report as pretty-printed JSON with a newline at the end.
pub fn report_json(report: &Report<'_>) -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(&ReportJson::of(report))? + "\n")
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use serde_json::Value;

    use super::*;
    use crate::report::fixture::BankFixture;
    use crate::report::schema::{SchemaSource, assert_schema_is_current, generate};
    use crate::trace::{Message, RunEnd, Sample, Span, Stamp};

    const SOURCE: SchemaSource = SchemaSource {
        name: "report",
        title: "The report of a run of contend",
        document: include_str!("../../docs/report.md"),
        path_of_row: str::to_owned,
    };

    #[test]
    fn schema_matches_the_types_and_the_document() {
        assert_schema_is_current::<ReportJson<'static>>(&SOURCE);
    }

    /// Expectations name members of the report: this is the list that the checker knows.
    #[test]
    fn members_in_expectations_match_the_schema() {
        let schema = generate::<ReportJson<'static>>(&SOURCE);
        let mut text = String::new();
        list_members(&schema, "", &mut text);
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/scenario/src/check/expect/report_members.txt");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &text).expect("written");
        }
        let found = std::fs::read_to_string(path).unwrap_or_default();
        assert!(found == text, "{path} is stale; UPDATE_DOCS=1 cargo test --lib schema writes it");
    }

    /// Members that are known before a run, or are about its expectations.
    const NOT_DECIDED: [&str; 11] = [
        "answer",
        "contend",
        "error",
        "expectations",
        "gone",
        "limit_s",
        "over_limit_s",
        "params",
        "scenario",
        "schema",
        "title",
    ];

    /// Writes a line for each member that is a value: its path, and `number`, `text`, `boolean` or its words.
    fn list_members(schema: &Value, path: &str, out: &mut String) {
        // A nullable object is `anyOf` two schemas.
        let schema = schema.get("anyOf").map_or(schema, |any| &any[0]);
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds[0].as_str(),
            kind => kind.as_str(),
        };
        match kind.expect("a type") {
            "object" => {
                for (name, member) in schema["properties"].as_object().into_iter().flatten() {
                    if path.is_empty() && NOT_DECIDED.contains(&name.as_str()) {
                        continue;
                    }
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    list_members(member, &path, out);
                }
                if let Some(each) = schema.get("additionalProperties").filter(|each| each.is_object()) {
                    list_members(each, &format!("{path}.*"), out);
                }
            }
            "array" => list_members(&schema["items"], &format!("{path}[]"), out),
            kind => {
                let words = schema.get("enum").and_then(Value::as_array);
                let kind = match (words, kind) {
                    (Some(words), _) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("|"),
                    (None, "string") => "text".to_owned(),
                    (None, "integer") => "number".to_owned(),
                    (None, kind) => kind.to_owned(),
                };
                let _ = writeln!(out, "{path} {kind}");
            }
        }
    }

    /// Every member that the checker knows can be read from a report.
    #[test]
    fn sections_in_expectations_are_read_as_they_are_written() {
        let bank = BankFixture::new();
        let (report, whole) = (bank.report(), report_json(&bank.report()).unwrap());
        let whole: Value = serde_json::from_str(&whole).unwrap();
        let members = include_str!("../../crates/scenario/src/check/expect/report_members.txt");
        for name in members.lines().map(|line| line.split(['.', '[', ' ']).next().unwrap()) {
            let segments = vec![crate::scenario::PathSegment::Member(name.to_owned())];
            let path =
                crate::scenario::ReportPath { segments, value: crate::scenario::ReportValue::Number, scale: 1.0 };
            assert_eq!(report_member(&report, &path).as_ref(), Ok(&whole[name]), "{name}");
        }
    }

    #[test]
    fn json_figures_match_the_run() {
        let value: Value = serde_json::from_str(&report_json(&BankFixture::new().report()).unwrap()).unwrap();
        assert_eq!(value["schema"], 1);
        assert_eq!(value["ended"], "deadlock");
        assert_eq!(value["params"]["hold"], "1ms");
        assert_eq!(value["locks"][0]["acquired"], 3);
        assert_eq!(value["counters"][0]["value"], 2);
        assert_eq!(value["pools"][0]["done"], 19);
        assert_eq!(value["pools"][0]["failed"], 1);
        assert_eq!(value["deadlocks"][0]["ring"].as_array().unwrap().len(), 2);
        let shares = value["workers"][0]["share"].as_object().unwrap();
        let whole: f64 = shares.values().map(|share| share.as_f64().unwrap()).sum();
        assert!((whole - 1.0).abs() < 1e-9, "the shares of a worker make a whole, not {whole}");
    }

    #[test]
    fn cores_are_in_numeric_order_and_missing_cores_are_null() {
        let mut bank = BankFixture::new();
        let load = |core: u16| (core != 77).then(|| f32::from(core) / 256.0);
        for at in (1..=20).map(|tenth| Stamp(0) + Span::from_millis(1_000 + tenth * 100)) {
            bank.model.apply(&Message::Sample(Sample::Cores { at, load: (0..256).map(load).collect() }));
        }
        let value: Value = serde_json::from_str(&report_json(&bank.report()).unwrap()).unwrap();
        let cores = value["cpu"]["cores"].as_array().unwrap();
        assert_eq!(cores.len(), 256);
        let means: Vec<f64> = cores.iter().filter_map(Value::as_f64).collect();
        assert_eq!((means.len(), &cores[77]), (255, &Value::Null));
        assert!(means[4..].is_sorted() && means[254] > 0.9, "{means:?}"); // the first four had other loads before
    }

    /// Returns all ways a run can end. A new variant does not compile until it is added here.
    fn all_run_ends() -> Vec<RunEnd> {
        let next = |end: &RunEnd| match end {
            RunEnd::Completed => Some(RunEnd::Time),
            RunEnd::Time => Some(RunEnd::Deadlock),
            RunEnd::Deadlock => Some(RunEnd::Stall),
            RunEnd::Stall => Some(RunEnd::Stopped),
            RunEnd::Stopped => Some(RunEnd::Crashed(String::new())),
            RunEnd::Crashed(_) => None,
        };
        std::iter::successors(Some(RunEnd::Completed), next).collect()
    }

    #[test]
    fn every_way_a_run_ends_is_documented() {
        for (document, member) in [
            (include_str!("../../docs/report.md"), "| `ended` |"),
            (include_str!("../../docs/tests.md"), "| `scenarios[].runs[].ended` |"),
        ] {
            let row = document.lines().find_map(|line| line.strip_prefix(member)).expect("a row");
            for end in all_run_ends() {
                assert!(row.contains(&format!("`{}`", end.word())), "{member} does not name {end:?}: {row}");
            }
            let documented = row.split('`').skip(1).step_by(2).filter(|word| !word.contains('.')).count();
            assert_eq!(documented, all_run_ends().len(), "{member} names an unknown end: {row}");
        }
    }

    #[test]
    fn failed_run_has_an_error_message() {
        let mut bank = BankFixture::new();
        bank.ended = RunEnd::Crashed("the runner was ended by SIGKILL".to_owned());
        let value: Value = serde_json::from_str(&report_json(&bank.report()).unwrap()).unwrap();
        assert_eq!(value["ended"], "crashed");
        assert_eq!(value["error"], "the runner was ended by SIGKILL");
    }
}
