//! `contend list`: the catalogue.

use std::fmt::Write;

use anstyle::Style;
use serde::Serialize;

use super::failure::{Failure, Outcome};
use super::out::{self, Colours};
use crate::catalogue;
use crate::scenario::{Group, KnobKind, Scenario, Source, check, clean};

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Listed<'a> {
    schema: u32,
    scenarios: Vec<Entry<'a>>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Entry<'a> {
    name: &'a str,
    #[cfg_attr(test, schemars(extend("enum" = [
        "pools", "locks", "deadlocks", "queues", "signals", "processes", "event-loops", "real-work", "machine", "classics", "tuning", "own"
    ])))]
    group: &'static str,
    title: &'a str,
    about: &'a str,
    ask: Option<&'a str>,
    guesses: Vec<&'a str>,
    knobs: Vec<KnobEntry<'a>>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct KnobEntry<'a> {
    name: &'a str,
    default: String,
    help: &'a str,
}

/// The catalogue as a table, or as one JSON object.
pub(super) fn list(json: bool, colours: Colours) -> Result<Outcome, Failure> {
    let scenarios = scenarios()?;
    let text = if json { as_json(&scenarios)? } else { as_table(&scenarios, colours.out) };
    out::print(&text)?;
    Ok(Outcome::Done)
}

/// All of them, by group and otherwise in the catalogue's order.
fn scenarios() -> Result<Vec<Scenario>, Failure> {
    let read = |entry: &catalogue::Entry| {
        let source = Source { name: entry.name.to_owned(), path: None, text: entry.text.to_owned() };
        match check(&source) {
            Ok(checked) => Ok(checked.scenario),
            Err(mistakes) => Err(Failure::Run(format!("the catalogue has a mistake\n{}", mistakes.render(false)))),
        }
    };
    let mut all: Vec<Scenario> = catalogue::all().iter().map(read).collect::<Result<_, _>>()?;
    all.sort_by_key(|scenario| scenario.group);
    Ok(all)
}

fn as_table(scenarios: &[Scenario], colour: bool) -> String {
    let bold = if colour { Style::new().bold() } else { Style::new() };
    let width = scenarios.iter().map(|scenario| scenario.name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for group in scenarios.chunk_by(|a, b| a.group == b.group) {
        if !out.is_empty() {
            out.push('\n');
        }
        let _ = writeln!(out, "{bold}{}{bold:#}", heading(group[0].group));
        for scenario in group {
            let _ = writeln!(out, "  {:width$}  {}", scenario.name, scenario.title);
        }
    }
    out + "\nRun one with `contend run NAME`; read it with `contend show NAME`.\n"
}

fn as_json(scenarios: &[Scenario]) -> Result<String, Failure> {
    let listed = Listed { schema: 1, scenarios: scenarios.iter().map(Entry::from).collect() };
    let text = serde_json::to_string_pretty(&listed).map_err(|error| Failure::Run(error.to_string()))?;
    Ok(text + "\n")
}

impl<'a> From<&'a Scenario> for Entry<'a> {
    fn from(scenario: &'a Scenario) -> Self {
        let knobs = scenario.knobs.iter().map(|knob| KnobEntry {
            name: &knob.name,
            default: match &knob.kind {
                KnobKind::Number { default, .. } => knob.show(*default),
                KnobKind::Choice { default, .. } => knob.show(*default as f64),
                KnobKind::Text { default } => default.as_deref().map(clean).unwrap_or_default(),
            },
            help: &knob.help,
        });
        Self {
            name: &scenario.name,
            group: word(scenario.group),
            title: &scenario.title,
            about: &scenario.about,
            ask: scenario.ask.as_ref().map(|ask| ask.text.as_str()),
            guesses: scenario.ask.iter().flat_map(|ask| &ask.guesses).map(|guess| guess.text.as_str()).collect(),
            knobs: knobs.collect(),
        }
    }
}

fn heading(group: Group) -> &'static str {
    match group {
        Group::Pools => "Pools",
        Group::Locks => "Locks",
        Group::Deadlocks => "Deadlocks",
        Group::Queues => "Queues",
        Group::Signals => "Signals",
        Group::Processes => "Processes",
        Group::EventLoops => "Event loops",
        Group::RealWork => "Real work",
        Group::Machine => "The machine",
        Group::Classics => "Classics",
        Group::Tuning => "Tuning",
        Group::Own => "Own",
    }
}

fn word(group: Group) -> &'static str {
    match group {
        Group::Pools => "pools",
        Group::Locks => "locks",
        Group::Deadlocks => "deadlocks",
        Group::Queues => "queues",
        Group::Signals => "signals",
        Group::Processes => "processes",
        Group::EventLoops => "event-loops",
        Group::RealWork => "real-work",
        Group::Machine => "machine",
        Group::Classics => "classics",
        Group::Tuning => "tuning",
        Group::Own => "own",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::schema::{Described, assert_current};

    #[test]
    fn schema_is_that_of_the_types_and_of_the_document() {
        assert_current::<Listed<'static>>(&Described {
            name: "list",
            title: "The list of contend's scenarios",
            document: include_str!("../../docs/list.md"),
            path_of_row: str::to_owned,
        });
    }
}
