//! `contend list`: prints the scenarios of the catalogue, as a table or as JSON.

use std::fmt::Write;

use anstyle::Style;
use serde::Serialize;

use super::exit::{CliError, ExitOutcome};
use super::output::{self, Colours};
use crate::catalogue;
use crate::scenario::{Category, KnobKind, Scenario, Source, check, sanitize};

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct CatalogueJson<'a> {
    schema: u32,
    scenarios: Vec<ScenarioJson<'a>>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ScenarioJson<'a> {
    name: &'a str,
    #[cfg_attr(test, schemars(extend("enum" = [
        "pools", "locks", "deadlocks", "queues", "signals", "processes", "event-loops", "real-work", "machine",
        "classics", "tuning", "own"
    ])))]
    group: &'static str,
    title: &'a str,
    about: &'a str,
    ask: Option<&'a str>,
    guesses: Vec<&'a str>,
    knobs: Vec<KnobJson<'a>>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct KnobJson<'a> {
    name: &'a str,
    default: String,
    help: &'a str,
}

/// Prints the catalogue as a table or as one JSON object.
pub(super) fn list_scenarios(json: bool, colours: Colours) -> Result<ExitOutcome, CliError> {
    let scenarios = load_catalogue()?;
    let text = if json { as_json(&scenarios)? } else { as_table(&scenarios, colours.stdout) };
    output::print_stdout(&text)?;
    Ok(ExitOutcome::Done)
}

/// Reads all scenarios, sorted by group and otherwise in the catalogue's order.
fn load_catalogue() -> Result<Vec<Scenario>, CliError> {
    let read = |entry: &catalogue::CatalogueEntry| {
        let source = Source { name: entry.name.to_owned(), path: None, text: entry.text.to_owned() };
        match check(&source) {
            Ok(checked) => Ok(checked.scenario),
            Err(mistakes) => {
                Err(CliError::Run(format!("the built-in catalogue has a mistake\n{}", mistakes.render(false))))
            }
        }
    };
    let mut all: Vec<Scenario> = catalogue::all().iter().map(read).collect::<Result<_, _>>()?;
    all.sort_by_key(|scenario| scenario.category);
    Ok(all)
}

fn as_table(scenarios: &[Scenario], colour: bool) -> String {
    let bold = if colour { Style::new().bold() } else { Style::new() };
    let width = scenarios.iter().map(|scenario| scenario.name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for group in scenarios.chunk_by(|a, b| a.category == b.category) {
        if !out.is_empty() {
            out.push('\n');
        }
        let _ = writeln!(out, "{bold}{}{bold:#}", group[0].category.heading());
        for scenario in group {
            let _ = writeln!(out, "  {:width$}  {}", scenario.name, scenario.title);
        }
    }
    out + "\nRun a scenario with `contend run NAME`; print its file with `contend show NAME`.\n"
}

fn as_json(scenarios: &[Scenario]) -> Result<String, CliError> {
    let listed = CatalogueJson { schema: 1, scenarios: scenarios.iter().map(ScenarioJson::from).collect() };
    let text = serde_json::to_string_pretty(&listed).map_err(|error| CliError::Run(error.to_string()))?;
    Ok(text + "\n")
}

impl<'a> From<&'a Scenario> for ScenarioJson<'a> {
    fn from(scenario: &'a Scenario) -> Self {
        let knobs = scenario.knobs.iter().map(|knob| KnobJson {
            name: &knob.name,
            default: match &knob.kind {
                KnobKind::Number { default, .. } => knob.format_value(*default),
                KnobKind::Choice { default, .. } => knob.format_value(*default as f64),
                KnobKind::Text { default } => default.as_deref().map(sanitize).unwrap_or_default(),
            },
            help: &knob.help,
        });
        Self {
            name: &scenario.name,
            group: group_name(scenario.category),
            title: &scenario.title,
            about: &scenario.about,
            ask: scenario.quiz.as_ref().map(|ask| ask.text.as_str()),
            guesses: scenario.quiz.iter().flat_map(|ask| &ask.guesses).map(|guess| guess.text.as_str()).collect(),
            knobs: knobs.collect(),
        }
    }
}

fn group_name(group: Category) -> &'static str {
    match group {
        Category::Pools => "pools",
        Category::Locks => "locks",
        Category::Deadlocks => "deadlocks",
        Category::Queues => "queues",
        Category::Signals => "signals",
        Category::Processes => "processes",
        Category::EventLoops => "event-loops",
        Category::RealWork => "real-work",
        Category::Machine => "machine",
        Category::Classics => "classics",
        Category::Tuning => "tuning",
        Category::Own => "own",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::schema::{SchemaSource, assert_schema_is_current};

    #[test]
    fn list_schema_matches_the_types_and_the_document() {
        assert_schema_is_current::<CatalogueJson<'static>>(&SchemaSource {
            name: "list",
            title: "The list of contend's scenarios",
            document: include_str!("../../docs/list.md"),
            path_of_row: str::to_owned,
        });
    }
}
