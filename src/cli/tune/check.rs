//! `contend tune --check`: answers beside the truth, for scenarios whose optimum can be calculated.

use super::sweep::Sweep;
use super::{checked, measure};
use crate::catalogue;
use crate::cli::args::TuneArgs;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::out::{self, Colours};
use crate::cli::run::look;
use crate::cli::scenario::load;
use crate::report::table::{Align, Cell, Table};
use crate::report::words::rate;
use crate::scenario::{Optimum, Scenario};
use crate::tune::{Answer, Bottleneck, Grade, Level, Tuning, grade, names_the_limit, resource};

pub(super) fn check(
    args: &TuneArgs,
    names: &[String],
    colours: Colours,
    stop: impl Fn() -> bool + Copy,
) -> Result<Outcome, Failure> {
    let Some(scenarios) = scenarios(names, colours)? else { return Ok(Outcome::Mistakes) };
    let mut table = Table::new(&[
        ("scenario", Align::Left),
        ("truth", Align::Right),
        ("answer", Align::Right),
        ("", Align::Left),
        ("per second", Align::Right),
        ("bottleneck", Align::Left),
        ("", Align::Left),
        ("took", Align::Right),
    ]);
    // What was measured is told also if the machine is too busy for the rest.
    let ended = each(args, &scenarios, stop, |line| table.row(line));
    let mut text = String::new();
    table.render(look(colours), &mut text);
    out::print(&text)?;
    Ok(if ended? { Outcome::Done } else { Outcome::Failed })
}

/// Measures all of them as often as was asked for, and tells a line of each. Whether all answers were right.
fn each(
    args: &TuneArgs,
    scenarios: &[(Scenario, Optimum)],
    stop: impl Fn() -> bool + Copy,
    mut tell: impl FnMut(Vec<Cell>),
) -> Result<bool, Failure> {
    let mut all_right = true;
    for (scenario, truth) in scenarios {
        for _ in 0..args.times {
            if stop() {
                return Ok(all_right);
            }
            let sweep = Sweep::new(args, scenario)?.saturated();
            let (tuning, _) = measure(&sweep, args, stop)?;
            let grade = grade(&tuning, truth);
            all_right &= matches!(grade, Grade::Right | Grade::Holds);
            tell(row(scenario, truth, &tuning));
            out::say(&format!("{}: {}\n", scenario.name, grade.word()));
        }
    }
    Ok(all_right)
}

/// The scenarios named, or all there are that say where tuning should end up.
fn scenarios(names: &[String], colours: Colours) -> Result<Option<Vec<(Scenario, Optimum)>>, Failure> {
    let all: Vec<String> = catalogue::all().iter().map(|entry| entry.name.to_owned()).collect();
    let mut found = Vec::new();
    for name in if names.is_empty() { &all } else { names } {
        let Some(scenario) = checked(&load(name)?, colours) else { return Ok(None) };
        match scenario.optimum.clone() {
            Some(truth) => found.push((scenario, truth)),
            None if names.is_empty() => {}
            None => {
                let why = "says no `optimum`: there is no truth to compare with";
                return Err(Failure::Usage(format!("`{}` {why}", scenario.name)));
            }
        }
    }
    Ok(Some(found))
}

fn row(scenario: &Scenario, truth: &Optimum, tuning: &Tuning) -> Vec<Cell> {
    let knob = &scenario.knobs[truth.knob.index()];
    let span = |from: f64, to: f64| {
        let (from, to) = (knob.show(from), knob.show(to));
        if from == to { from } else { format!("{from} to {to}") }
    };
    let answer = tuning.verdict.as_ref().map_or_else(
        || "none".to_owned(),
        |verdict| match &verdict.answer {
            Answer::Range { from, to, .. } => span(*from, *to),
            Answer::TooNoisy(_) => "too noisy".to_owned(),
            answer => answer.level().map_or_else(|| "none".to_owned(), |level| knob.show(level)),
        },
    );
    let bottleneck = match tuning.verdict.as_ref().map(|verdict| &verdict.bottleneck) {
        Some(Bottleneck::Of(limit)) => resource(&limit.resource),
        Some(Bottleneck::Feeder(_)) => "what feeds them".to_owned(),
        Some(Bottleneck::Waits { state, .. }) => format!("none; {}", state.word()),
        Some(Bottleneck::Unknown) | None => "none".to_owned(),
    };
    let named = names_the_limit(tuning, scenario, truth).map_or("", |named| if named { "right" } else { "WRONG" });
    vec![
        Cell::from(scenario.name.as_str()),
        Cell::from(span(truth.from, truth.to) + if truth.noisy { ", or too noisy" } else { "" }),
        Cell::from(answer),
        Cell::from(grade(tuning, truth).word()),
        Cell::from(rate(tuning.curve.best().map_or(0.0, Level::throughput)).trim_end_matches("/s")),
        Cell::from(bottleneck),
        Cell::from(named),
        Cell::from(format!("{} s", tuning.elapsed.as_secs())),
    ]
}
