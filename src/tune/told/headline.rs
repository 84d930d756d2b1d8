//! The answer in one or two sentences, with the numbers that decide it.

use super::arrivals;
use super::borders::reason;
use super::{Subject, capital, is_compared};
use crate::report::words::percent;
use crate::scenario::KnobKind;
use crate::tune::curve::Level;
use crate::tune::decide::{Answer, Goal, Verdict, against};
use crate::tune::drift::{Drift, drift};
use crate::tune::tuning::Tuning;

/// The answer.
pub fn headline(tuning: &Tuning, subject: &Subject<'_>) -> String {
    let Some(verdict) = &tuning.verdict else { return "Nothing could be measured.".to_owned() };
    let found = answer(tuning, subject, verdict);
    let found = match tuning.holds(&subject.demands) {
        Some(false) if is_compared(&verdict.answer) => format!("Not confirmed by fresh repetitions: {found}"),
        _ => found,
    };
    match drift(tuning, subject.demands.epsilon) {
        Some(change) if verdict.answer.level().is_some() => format!("{found} {}", only_at_first(change)),
        _ => found,
    }
}

/// That an answer from short repetitions is none about what goes on later.
fn only_at_first(change: Drift) -> String {
    let (Drift::Halves { secs, .. } | Drift::Later { short: secs, .. }) = change;
    format!("It changes while it runs: this is true of its first {} only.", crate::trace::Span((secs * 1e9) as u64))
}

fn answer(tuning: &Tuning, subject: &Subject<'_>, verdict: &Verdict) -> String {
    match &verdict.answer {
        Answer::Number(n) => number(tuning, subject, verdict, *n),
        Answer::Range { from, knee, to } => range(tuning, subject, verdict, (*from, *knee, *to)),
        Answer::Rising(n) => rising(tuning, subject, *n),
        Answer::Flat(n) => format!(
            "No level measured does clearly more or less: {}. Choose by latency or memory.",
            part_of_most(tuning, subject, verdict, *n)
        ),
        Answer::Elsewhere(n) => {
            format!("The bottleneck is elsewhere: {}.", part_of_most(tuning, subject, verdict, *n))
        }
        Answer::KeepsUp { .. } | Answer::Unsettled(_) | Answer::FallsBehind(_) => match subject.demands.goal {
            Goal::Arrivals(rate) => arrivals::headline(tuning, subject, verdict, rate),
            Goal::Most => String::new(), // such an answer is given to what arrives alone
        },
        Answer::TooNoisy(why) => format!("Too noisy to say: {why}."),
        Answer::Broken(why) => format!("It works at no level measured: {why}."),
        Answer::Refused(why) => format!("No level is good enough: {why}."),
    }
}

/// `11 workers do 98 % of the most measured (987 tasks/s with 32 workers)`.
fn part_of_most(tuning: &Tuning, subject: &Subject<'_>, verdict: &Verdict, n: f64) -> String {
    format!("{} {} {}", subject.level(n), subject.verb(n, "does", "do"), of_most(tuning, subject, verdict, n, ""))
}

/// `98 % of the most measured (987 tasks/s with 32 workers)`.
fn of_most(tuning: &Tuning, subject: &Subject<'_>, verdict: &Verdict, n: f64, more: &str) -> String {
    let (Some(level), Some(best)) = (tuning.curve.find(n), tuning.curve.find(verdict.best)) else {
        return "the most measured".to_owned();
    };
    let most = subject.rate(best.throughput());
    // A level that takes too long, or too much memory, may do more.
    let is_most = tuning.curve.best().is_some_and(|most| most.value.total_cmp(&best.value).is_eq());
    let among = if is_most { "measured" } else { "within the limits" };
    if level.value.total_cmp(&best.value).is_eq() {
        return format!("the most {among} ({most}{more})");
    }
    let part = against(level, best).map_or(0.0, |found| found.estimate);
    format!("{} of the most {among} ({most} with {}{more})", percent(part), subject.level(best.value))
}

fn number(tuning: &Tuning, subject: &Subject<'_>, verdict: &Verdict, n: f64) -> String {
    if tuning.curve.levels().len() == 1 {
        return format!("Only {} was measured: nothing can be compared.", subject.level(n));
    }
    format!(
        "{} {} enough: {}{}.",
        capital(&subject.level(n)),
        subject.verb(n, "is", "are"),
        of_most(tuning, subject, verdict, n, ""),
        lower(tuning, subject, verdict, n)
    )
}

/// What the nearest level below does: `; 10 do 93 %`.
fn lower(tuning: &Tuning, subject: &Subject<'_>, verdict: &Verdict, n: f64) -> String {
    let Some(below) = tuning.curve.below(n) else {
        let least = match subject.knob.kind {
            KnobKind::Number { min, .. } => min,
            _ => n,
        };
        return if least < n { "; nothing lower was measured".to_owned() } else { String::new() };
    };
    let name = subject.short(below.value);
    if let Some(why) = below.failures.first() {
        return format!("; {name} {} ({})", subject.verb(below.value, "does not work", "do not work"), reason(why));
    }
    let best = tuning.curve.find(verdict.best);
    let part = best.and_then(|best| against(below, best)).map(|found| percent(found.estimate));
    part.map_or_else(String::new, |part| format!("; {name} {} {part}", subject.verb(below.value, "does", "do")))
}

fn range(tuning: &Tuning, subject: &Subject<'_>, verdict: &Verdict, (from, knee, to): (f64, f64, f64)) -> String {
    if tuning.curve.find(from).is_none() && tuning.curve.below(to).is_some_and(|below| below.value < from) {
        return format!(
            "{} {} enough: {}; nothing between {} and that was measured.",
            capital(&subject.level(to)),
            subject.verb(to, "is", "are"),
            of_most(tuning, subject, verdict, to, ""),
            tuning.curve.below(to).map_or_else(String::new, |below| subject.short(below.value)),
        );
    }
    let found = tuning.curve.find(knee).zip(tuning.curve.find(verdict.best));
    let interval = found.and_then(|(level, best)| against(level, best)).filter(|found| found.low < found.high);
    let interval = interval.map_or_else(String::new, |found| {
        format!("; 90 % interval {:.0} to {:.0} %", found.low * 100.0, found.high * 100.0)
    });
    format!(
        "About {}: {}. For certain, the smallest that is enough lies between {} and {}.",
        subject.level(knee),
        of_most(tuning, subject, verdict, knee, &interval),
        subject.short(from),
        subject.short(to)
    )
}

fn rising(tuning: &Tuning, subject: &Subject<'_>, n: f64) -> String {
    let rate = tuning.curve.find(n).map_or(0.0, Level::throughput);
    let lower = tuning.curve.below(n).filter(|below| below.works()).map_or_else(String::new, |below| {
        let part = percent(below.throughput() / rate.max(1e-9));
        format!("; {} {} {part} of that", subject.short(below.value), subject.verb(below.value, "does", "do"))
    });
    let further = match subject.knob.kind {
        KnobKind::Number { max, .. } if max > n => {
            let (low, high) = (subject.knob.show(subject.over.0), subject.knob.show((n * 2.0).min(max)));
            format!(" Sweep further: `--over {low}..{high}`.")
        }
        _ => String::new(),
    };
    format!(
        "Throughput still rises at {}, the highest level measured ({}{lower}): more may do more.{further}",
        subject.level(n),
        subject.rate(rate)
    )
}
