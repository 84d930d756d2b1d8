//! Why an answer may be wrong.

use super::{Preflight, Subject};
use crate::report::words::{many, percent};
use crate::trace::{Span, State};
use crate::tune::drift::{Drift, drift};
use crate::tune::question::OUT_OF_TIME;
use crate::tune::tuning::Tuning;

/// By how much the same work may take longer at one time than at another before that is said. The calibration is the best of
/// eight tries: on two busy cores it repeats within 7 %.
const SLOWER: f64 = 0.1;

/// What of the machine was not as it should be before it began.
fn seen_before(Preflight { others, clock }: Preflight) -> impl Iterator<Item = String> {
    let busy = others.filter(|others| *others > 0.05);
    let busy = busy.map(|others| format!("Others kept {others:.1} cores busy before it began."));
    let clock = clock.map(|(least, most)| {
        let [least, most] = [least, most].map(|hertz| hertz / 1e9);
        format!(
            "The clock of the cores changes with their load, from {least:.1} to {most:.1} GHz: figures are steadier with \
             the governor `performance`."
        )
    });
    busy.into_iter().chain(clock)
}

/// How much slower the cores were at times, if that is more than a little.
fn unsteady(tuning: &Tuning) -> Option<String> {
    let repetitions = tuning.curve.levels().iter().flat_map(|level| &level.repetitions);
    let speeds: Vec<f64> = repetitions.filter_map(|repetition| repetition.speed).collect();
    let (slowest, fastest) = (speeds.iter().copied().reduce(f64::min)?, speeds.iter().copied().reduce(f64::max)?);
    let slower = 1.0 - slowest / fastest;
    (slower > SLOWER).then(|| {
        format!(
            "A core was {} slower in some repetitions than in others: its clock changes, or others share its cache or \
             its core.",
            percent(slower)
        )
    })
}

/// Why the answer may be wrong; empty when nothing speaks against it.
pub fn doubts(tuning: &Tuning, subject: &Subject<'_>) -> Vec<String> {
    let mut all = Vec::new();
    all.extend(drift(tuning, subject.demands.epsilon).map(changes));
    all.extend(seen_before(subject.preflight));
    all.extend(unsteady(tuning));
    let share = tuning.curve.disturbed();
    if share > 0.0 {
        all.push(format!("{} of the repetitions were disturbed by others and left out.", percent(share)));
    }
    all.extend(short_of_cores(tuning, subject));
    let lost: u64 =
        tuning.curve.levels().iter().flat_map(|level| &level.repetitions).map(|repetition| repetition.lost).sum();
    if lost > 0 {
        all.push(format!("{} lost: figures of locks and time by state are too low.", many(lost, "event")));
    }
    all.extend(tuning.cut.map(|cut| unfinished(tuning, cut)));
    all
}

/// That the rate is another one later.
fn changes(change: Drift) -> String {
    let span = |secs: f64| Span((secs * 1e9) as u64);
    let differs = |change: f64| {
        if change < 1.0 { format!("{} less", percent(1.0 - change)) } else { format!("{} more", percent(change - 1.0)) }
    };
    match change {
        Drift::Halves { change, secs } => format!(
            "The work changes while it runs: the second half of {} does {} than the first. Measure the part you mean: let \
             the scenario do only that.",
            span(secs),
            differs(change)
        ),
        Drift::Later { change, short, long } => format!(
            "The work changes while it runs: {} do {} than {}. Measure the part you mean: let the scenario do only that.",
            span(long),
            differs(change),
            span(short)
        ),
    }
}

/// That the lowest level already has too few cores.
fn short_of_cores(tuning: &Tuning, subject: &Subject<'_>) -> Option<String> {
    let lowest = tuning.curve.working().next()?;
    let (spent, done) = lowest.spent();
    let (ready, cpu) = (spent.get(State::Ready) as f64, spent.get(State::Running) as f64);
    let few = lowest.value <= subject.cores && subject.counts_workers();
    let waited = few && done > 0 && cpu > 0.0 && ready > cpu * 0.02;
    waited.then(|| {
        format!(
            "Even with {} each {} waited {} for a core: other work uses the cores too.",
            subject.level(lowest.value),
            subject.work.word(),
            Span((ready / done as f64) as u64)
        )
    })
}

/// What was left out, and how to have it.
fn unfinished(tuning: &Tuning, cut: &str) -> String {
    let missing =
        if tuning.confirmed.levels().is_empty() && tuning.long.is_none() { " before it was confirmed" } else { "" };
    if cut == OUT_OF_TIME {
        return format!("Time ran out{missing}: add time with `--for 2m`.");
    }
    format!("Ended early{missing}: {cut}.")
}
