//! What came of testing scenarios, for programs.

use serde::Serialize;

use super::{Compared, Outcome, Round, Tested, Trial, Verdict, Weight};
use crate::scenario::Variant;
use crate::trace::RunEnd;

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Document<'a> {
    schema: u32,
    contend: &'static str,
    passed: bool,
    /// Expectations that could not be judged.
    not_judged: usize,
    rounds: usize,
    scenarios: Vec<ScenarioEntry<'a>>,
    /// Those that run commands, which was not allowed.
    skipped: &'a [&'a str],
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ScenarioEntry<'a> {
    name: &'a str,
    passed: bool,
    runs: Vec<RunEntry<'a>>,
    comparisons: Vec<ComparedEntry<'a>>,
    unsteady: Vec<UnsteadyEntry<'a>>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct RunEntry<'a> {
    round: usize,
    set: Vec<String>,
    elapsed_s: f64,
    #[cfg_attr(test, schemars(extend("enum" = ["completed", "time", "deadlock", "stall", "stopped", "crashed"])))]
    ended: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    events_lost: u64,
    expectations: Vec<ExpectEntry<'a>>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ExpectEntry<'a> {
    text: &'a str,
    seen: bool,
    evidence: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_judged: Option<String>,
    #[serde(flatten)]
    weight: Option<WeightEntry>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct WeightEntry {
    found: f64,
    due: f64,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ComparedEntry<'a> {
    round: usize,
    #[serde(flatten)]
    expectation: ExpectEntry<'a>,
    tries: u32,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct UnsteadyEntry<'a> {
    text: &'a str,
    seen: usize,
    not_judged: usize,
    of: usize,
}

/// The same as one JSON object, pretty-printed with a newline at the end. `docs/tests.md` describes it.
pub fn tests_json(tested: &[Tested<'_>], skipped: &[&str]) -> serde_json::Result<String> {
    let document = Document {
        schema: 1,
        contend: env!("CARGO_PKG_VERSION"),
        passed: tested.iter().all(Tested::passed),
        not_judged: tested.iter().map(Tested::not_judged).sum(),
        rounds: tested.first().map_or(1, |one| one.rounds.len()),
        scenarios: tested.iter().map(scenario).collect(),
        skipped,
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

fn scenario<'a>(tested: &'a Tested<'a>) -> ScenarioEntry<'a> {
    let rounds = || tested.rounds.iter().zip(1..);
    let runs = |(round, nth): (&'a Round, usize)| {
        round.trials.iter().zip(tested.variants).map(move |(trial, variant)| run(tested, variant, trial, nth))
    };
    let comparisons = |(round, nth): (&'a Round, usize)| round.compared.iter().map(move |one| compared(one, nth));
    let unsteady = |outcome: &Outcome<'_>| outcome.seen < outcome.of;
    ScenarioEntry {
        name: &tested.scenario.name,
        passed: tested.passed(),
        runs: rounds().flat_map(runs).collect(),
        comparisons: rounds().flat_map(comparisons).collect(),
        unsteady: tested
            .outcomes()
            .filter(unsteady)
            .map(|Outcome { text, seen, not_judged, of, .. }| UnsteadyEntry { text, seen, not_judged, of })
            .collect(),
    }
}

fn run<'a>(tested: &Tested<'a>, variant: &Variant, trial: &'a Trial, round: usize) -> RunEntry<'a> {
    RunEntry {
        round,
        set: tested.scenario.label(variant).split_whitespace().map(str::to_owned).collect(),
        elapsed_s: trial.at.secs(),
        ended: trial.ended.word(),
        error: if let RunEnd::Crashed(why) = &trial.ended { Some(why) } else { None },
        events_lost: trial.lost,
        expectations: trial.verdicts.iter().map(expectation).collect(),
    }
}

fn compared(one: &Compared, round: usize) -> ComparedEntry<'_> {
    ComparedEntry { round, expectation: expectation(&one.verdict), tries: one.tries }
}

fn expectation(verdict: &Verdict) -> ExpectEntry<'_> {
    let Verdict { text, evidence, weight, .. } = verdict;
    let weight = weight.map(|Weight { found, due, .. }| WeightEntry { found, due });
    ExpectEntry { text, seen: verdict.is_seen(), evidence, not_judged: verdict.not_judged(), weight }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::schema::{Described, assert_current};

    #[test]
    fn schema_is_that_of_the_types_and_of_the_document() {
        assert_current::<Document<'static>>(&Described {
            name: "tests",
            title: "The outcome of contend test",
            document: include_str!("../../../docs/tests.md"),
            path_of_row: str::to_owned,
        });
    }
}
