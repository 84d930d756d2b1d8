//! What came of testing scenarios: as a text, and as one JSON object.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::table::Look;
use super::trial::Trial;
use super::words::{ended, many};
use crate::scenario::{Scenario, Variant};
use crate::trace::RunEnd;

/// A scenario and its runs.
#[derive(Debug)]
pub struct Tested<'a> {
    pub scenario: &'a Scenario,
    pub runs: Vec<(&'a Variant, Trial)>,
}

impl Tested<'_> {
    pub fn passed(&self) -> bool {
        self.runs.iter().all(|(_, trial)| trial.passed())
    }
}

/// Every expectation with the figures it rests on, and at the end how many were seen.
pub fn tests_text(tested: &[Tested<'_>], skipped: &[&str], look: Look) -> String {
    let mut out = String::new();
    for one in tested {
        look.heading(&mut out, &one.scenario.name);
        if one.runs.is_empty() {
            look_at_nothing(&mut out, look);
        }
        for (variant, trial) in &one.runs {
            run(one.scenario, variant, trial, look, &mut out);
        }
    }
    out.push('\n');
    for name in skipped {
        let _ = writeln!(out, "{name} was skipped: it runs commands of its own, which --allow-exec allows");
    }
    out + &sum(tested)
}

fn look_at_nothing(out: &mut String, look: Look) {
    out.push_str("  ");
    look.wrap(out, "it expects nothing, so there is nothing to see", 2, 2, Style::new());
}

fn run(scenario: &Scenario, variant: &Variant, trial: &Trial, look: Look, out: &mut String) {
    let knobs = scenario.label(variant);
    let knobs = if knobs.is_empty() { "as it is" } else { &knobs };
    out.push_str("  ");
    look.wrap(out, &format!("{knobs}, {:.1} s", trial.at.secs()), 2, 4, Style::new().dimmed());
    if let RunEnd::Crashed(_) = trial.ended {
        line(out, look, false, &ended(&trial.ended), "");
    }
    for verdict in &trial.verdicts {
        line(out, look, verdict.seen, &verdict.text, &verdict.evidence);
    }
}

fn line(out: &mut String, look: Look, good: bool, what: &str, evidence: &str) {
    let (word, colour) = if good { ("seen    ", AnsiColor::Green) } else { ("not seen", AnsiColor::Red) };
    let style = Style::new().bold().fg_color(Some(colour.into()));
    let _ = write!(out, "    {}  ", look.paint(word, style));
    look.wrap(out, what, 14, 14, Style::new());
    if !evidence.is_empty() {
        out.push_str(&" ".repeat(14));
        look.wrap(out, evidence, 14, 14, Style::new().dimmed());
    }
}

/// `31 of 32 expectations seen in 17 runs of 9 scenarios; not seen in: crash`.
fn sum(tested: &[Tested<'_>]) -> String {
    let runs = tested.iter().flat_map(|one| &one.runs);
    let verdicts: Vec<bool> = runs.clone().flat_map(|(_, trial)| &trial.verdicts).map(|v| v.seen).collect();
    let seen = verdicts.iter().filter(|seen| **seen).count();
    let mut out = format!(
        "{seen} of {} seen in {} of {}",
        many(verdicts.len() as u64, "expectation"),
        many(runs.count() as u64, "run"),
        many(tested.len() as u64, "scenario")
    );
    let missed: Vec<&str> = tested.iter().filter(|one| !one.passed()).map(|one| one.scenario.name.as_str()).collect();
    if !missed.is_empty() {
        let _ = write!(out, "; not as expected: {}", missed.join(", "));
    }
    out + "\n"
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    schema: u32,
    contend: &'static str,
    passed: bool,
    scenarios: Vec<ScenarioEntry<'a>>,
    /// Those that run commands, which was not allowed.
    skipped: &'a [&'a str],
}

#[derive(Debug, Serialize)]
struct ScenarioEntry<'a> {
    name: &'a str,
    passed: bool,
    runs: Vec<RunEntry<'a>>,
}

#[derive(Debug, Serialize)]
struct RunEntry<'a> {
    set: Vec<String>,
    elapsed_s: f64,
    ended: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    events_lost: u64,
    expectations: Vec<ExpectEntry<'a>>,
}

#[derive(Debug, Serialize)]
struct ExpectEntry<'a> {
    text: &'a str,
    seen: bool,
    evidence: &'a str,
}

/// The same as one JSON object, pretty-printed with a newline at the end. `docs/tests.md` describes it.
pub fn tests_json(tested: &[Tested<'_>], skipped: &[&str]) -> serde_json::Result<String> {
    let document = Document {
        schema: 1,
        contend: env!("CARGO_PKG_VERSION"),
        passed: tested.iter().all(Tested::passed),
        scenarios: tested.iter().map(entry).collect(),
        skipped,
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

fn entry<'a>(tested: &'a Tested<'a>) -> ScenarioEntry<'a> {
    let runs = tested.runs.iter().map(|(variant, trial)| RunEntry {
        set: tested.scenario.label(variant).split_whitespace().map(str::to_owned).collect(),
        elapsed_s: trial.at.secs(),
        ended: trial.ended.word(),
        error: if let RunEnd::Crashed(why) = &trial.ended { Some(why) } else { None },
        events_lost: trial.lost,
        expectations: trial
            .verdicts
            .iter()
            .map(|v| ExpectEntry { text: &v.text, seen: v.seen, evidence: &v.evidence })
            .collect(),
    });
    ScenarioEntry { name: &tested.scenario.name, passed: tested.passed(), runs: runs.collect() }
}
