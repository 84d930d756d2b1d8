//! The headline of a tuning: the answer in one or two sentences, with the numbers that decide it.

use super::arrivals;
use super::failing_levels::short_failure_reason;
use super::{TuningSubject, capitalize, is_compared};
use crate::scenario::KnobKind;
use crate::trace::format::format_percent;
use crate::tune::answer::TuningAnswer;
use crate::tune::curve::Level;
use crate::tune::decide::{Decision, ratio_to_best};
use crate::tune::demands::Goal;
use crate::tune::drift::{Drift, detect_drift};
use crate::tune::tuning::Tuning;

/// Returns the answer in one or two sentences.
pub fn headline(tuning: &Tuning, subject: &TuningSubject<'_>) -> String {
    let Some(decision) = &tuning.decision else { return "Nothing could be measured.".to_owned() };
    let found = answer_sentence(tuning, subject, decision);
    let found = match tuning.is_confirmed(&subject.demands) {
        Some(false) if is_compared(&decision.answer) => format!("Not confirmed by fresh repetitions: {found}"),
        _ => found,
    };
    match detect_drift(tuning, subject.demands.epsilon) {
        Some(change) if decision.answer.recommended_level().is_some() => format!("{found} {}", drift_warning(change)),
        _ => found,
    }
}

/// Warns that an answer from short repetitions says nothing about later parts of a run.
fn drift_warning(change: Drift) -> String {
    let (Drift::Halves { secs, .. } | Drift::LongVersusShort { short: secs, .. }) = change;
    format!(
        "Throughput changes during the run: this holds only for its first {}.",
        crate::trace::Span((secs * 1e9) as u64)
    )
}

fn answer_sentence(tuning: &Tuning, subject: &TuningSubject<'_>, decision: &Decision) -> String {
    match &decision.answer {
        TuningAnswer::Exact(n) => exact_sentence(tuning, subject, decision, *n),
        TuningAnswer::Range { from, knee, to } => range_sentence(tuning, subject, decision, (*from, *knee, *to)),
        TuningAnswer::Rising(n) => rising_sentence(tuning, subject, *n),
        TuningAnswer::Flat(n) => format!(
            "No measured level does clearly more or less: {}. Choose by latency or memory.",
            level_and_share_of_most(tuning, subject, decision, *n)
        ),
        TuningAnswer::LimitedElsewhere(n) => {
            format!("The bottleneck is elsewhere: {}.", level_and_share_of_most(tuning, subject, decision, *n))
        }
        TuningAnswer::KeepsUp { .. } | TuningAnswer::Unsettled(_) | TuningAnswer::FallsBehind(_) => {
            match subject.demands.goal {
                Goal::Arrivals(rate) => arrivals::arrivals_headline(tuning, subject, decision, rate),
                Goal::MaxThroughput => String::new(), // only arrivals have such an answer
            }
        }
        TuningAnswer::TooNoisy(why) => format!("Too noisy to say: {why}."),
        TuningAnswer::NeverWorks(why) => format!("Every measured level fails: {why}."),
        TuningAnswer::DemandsNotMet(why) => format!("No level meets the demands: {why}."),
    }
}

/// Returns `11 workers reach 98 % of the best throughput measured (987 tasks/s with 32 workers)`.
fn level_and_share_of_most(tuning: &Tuning, subject: &TuningSubject<'_>, decision: &Decision, n: f64) -> String {
    format!(
        "{} {} {}",
        subject.level_name(n),
        subject.verb_form(n, "reaches", "reach"),
        share_of_most(tuning, subject, decision, n, "")
    )
}

/// Returns `98 % of the best throughput measured (987 tasks/s with 32 workers)`.
fn share_of_most(tuning: &Tuning, subject: &TuningSubject<'_>, decision: &Decision, n: f64, more: &str) -> String {
    let (Some(level), Some(best)) = (tuning.curve.find(n), tuning.curve.find(decision.best_level)) else {
        return "the best throughput measured".to_owned();
    };
    let best_rate = subject.work_rate(best.throughput());
    // A level over a limit on latency or memory may do more.
    let is_top = tuning.curve.best().is_some_and(|top| top.value.total_cmp(&best.value).is_eq());
    let among = if is_top { "measured" } else { "within the limits" };
    if level.value.total_cmp(&best.value).is_eq() {
        return format!("the best throughput {among} ({best_rate}{more})");
    }
    let part = ratio_to_best(level, best).map_or(0.0, |found| found.estimate);
    format!(
        "{} of the best throughput {among} ({best_rate} with {}{more})",
        format_percent(part),
        subject.level_name(best.value)
    )
}

fn exact_sentence(tuning: &Tuning, subject: &TuningSubject<'_>, decision: &Decision, n: f64) -> String {
    if tuning.curve.levels().len() == 1 {
        return format!("Only one level was measured, {}: there is nothing to compare it with.", subject.level_name(n));
    }
    format!(
        "{} {} enough: {}{}.",
        capitalize(&subject.level_name(n)),
        subject.verb_form(n, "is", "are"),
        share_of_most(tuning, subject, decision, n, ""),
        level_below_clause(tuning, subject, decision, n)
    )
}

/// Describes the nearest level below: `; 10 do 93 %`.
fn level_below_clause(tuning: &Tuning, subject: &TuningSubject<'_>, decision: &Decision, n: f64) -> String {
    let Some(below) = tuning.curve.level_below(n) else {
        let least = match subject.knob.kind {
            KnobKind::Number { min, .. } => min,
            _ => n,
        };
        return if least < n { "; no lower level was measured".to_owned() } else { String::new() };
    };
    let name = subject.short_level_name(below.value);
    if let Some(why) = below.failures.first() {
        return format!("; {name} {} ({})", subject.verb_form(below.value, "fails", "fail"), short_failure_reason(why));
    }
    let best = tuning.curve.find(decision.best_level);
    let part = best.and_then(|best| ratio_to_best(below, best)).map(|found| format_percent(found.estimate));
    part.map_or_else(String::new, |part| format!("; {name} {} {part}", subject.verb_form(below.value, "does", "do")))
}

fn range_sentence(
    tuning: &Tuning,
    subject: &TuningSubject<'_>,
    decision: &Decision,
    (from, knee, to): (f64, f64, f64),
) -> String {
    if tuning.curve.find(from).is_none() && tuning.curve.level_below(to).is_some_and(|below| below.value < from) {
        return format!(
            "{} {} enough: {}; levels between {} and {} were not measured.",
            capitalize(&subject.level_name(to)),
            subject.verb_form(to, "is", "are"),
            share_of_most(tuning, subject, decision, to, ""),
            tuning.curve.level_below(to).map_or_else(String::new, |below| subject.short_level_name(below.value)),
            subject.short_level_name(to),
        );
    }
    let found = tuning.curve.find(knee).zip(tuning.curve.find(decision.best_level));
    let interval = found.and_then(|(level, best)| ratio_to_best(level, best)).filter(|found| found.low < found.high);
    let interval = interval.map_or_else(String::new, |found| {
        format!("; 90 % interval {} to {}", format_percent(found.low), format_percent(found.high))
    });
    format!(
        "About {}: {}. The smallest sufficient level certainly lies between {} and {}.",
        subject.level_name(knee),
        share_of_most(tuning, subject, decision, knee, &interval),
        subject.short_level_name(from),
        subject.short_level_name(to)
    )
}

fn rising_sentence(tuning: &Tuning, subject: &TuningSubject<'_>, n: f64) -> String {
    let rate = tuning.curve.find(n).map_or(0.0, Level::throughput);
    let lower = tuning.curve.level_below(n).filter(|below| below.is_working()).map_or_else(String::new, |below| {
        let part = format_percent(below.throughput() / rate.max(1e-9));
        format!(
            "; {} {} {part} of that",
            subject.short_level_name(below.value),
            subject.verb_form(below.value, "does", "do")
        )
    });
    let further = match subject.knob.kind {
        KnobKind::Number { max, .. } if max > n => {
            let (low, high) =
                (subject.knob.format_value(subject.range.0), subject.knob.format_value((n * 2.0).min(max)));
            format!(" Sweep further: `--over {low}..{high}`.")
        }
        _ => String::new(),
    };
    format!(
        "Throughput still rises at {}, the highest level measured ({}{lower}): higher levels may do more.{further}",
        subject.level_name(n),
        subject.work_rate(rate)
    )
}
