//! The answer where tasks arrive at a rate: which level keeps up, with how much to spare.

use super::{Subject, capital};
use crate::report::words::{many, percent, rate};
use crate::trace::Span;
use crate::tune::arrivals::{falls_behind, growth, headroom};
use crate::tune::curve::Level;
use crate::tune::decide::{Answer, Standing, Verdict, standing};
use crate::tune::stats::{mean, uncertainty};
use crate::tune::tuning::Tuning;

pub(super) fn headline(tuning: &Tuning, subject: &Subject<'_>, verdict: &Verdict, due: f64) -> String {
    let level = |value: f64| tuning.curve.find(value);
    match verdict.answer {
        Answer::KeepsUp { from, level: n } => {
            let Some(found) = level(n) else { return String::new() };
            format!(
                "{} {} up with {}{}, with {} to spare{}.",
                capital(&subject.level(n)),
                subject.verb(n, "keeps", "keep"),
                rate(due),
                p99(found).map_or_else(String::new, |p99| format!(" (p99 {p99})")),
                percent(headroom(found, due)),
                lower(tuning, subject, (from, n), due)
            )
        }
        Answer::Unsettled(n) => {
            let able = level(n).map_or_else(String::new, able);
            format!(
                "Not certain whether {} {} up with {}: {able}. Add time with `--for 2m`, or workers.",
                subject.level(n),
                subject.verb(n, "keeps", "keep"),
                rate(due)
            )
        }
        _ => falls_short(tuning, subject, verdict, due),
    }
}

fn falls_short(tuning: &Tuning, subject: &Subject<'_>, verdict: &Verdict, due: f64) -> String {
    let most = tuning.curve.find(verdict.best).map_or(0.0, Level::throughput);
    format!(
        "No level measured keeps up with {}: the most is {} with {}. Make tasks shorter, or accept fewer.",
        rate(due),
        rate(most),
        subject.level(verdict.best)
    )
}

/// What is known below the answer: `; 4 fall behind by 10/s`.
fn lower(tuning: &Tuning, subject: &Subject<'_>, (from, n): (f64, f64), due: f64) -> String {
    let Some(below) = tuning.curve.below(n) else { return String::new() };
    let name = subject.short(below.value);
    if standing(&tuning.curve, below, &subject.demands) == Standing::Undecided {
        return format!("; {name} may as well: {}", able(below));
    }
    if from < n {
        return format!("; nothing between {name} and that was measured");
    }
    if let Some(why) = below.failures.first() {
        let verb = subject.verb(below.value, "does not work", "do not work");
        return format!("; {name} {verb} ({})", super::borders::reason(why));
    }
    let behind = falls_behind(below, due);
    if behind > 0.0 {
        return format!("; {name} {} behind by {}", subject.verb(below.value, "falls", "fall"), rate(behind));
    }
    match p99(below) {
        Some(p99) => format!("; {name} {} a p99 of {p99}", subject.verb(below.value, "has", "have")),
        None => String::new(),
    }
}

/// `they can do 203/s ±4 %`.
fn able(level: &Level) -> String {
    let width = uncertainty(&level.throughputs()).map(|width| format!(" ±{}", percent(width)));
    format!("at most {}{} when saturated", rate(level.throughput()), width.unwrap_or_default())
}

/// Response time of nearly all tasks, as measured with arrivals.
fn p99(level: &Level) -> Option<String> {
    level.arriving().map(|times| Span(times.p99 as u64).to_string())
}

pub(super) fn sentences(tuning: &Tuning, subject: &Subject<'_>, verdict: &Verdict, due: f64) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(found) = verdict.answer.level().and_then(|n| tuning.curve.find(n)) {
        all.extend(measured(found, due));
        all.extend(above(tuning, subject, found, due));
    }
    all.extend(lasting(tuning, due));
    all.push(format!("For the most that {} can do, add `--saturate`.", subject.scenario));
    all
}

/// What the answer rests on.
fn measured(found: &Level, due: f64) -> Option<String> {
    let grows = mean(&found.steady.iter().map(|one| growth(one, due)).collect::<Vec<_>>());
    let first = found.steady.first()?;
    let secs = Span((first.secs * 1e9) as u64);
    Some(format!(
        "Measured: {}; in {} of about {secs} with these arrivals the backlog grew by {} of them.",
        able(found),
        many(found.steady.len() as u64, "run"),
        percent(grows.max(0.0))
    ))
}

/// What the next level measured leaves.
fn above(tuning: &Tuning, subject: &Subject<'_>, found: &Level, due: f64) -> Option<String> {
    let next = tuning.curve.working().find(|level| level.value > found.value)?;
    let p99 = p99(next).map_or_else(String::new, |p99| format!(" (p99 {p99})"));
    let spare = headroom(next, due);
    (spare > 0.0).then(|| {
        let (name, verb) = (capital(&subject.level(next.value)), subject.verb(next.value, "leaves", "leave"));
        format!("{name} {verb} {} to spare{p99}.", percent(spare))
    })
}

/// What the long run says.
fn lasting(tuning: &Tuning, due: f64) -> Option<String> {
    let long = &tuning.long.as_ref()?.repetition;
    let p99 = Span(long.response?.p99 as u64);
    let secs = Span((long.secs * 1e9) as u64);
    let grown = percent(growth(long, due).max(0.0));
    Some(format!("One run of {secs}: p99 {p99}, and the backlog grew by {grown} of the arrivals."))
}
