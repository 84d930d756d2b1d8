//! Why an answer may be wrong.

use super::{Preflight, TuningSubject};
use crate::trace::format::{format_counted, format_percent};
use crate::trace::{Span, State};
use crate::tune::drift::{Drift, detect_drift};
use crate::tune::request::TIME_RAN_OUT;
use crate::tune::tuning::Tuning;

/// By how much the same work may take longer at one time than at another before that is said. The calibration is the best of
/// eight tries: on two busy cores it repeats within 7 %.
const MIN_SLOWDOWN: f64 = 0.1;

/// What of the machine was not as it should be before it began.
fn preflight_caveats(
    Preflight { others_cores: others, clock_range: clock }: Preflight,
) -> impl Iterator<Item = String> {
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
fn core_speed_caveat(tuning: &Tuning) -> Option<String> {
    let repetitions = tuning.curve.levels().iter().flat_map(|level| &level.repetitions);
    let speeds: Vec<f64> = repetitions.filter_map(|repetition| repetition.core_speed).collect();
    let (slowest, fastest) = (speeds.iter().copied().reduce(f64::min)?, speeds.iter().copied().reduce(f64::max)?);
    let slower = 1.0 - slowest / fastest;
    (slower > MIN_SLOWDOWN).then(|| {
        format!(
            "A core was {} slower in some repetitions than in others: its clock changes, or others share its cache or \
             its core.",
            format_percent(slower)
        )
    })
}

/// Why the answer may be wrong; empty when nothing speaks against it.
pub fn caveats(tuning: &Tuning, subject: &TuningSubject<'_>) -> Vec<String> {
    let mut all = Vec::new();
    all.extend(detect_drift(tuning, subject.demands.epsilon).map(drift_caveat));
    all.extend(preflight_caveats(subject.preflight));
    all.extend(core_speed_caveat(tuning));
    let share = tuning.curve.disturbed_share();
    if share > 0.0 {
        all.push(format!("{} of the repetitions were disturbed by others and left out.", format_percent(share)));
    }
    all.extend(core_shortage_caveat(tuning, subject));
    let lost: u64 =
        tuning.curve.levels().iter().flat_map(|level| &level.repetitions).map(|repetition| repetition.lost).sum();
    if lost > 0 {
        all.push(format!("{} lost: figures of locks and time by state are too low.", format_counted(lost, "event")));
    }
    all.extend(tuning.stop_reason.map(|cut| unfinished_caveat(tuning, cut)));
    all
}

/// That the rate is another one later.
fn drift_caveat(change: Drift) -> String {
    let span = |secs: f64| Span((secs * 1e9) as u64);
    let differs = |change: f64| {
        if change < 1.0 {
            format!("{} less", format_percent(1.0 - change))
        } else {
            format!("{} more", format_percent(change - 1.0))
        }
    };
    match change {
        Drift::Halves { change, secs } => format!(
            "The work changes while it runs: the second half of {} does {} than the first. Measure the part you mean: let \
             the scenario do only that.",
            span(secs),
            differs(change)
        ),
        Drift::LongVersusShort { change, short, long } => format!(
            "The work changes while it runs: {} do {} than {}. Measure the part you mean: let the scenario do only that.",
            span(long),
            differs(change),
            span(short)
        ),
    }
}

/// That the lowest level already has too few cores.
fn core_shortage_caveat(tuning: &Tuning, subject: &TuningSubject<'_>) -> Option<String> {
    let lowest = tuning.curve.working_levels().next()?;
    let (spent, done) = lowest.time_by_state();
    let (ready, cpu) = (spent.get(State::Ready) as f64, spent.get(State::Running) as f64);
    let few = lowest.value <= subject.usable_cores && subject.counts_workers();
    let waited = few && done > 0 && cpu > 0.0 && ready > cpu * 0.02;
    waited.then(|| {
        format!(
            "Even with {} each {} waited {} for a core: other work uses the cores too.",
            subject.level_name(lowest.value),
            subject.work.word(),
            Span((ready / done as f64) as u64)
        )
    })
}

/// What was left out, and how to have it.
fn unfinished_caveat(tuning: &Tuning, cut: &str) -> String {
    let missing = if tuning.confirmation.levels().is_empty() && tuning.long_run.is_none() {
        " before it was confirmed"
    } else {
        ""
    };
    if cut == TIME_RAN_OUT {
        return format!("Time ran out{missing}: add time with `--for 2m`.");
    }
    format!("Ended early{missing}: {cut}.")
}
