//! `contend tune --check`: compares answers with the truth, for scenarios whose optimum can be calculated.

use std::ffi::OsString;

use super::sweep::Sweep;
use super::{check_scenario, measure_headless};
use crate::catalogue;
use crate::cli::args::TuneArgs;
use crate::cli::exit::{CliError, ExitOutcome};
use crate::cli::output::{self, Colours};
use crate::cli::report_output::text_format;
use crate::cli::scenario::load_scenario;
use crate::report::table::{Align, TextCell, TextTable};
use crate::scenario::{Optimum, Scenario};
use crate::trace::format::format_rate_value;
use crate::tune::{Bottleneck, Grade, Level, Tuning, TuningAnswer, grade_answer, is_bottleneck_right, resource_label};

pub(super) fn check_optima(
    args: &TuneArgs,
    names: &[OsString],
    colours: Colours,
    stop: impl Fn() -> bool + Copy,
) -> Result<ExitOutcome, CliError> {
    let Some(scenarios) = load_scenarios(names, colours)? else { return Ok(ExitOutcome::Mistakes) };
    let mut table = TextTable::new(&[
        ("scenario", Align::Left),
        ("truth", Align::Right),
        ("answer", Align::Right),
        ("", Align::Left),
        ("per second", Align::Right),
        ("bottleneck", Align::Left),
        ("", Align::Left),
        ("took", Align::Right),
    ]);
    // Results are printed even if the machine gets too busy for the rest.
    let ended = check_each(args, &scenarios, stop, |line| table.push_row(line));
    let mut text = String::new();
    table.render(text_format(colours), &mut text);
    output::print_stdout(&text)?;
    Ok(if ended? { ExitOutcome::Done } else { ExitOutcome::Failed })
}

/// Measures each scenario as often as `--times` asks and adds a row for each. Returns whether all answers were right.
fn check_each(
    args: &TuneArgs,
    scenarios: &[(Scenario, Optimum)],
    stop: impl Fn() -> bool + Copy,
    mut add_row: impl FnMut(Vec<TextCell>),
) -> Result<bool, CliError> {
    let mut all_right = true;
    for (scenario, truth) in scenarios {
        for _ in 0..args.times {
            if stop() {
                return Ok(all_right);
            }
            let sweep = Sweep::new(args, scenario, None)?.in_closed_loop();
            let (tuning, _) = measure_headless(&sweep, args, stop)?;
            let grade = grade_answer(&tuning, truth);
            all_right &= matches!(grade, Grade::Right | Grade::Contains);
            add_row(result_row(scenario, truth, &tuning));
            output::print_stderr(&format!("{}: {}\n", scenario.name, grade.word()));
        }
    }
    Ok(all_right)
}

/// Loads the named scenarios, or all scenarios of the catalogue that declare an `optimum`.
fn load_scenarios(names: &[OsString], colours: Colours) -> Result<Option<Vec<(Scenario, Optimum)>>, CliError> {
    let all: Vec<OsString> = catalogue::all().iter().map(|entry| entry.name.into()).collect();
    let mut found = Vec::new();
    for name in if names.is_empty() { &all } else { names } {
        let Some(scenario) = check_scenario(&load_scenario(name)?, colours) else { return Ok(None) };
        match scenario.optimum.clone() {
            Some(truth) => found.push((scenario, truth)),
            None if names.is_empty() => {}
            None => {
                let why = "declares no `optimum` to compare with";
                return Err(CliError::Usage(format!("`{}` {why}", scenario.name)));
            }
        }
    }
    Ok(Some(found))
}

fn result_row(scenario: &Scenario, truth: &Optimum, tuning: &Tuning) -> Vec<TextCell> {
    let knob = &scenario.knobs[truth.knob.index()];
    let span = |from: f64, to: f64| {
        let (from, to) = (knob.format_value(from), knob.format_value(to));
        if from == to { from } else { format!("{from} to {to}") }
    };
    let answer = tuning.decision.as_ref().map_or_else(
        || "none".to_owned(),
        |verdict| match &verdict.answer {
            TuningAnswer::Range { from, to, .. } => span(*from, *to),
            TuningAnswer::TooNoisy(_) => "too noisy".to_owned(),
            answer => answer.recommended_level().map_or_else(|| "none".to_owned(), |level| knob.format_value(level)),
        },
    );
    let bottleneck = match tuning.decision.as_ref().map(|verdict| &verdict.bottleneck) {
        Some(Bottleneck::UsedUp(limit)) => resource_label(&limit.resource),
        Some(Bottleneck::Feeder(_)) => "the feeder".to_owned(),
        Some(Bottleneck::Waiting { state, .. }) => format!("none; {}", state.word()),
        Some(Bottleneck::Unknown) | None => "none".to_owned(),
    };
    let named = is_bottleneck_right(tuning, scenario, truth).map_or("", |named| if named { "right" } else { "WRONG" });
    vec![
        TextCell::from(scenario.name.as_str()),
        TextCell::from(span(truth.from, truth.to) + if truth.accepts_noise { ", or too noisy" } else { "" }),
        TextCell::from(answer),
        TextCell::from(grade_answer(tuning, truth).word()),
        TextCell::from(format_rate_value(tuning.curve.best().map_or(0.0, Level::throughput))),
        TextCell::from(bottleneck),
        TextCell::from(named),
        TextCell::from(format!("{} s", tuning.elapsed.as_secs())),
    ]
}
