//! The results of `contend test` as JSON.

use serde::Serialize;

use super::{BoundCheck, Comparison, ExpectationTally, SkippedScenario, TestRound, TestRun, TestedScenario, Verdict};
use crate::model::Thresholds;
use crate::report::finding_options::{ThresholdJson, distinct, thresholds_json};
use crate::scenario::Variant;
use crate::trace::RunEnd;

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct TestsJson<'a> {
    schema: u32,
    contend: &'static str,
    passed: bool,
    /// Number of expectations that could not be judged.
    not_judged: usize,
    rounds: usize,
    scenarios: Vec<TestedScenarioJson<'a>>,
    /// Scenarios that run commands, which was not allowed.
    skipped: Vec<&'a str>,
    thresholds: Vec<ThresholdJson>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct TestedScenarioJson<'a> {
    name: &'a str,
    passed: bool,
    runs: Vec<TestRunJson<'a>>,
    comparisons: Vec<ComparisonJson<'a>>,
    unsteady: Vec<UnsteadyExpectationJson<'a>>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct TestRunJson<'a> {
    round: usize,
    set: Vec<String>,
    elapsed_s: f64,
    #[cfg_attr(test, schemars(extend("enum" = ["completed", "time", "deadlock", "stall", "stopped", "crashed"])))]
    ended: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    events_lost: u64,
    muted: Vec<&'static str>,
    expectations: Vec<TestExpectationJson<'a>>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct TestExpectationJson<'a> {
    text: &'a str,
    seen: bool,
    evidence: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_judged: Option<String>,
    #[serde(flatten)]
    weight: Option<BoundCheckJson>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct BoundCheckJson {
    found: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    low: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    high: Option<f64>,
    due: f64,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ComparisonJson<'a> {
    round: usize,
    #[serde(flatten)]
    expectation: TestExpectationJson<'a>,
    tries: u32,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct UnsteadyExpectationJson<'a> {
    text: &'a str,
    seen: usize,
    not_judged: usize,
    of: usize,
}

/// Returns the results as one JSON object, pretty-printed with a newline at the end. `docs/tests.md` describes it.
pub fn tests_json(
    tested: &[TestedScenario<'_>],
    skipped: &[SkippedScenario<'_>],
    thresholds: &Thresholds,
) -> serde_json::Result<String> {
    let document = TestsJson {
        schema: 1,
        contend: env!("CARGO_PKG_VERSION"),
        passed: tested.iter().all(TestedScenario::passed),
        not_judged: tested.iter().map(TestedScenario::not_judged_count).sum(),
        rounds: tested.first().map_or(1, |one| one.rounds.len()),
        scenarios: tested.iter().map(scenario_json).collect(),
        skipped: skipped.iter().map(|one| one.name).collect(),
        thresholds: thresholds_json(thresholds),
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

fn scenario_json<'a>(tested: &'a TestedScenario<'a>) -> TestedScenarioJson<'a> {
    let rounds = || tested.rounds.iter().zip(1..);
    let runs = |(round, nth): (&'a TestRound, usize)| {
        round.runs.iter().zip(tested.variants).map(move |(trial, variant)| run_json(tested, variant, trial, nth))
    };
    let comparisons =
        |(round, nth): (&'a TestRound, usize)| round.comparisons.iter().map(move |one| comparison_json(one, nth));
    let unsteady = |outcome: &ExpectationTally<'_>| outcome.seen_count < outcome.total;
    TestedScenarioJson {
        name: &tested.scenario.name,
        passed: tested.passed(),
        runs: rounds().flat_map(runs).collect(),
        comparisons: rounds().flat_map(comparisons).collect(),
        unsteady: tested
            .all_tallies()
            .filter(unsteady)
            .map(|ExpectationTally { text, seen_count: seen, not_judged_count: not_judged, total: of, .. }| {
                UnsteadyExpectationJson { text, seen, not_judged, of }
            })
            .collect(),
    }
}

fn run_json<'a>(tested: &TestedScenario<'a>, variant: &Variant, trial: &'a TestRun, round: usize) -> TestRunJson<'a> {
    TestRunJson {
        round,
        set: tested.scenario.variant_label(variant).split_whitespace().map(str::to_owned).collect(),
        elapsed_s: trial.ended_at.as_secs_f64(),
        ended: trial.ended.word(),
        error: if let RunEnd::Crashed(why) = &trial.ended { Some(why) } else { None },
        events_lost: trial.lost,
        muted: distinct(&trial.muted),
        expectations: trial.verdicts.iter().map(expectation_json).collect(),
    }
}

fn comparison_json(one: &Comparison, round: usize) -> ComparisonJson<'_> {
    ComparisonJson { round, expectation: expectation_json(&one.verdict), tries: one.tries }
}

fn expectation_json(verdict: &Verdict) -> TestExpectationJson<'_> {
    let Verdict { text, evidence, bound_check: weight, .. } = verdict;
    let weight = weight.map(|BoundCheck { measured: found, interval, bound: due, .. }| BoundCheckJson {
        found,
        low: interval.map(|(low, _)| low),
        high: interval.map(|(_, high)| high),
        due,
    });
    TestExpectationJson { text, seen: verdict.is_seen(), evidence, not_judged: verdict.not_judged_reason(), weight }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::schema::{SchemaSource, assert_schema_is_current};

    #[test]
    fn schema_matches_the_types_and_the_document() {
        assert_schema_is_current::<TestsJson<'static>>(&SchemaSource {
            name: "tests",
            title: "The outcome of contend test",
            document: include_str!("../../../docs/tests.md"),
            path_of_row: str::to_owned,
        });
    }
}
