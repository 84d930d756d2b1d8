//! The JSON output of `contend diff`, version 1. `docs/diff.md` describes it. Fields may be added, but never renamed.

use serde::Serialize;

use super::comparison::{Change, ComparedFigure, Comparison, Scale};
use super::figures::{Better, Section, Unit};
use super::limit::Worsening;
use super::side::Side;
use crate::tune::stats::mean;

/// Version of the object's shape.
const SCHEMA_VERSION: u32 = 1;

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ComparisonJson<'a> {
    schema: u32,
    contend: &'static str,
    a: SideJson<'a>,
    b: SideJson<'a>,
    setup: Vec<SetupJson<'a>>,
    figures: Vec<FigureJson<'a>>,
    findings: Vec<FindingJson<'a>>,
    limit: Option<f64>,
    worse: Vec<WorseJson<'a>>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct SideJson<'a> {
    scenario: &'a str,
    runs: Vec<RunJson<'a>>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct RunJson<'a> {
    file: &'a str,
    elapsed_s: f64,
    ended: &'a str,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct SetupJson<'a> {
    what: &'a str,
    a: &'a str,
    b: &'a str,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct FigureJson<'a> {
    #[cfg_attr(test, schemars(extend("enum" = ["run", "pool", "queue", "workers", "lock"])))]
    of: &'static str,
    name: &'a str,
    figure: String,
    #[cfg_attr(test, schemars(extend("enum" = ["s", "1/s", "ms", "share"])))]
    unit: &'static str,
    #[cfg_attr(test, schemars(extend("enum" = ["higher", "lower", null])))]
    better: Option<&'static str>,
    a: ValuesJson<'a>,
    b: ValuesJson<'a>,
    change: Option<ChangeJson>,
    #[cfg_attr(test, schemars(extend("enum" = super::comparison::VERDICTS)))]
    verdict: &'static str,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ValuesJson<'a> {
    mean: Option<f64>,
    values: &'a [f64],
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ChangeJson {
    #[cfg_attr(test, schemars(extend("enum" = ["ratio", "difference"])))]
    scale: &'static str,
    estimate: f64,
    low: Option<f64>,
    high: Option<f64>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct FindingJson<'a> {
    id: &'a str,
    severity: &'a str,
    #[cfg_attr(test, schemars(extend("enum" = ["new", "gone", "sometimes", "same"])))]
    change: &'static str,
    a_runs: usize,
    b_runs: usize,
    sentence: &'a str,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct WorseJson<'a> {
    what: &'a str,
    how: &'a str,
}

/// Returns the comparison as pretty-printed JSON with a newline at the end. `limit` is that of `--fail-if-worse`, and
/// `worse` what exceeds it.
pub fn comparison_json(comparison: &Comparison, limit: Option<f64>, worse: &[Worsening]) -> serde_json::Result<String> {
    let document = ComparisonJson {
        schema: SCHEMA_VERSION,
        contend: env!("CARGO_PKG_VERSION"),
        a: SideJson::from(&comparison.a),
        b: SideJson::from(&comparison.b),
        setup: comparison.setup.iter().map(|one| SetupJson { what: &one.what, a: &one.a, b: &one.b }).collect(),
        figures: comparison.figures.iter().map(FigureJson::from).collect(),
        findings: comparison
            .findings
            .iter()
            .map(|finding| FindingJson {
                id: &finding.id,
                severity: &finding.severity,
                change: finding.change.word(),
                a_runs: finding.a_runs,
                b_runs: finding.b_runs,
                sentence: &finding.sentence,
            })
            .collect(),
        limit,
        worse: worse.iter().map(|one| WorseJson { what: &one.what, how: &one.how }).collect(),
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

impl<'a> From<&'a Side> for SideJson<'a> {
    fn from(side: &'a Side) -> Self {
        let runs = side.runs().iter();
        let runs = runs.map(|(file, run)| RunJson { file, elapsed_s: run.elapsed_s, ended: &run.ended }).collect();
        Self { scenario: &side.first().scenario, runs }
    }
}

impl<'a> From<&'a ComparedFigure> for FigureJson<'a> {
    fn from(compared: &'a ComparedFigure) -> Self {
        let values = |values: &'a [f64]| ValuesJson { mean: (!values.is_empty()).then(|| mean(values)), values };
        Self {
            of: match compared.subject.section {
                Section::Run => "run",
                Section::Pools => "pool",
                Section::Queues => "queue",
                Section::Workers => "workers",
                Section::Locks => "lock",
            },
            name: &compared.subject.name,
            figure: compared.figure.id(),
            unit: match compared.figure.unit() {
                Unit::Seconds => "s",
                Unit::PerSecond => "1/s",
                Unit::Milliseconds => "ms",
                Unit::Share => "share",
            },
            better: compared.figure.better().map(|better| match better {
                Better::Higher => "higher",
                Better::Lower => "lower",
            }),
            a: values(&compared.a),
            b: values(&compared.b),
            change: compared.change.map(ChangeJson::from),
            verdict: compared.verdict.word(),
        }
    }
}

impl From<Change> for ChangeJson {
    fn from(Change { scale, estimate, interval }: Change) -> Self {
        let scale = match scale {
            Scale::Ratio => "ratio",
            Scale::Difference => "difference",
        };
        Self { scale, estimate, low: interval.map(|found| found.low), high: interval.map(|found| found.high) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::schema::{SchemaSource, assert_schema_is_current};

    #[test]
    fn schema_matches_the_types_and_the_document() {
        assert_schema_is_current::<ComparisonJson<'static>>(&SchemaSource {
            name: "diff",
            title: "The comparison of runs of contend",
            document: include_str!("../../docs/diff.md"),
            path_of_row: |path| match path.strip_prefix("b.") {
                Some(member) => format!("a.{member}"),
                None => path.replacen("[].b.", "[].a.", 1),
            },
        });
    }
}
