//! The sentences for tasks that arrive at a rate: which level keeps up, and its spare capacity.

use super::{TuningSubject, capitalize};
use crate::trace::Span;
use crate::trace::format::{format_counted, format_percent, format_rate};
use crate::tune::answer::{LevelStatus, TuningAnswer};
use crate::tune::arrivals::{backlog_growth, backlog_growth_rate, headroom};
use crate::tune::curve::Level;
use crate::tune::decide::{Decision, level_status};
use crate::tune::stats::{mean, relative_uncertainty};
use crate::tune::tuning::Tuning;

pub(super) fn arrivals_headline(tuning: &Tuning, subject: &TuningSubject<'_>, decision: &Decision, due: f64) -> String {
    let level = |value: f64| tuning.curve.find(value);
    match decision.answer {
        TuningAnswer::KeepsUp { from, level: n } => {
            let Some(found) = level(n) else { return String::new() };
            format!(
                "{} {} up with {}{}, with {} to spare{}.",
                capitalize(&subject.level_name(n)),
                subject.verb_form(n, "keeps", "keep"),
                format_rate(due),
                response_p99(found).map_or_else(String::new, |p99| format!(" (p99 {p99})")),
                format_percent(headroom(found, due)),
                level_below_clause(tuning, subject, (from, n), due)
            )
        }
        TuningAnswer::Unsettled(n) => {
            let able = level(n).map_or_else(String::new, capacity_clause);
            format!(
                "Unclear whether {} {} up with {}: {able}. Add time with `--for 2m`, or add workers.",
                subject.level_name(n),
                subject.verb_form(n, "keeps", "keep"),
                format_rate(due)
            )
        }
        _ => falls_short(tuning, subject, decision, due),
    }
}

fn falls_short(tuning: &Tuning, subject: &TuningSubject<'_>, decision: &Decision, due: f64) -> String {
    let most = tuning.curve.find(decision.best_level).map_or(0.0, Level::throughput);
    format!(
        "No measured level keeps up with {}: the best does {} with {}. Shorten the tasks, or accept fewer.",
        format_rate(due),
        format_rate(most),
        subject.level_name(decision.best_level)
    )
}

/// Describes the level below the answer: `; 4 fall behind by 10/s`.
fn level_below_clause(tuning: &Tuning, subject: &TuningSubject<'_>, (from, n): (f64, f64), due: f64) -> String {
    let Some(below) = tuning.curve.level_below(n) else { return String::new() };
    let name = subject.short_level_name(below.value);
    if level_status(&tuning.curve, below, &subject.demands) == LevelStatus::Undecided {
        return format!("; {name} may too: {}", capacity_clause(below));
    }
    if from < n {
        return format!("; levels between {name} and {} were not measured", subject.short_level_name(n));
    }
    if let Some(why) = below.failures.first() {
        let verb = subject.verb_form(below.value, "fails", "fail");
        return format!("; {name} {verb} ({})", super::failing_levels::short_failure_reason(why));
    }
    let behind = backlog_growth_rate(below, due);
    if behind > 0.0 {
        return format!(
            "; {name} {} behind by {}",
            subject.verb_form(below.value, "falls", "fall"),
            format_rate(behind)
        );
    }
    match response_p99(below) {
        Some(p99) => format!("; {name} {} a p99 of {p99}", subject.verb_form(below.value, "has", "have")),
        None => String::new(),
    }
}

/// Returns the throughput in closed loop: `saturated throughput 203/s ±4 %`.
fn capacity_clause(level: &Level) -> String {
    let width = relative_uncertainty(&level.throughputs()).map(|width| format!(" ±{}", format_percent(width)));
    format!("saturated throughput {}{}", format_rate(level.throughput()), width.unwrap_or_default())
}

/// Returns the p99 response time, measured with arrivals.
fn response_p99(level: &Level) -> Option<String> {
    level.arrival_response().map(|times| Span(times.p99 as u64).to_string())
}

pub(super) fn arrivals_sentences(
    tuning: &Tuning,
    subject: &TuningSubject<'_>,
    decision: &Decision,
    due: f64,
) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(found) = decision.answer.recommended_level().and_then(|n| tuning.curve.find(n)) {
        all.extend(measured_sentence(found, due));
        all.extend(next_level_sentence(tuning, subject, found, due));
    }
    all.extend(long_run_sentence(tuning, due));
    all.push(format!("To find the highest throughput of {}, add `--saturate`.", subject.scenario));
    all
}

/// Describes the measurements of the recommended level.
fn measured_sentence(found: &Level, due: f64) -> Option<String> {
    let grows = mean(&found.arrival_repetitions.iter().map(|one| backlog_growth(one, due)).collect::<Vec<_>>());
    let first = found.arrival_repetitions.first()?;
    let secs = Span((first.secs * 1e9) as u64);
    Some(format!(
        "Measured: {}; in {} of about {secs} with these arrivals, the backlog grew by {} of the arrivals.",
        capacity_clause(found),
        format_counted(found.arrival_repetitions.len() as u64, "run"),
        format_percent(grows.max(0.0))
    ))
}

/// Says how much the next measured level has to spare.
fn next_level_sentence(tuning: &Tuning, subject: &TuningSubject<'_>, found: &Level, due: f64) -> Option<String> {
    let next = tuning.curve.working_levels().find(|level| level.value > found.value)?;
    let p99 = response_p99(next).map_or_else(String::new, |p99| format!(" (p99 {p99})"));
    let spare = headroom(next, due);
    (spare > 0.0).then(|| {
        let (name, verb) =
            (capitalize(&subject.level_name(next.value)), subject.verb_form(next.value, "leaves", "leave"));
        format!("{name} {verb} {} to spare{p99}.", format_percent(spare))
    })
}

/// Describes the long run.
fn long_run_sentence(tuning: &Tuning, due: f64) -> Option<String> {
    let long = &tuning.long_run.as_ref()?.repetition;
    let p99 = Span(long.response?.p99 as u64);
    let secs = Span((long.secs * 1e9) as u64);
    let grown = format_percent(backlog_growth(long, due).max(0.0));
    Some(format!("One long run of {secs}: p99 {p99}; the backlog grew by {grown} of the arrivals."))
}
