//! The results of `contend test` as text.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::super::finding_options::{describe_muted, describe_thresholds};
use super::super::table::TextFormat;
use super::{ExpectationStatus, ExpectationTally, SkippedScenario, TestedScenario};
use crate::model::Thresholds;
use crate::report::endings::describe_run_end;
use crate::trace::RunEnd;
use crate::trace::format::format_counted;

/// Number of slowest runs listed. With at most twice as many runs, none are.
const MAX_SLOWEST: usize = 5;

/// Returns every expectation with its evidence, and a last line with the totals.
pub fn tests_text(
    tested: &[TestedScenario<'_>],
    skipped: &[SkippedScenario<'_>],
    thresholds: &Thresholds,
    text_format: TextFormat,
) -> String {
    let mut out = String::new();
    for one in tested {
        text_format.write_heading(&mut out, &one.scenario.name);
        if one.variants.is_empty() {
            out.push_str("  ");
            text_format.write_wrapped(&mut out, "no expectations: nothing to test", 2, 2, Style::new());
        }
        for at in 0..one.variants.len() {
            write_variant(one, at, text_format, &mut out);
        }
        let compared = one.comparison_tallies();
        if !compared.is_empty() {
            out.push_str("  ");
            text_format.write_wrapped(&mut out, "compared runs", 2, 4, Style::new().dimmed());
        }
        for outcome in compared {
            write_tally(&mut out, text_format, outcome);
        }
    }
    out.push('\n');
    for SkippedScenario { name, why } in skipped {
        let _ = writeln!(out, "{name} skipped: {why}");
    }
    let runs = tested.iter().flat_map(|one| &one.rounds).flat_map(|round| &round.runs);
    let muted: Vec<&str> = runs.flat_map(|run| run.muted.iter().copied()).collect();
    for line in describe_muted(&muted).into_iter().chain(describe_thresholds(thresholds)) {
        text_format.write_wrapped(&mut out, &line, 0, 2, Style::new());
    }
    out + &slowest_runs_line(tested) + &totals_line(tested)
}

fn write_variant(one: &TestedScenario<'_>, at: usize, text_format: TextFormat, out: &mut String) {
    let knobs = one.scenario.variant_label(&one.variants[at]);
    let knobs = if knobs.is_empty() { "default settings" } else { &knobs };
    out.push_str("  ");
    text_format.write_wrapped(
        out,
        &format!("{knobs}, {:.1} s", mean_run_seconds(one, at)),
        2,
        4,
        Style::new().dimmed(),
    );
    for trial in one.rounds.iter().filter_map(|round| round.runs.get(at)) {
        if let RunEnd::Crashed(_) = trial.ended {
            write_tally(
                out,
                text_format,
                ExpectationTally { total: 1, ..ExpectationTally::empty(&describe_run_end(&trial.ended)) },
            );
        }
    }
    for outcome in one.variant_tallies(at) {
        write_tally(out, text_format, outcome);
    }
}

/// Returns the mean duration of a variant's runs, in seconds.
fn mean_run_seconds(one: &TestedScenario<'_>, at: usize) -> f64 {
    let times = one.rounds.iter().filter_map(|round| round.runs.get(at)).map(|trial| trial.ended_at.as_secs_f64());
    times.sum::<f64>() / one.rounds.len().max(1) as f64
}

fn write_tally(out: &mut String, text_format: TextFormat, outcome: ExpectationTally<'_>) {
    let ExpectationTally { text, seen_count: seen, total: of, evidence, .. } = outcome;
    let evidence = outcome.figures_text().unwrap_or_default() + evidence;
    let (word, colour) = match outcome.status() {
        ExpectationStatus::Seen => ("seen", AnsiColor::Green),
        ExpectationStatus::NotJudged => ("not judged", AnsiColor::Yellow),
        ExpectationStatus::Missed => ("not seen", AnsiColor::Red),
    };
    let word = if of > 1 { format!("{seen} of {of}") } else { word.to_owned() };
    let word = format!("{word:8}");
    let style = Style::new().bold().fg_color(Some(colour.into()));
    let _ = write!(out, "    {}  ", text_format.paint(&word, style));
    text_format.write_wrapped(out, text, 6 + word.len(), 14, Style::new());
    if !evidence.is_empty() {
        out.push_str(&" ".repeat(14));
        text_format.write_wrapped(out, &evidence, 14, 14, Style::new().dimmed());
    }
}

/// Returns `slowest: livelock manners=retry 6.0 s, ...`, or nothing if there are few runs.
fn slowest_runs_line(tested: &[TestedScenario<'_>]) -> String {
    let name = |one: &TestedScenario<'_>, at: usize| {
        format!("{} {}", one.scenario.name, one.scenario.variant_label(&one.variants[at])).trim_end().to_owned()
    };
    let cases = tested.iter().flat_map(|one| (0..one.variants.len()).map(move |at| (one, at)));
    let mut runs: Vec<(f64, String)> = cases.map(|(one, at)| (mean_run_seconds(one, at), name(one, at))).collect();
    if runs.len() <= 2 * MAX_SLOWEST {
        return String::new();
    }
    runs.sort_by(|a, b| b.0.total_cmp(&a.0));
    let shown: Vec<String> = runs.iter().take(MAX_SLOWEST).map(|(time, name)| format!("{name} {time:.1} s")).collect();
    format!("slowest: {}\n", shown.join(", "))
}

/// Returns `29 of 32 expectations seen, 1 not seen, 2 not judged in 17 runs of 9 scenarios; not as expected: crash`.
fn totals_line(tested: &[TestedScenario<'_>]) -> String {
    let outcomes: Vec<ExpectationTally<'_>> = tested.iter().flat_map(TestedScenario::all_tallies).collect();
    let of_kind = |kind| outcomes.iter().filter(|outcome| outcome.status() == kind).count();
    let (seen, missed, not_judged) =
        (of_kind(ExpectationStatus::Seen), of_kind(ExpectationStatus::Missed), of_kind(ExpectationStatus::NotJudged));
    let rest = if not_judged > 0 { format!(", {missed} not seen, {not_judged} not judged") } else { String::new() };
    let runs = tested.iter().flat_map(|one| &one.rounds).map(|round| round.runs.len()).sum::<usize>();
    let rounds = tested.first().map_or(1, |one| one.rounds.len());
    let hint = "not judged: this machine could not show it, for the reason given; if other programs used the cores, test \
                again on a quiet machine\n";
    let mut out = if not_judged > 0 { hint.to_owned() } else { String::new() };
    let _ = write!(
        out,
        "{seen} of {} seen{}{rest} in {} of {}",
        format_counted(outcomes.len() as u64, "expectation"),
        if rounds > 1 { format!(" each of {rounds} times") } else { String::new() },
        format_counted(runs as u64, "run"),
        format_counted(tested.len() as u64, "scenario")
    );
    let missed: Vec<&str> = tested.iter().filter(|one| !one.passed()).map(|one| one.scenario.name.as_str()).collect();
    if !missed.is_empty() {
        let _ = write!(out, "; not as expected: {}", missed.join(", "));
    }
    out + "\n"
}
