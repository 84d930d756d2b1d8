//! The caveats of an answer: reasons why it may be wrong.

use super::{Preflight, TuningSubject};
use crate::trace::format::{format_counted, format_percent};
use crate::trace::{Span, State};
use crate::tune::drift::{Drift, detect_drift};
use crate::tune::request::TIME_RAN_OUT;
use crate::tune::tuning::Tuning;

/// Largest relative slowdown of the cores that is not mentioned. The calibration is the best of eight tries: on two
/// busy cores it repeats within 7 %.
const MIN_SLOWDOWN: f64 = 0.1;

/// Returns caveats about the machine before the tuning began.
fn preflight_caveats(
    Preflight { others_cores: others, clock_range: clock }: Preflight,
) -> impl Iterator<Item = String> {
    let busy = others.filter(|others| *others > 0.05);
    let busy = busy.map(|others| format!("Other programs kept {others:.1} cores busy before the tuning began."));
    let clock = clock.map(|(least, most)| {
        let [least, most] = [least, most].map(|hertz| hertz / 1e9);
        format!(
            "The core clock changes with the load, from {least:.1} to {most:.1} GHz: results are steadier with the \
             `performance` governor."
        )
    });
    busy.into_iter().chain(clock)
}

/// Says how much slower the cores were in some repetitions, if noticeably.
fn core_speed_caveat(tuning: &Tuning) -> Option<String> {
    let repetitions = tuning.curve.levels().iter().flat_map(|level| &level.repetitions);
    let speeds: Vec<f64> = repetitions.filter_map(|repetition| repetition.core_speed).collect();
    let (slowest, fastest) = (speeds.iter().copied().reduce(f64::min)?, speeds.iter().copied().reduce(f64::max)?);
    let slower = 1.0 - slowest / fastest;
    (slower > MIN_SLOWDOWN).then(|| {
        format!(
            "A core was {} slower in some repetitions than in others: its clock changes, or other programs share its \
             cache or its core.",
            format_percent(slower)
        )
    })
}

/// Returns the reasons why the answer may be wrong; none if nothing speaks against it.
pub fn caveats(tuning: &Tuning, subject: &TuningSubject<'_>) -> Vec<String> {
    let mut all = Vec::new();
    all.extend(detect_drift(tuning, subject.demands.epsilon).map(drift_caveat));
    all.extend(preflight_caveats(subject.preflight));
    all.extend(core_speed_caveat(tuning));
    let share = tuning.curve.disturbed_share();
    if share > 0.0 {
        all.push(format!(
            "{} of the repetitions were disturbed by other programs and left out.",
            format_percent(share)
        ));
    }
    all.extend(core_shortage_caveat(tuning, subject));
    all.extend(subject.replay.as_ref().and_then(super::theory::replay_caveat));
    let lost: u64 =
        tuning.curve.levels().iter().flat_map(|level| &level.repetitions).map(|repetition| repetition.lost).sum();
    if lost > 0 {
        all.push(format!("{} lost: lock figures and time by state are too low.", format_counted(lost, "event")));
    }
    all.extend(tuning.stop_reason.map(|cut| unfinished_caveat(tuning, cut)));
    all
}

/// Says that the throughput changes during a run.
fn drift_caveat(change: Drift) -> String {
    let span = |secs: f64| Span((secs * 1e9) as u64);
    let differs = |change: f64| {
        if change < 1.0 {
            format!("{} lower", format_percent(1.0 - change))
        } else {
            format!("{} higher", format_percent(change - 1.0))
        }
    };
    match change {
        Drift::Halves { change, secs } => format!(
            "Throughput changes during the run: in the second half of {} it is {} than in the first. Make the \
             scenario do only the part that you want to measure.",
            span(secs),
            differs(change)
        ),
        Drift::LongVersusShort { change, short, long } => format!(
            "Throughput changes during the run: over {} it is {} than over {}. Make the scenario do only the part \
             that you want to measure.",
            span(long),
            differs(change),
            span(short)
        ),
    }
}

/// Says that the lowest level already has too few cores.
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

/// Says why the tuning ended early, and how to give it more time.
fn unfinished_caveat(tuning: &Tuning, cut: &str) -> String {
    let missing = if tuning.confirmation.levels().is_empty() && tuning.long_run.is_none() {
        " before the answer was confirmed"
    } else {
        ""
    };
    if cut == TIME_RAN_OUT {
        return format!("Time ran out{missing}: add time with `--for 2m`.");
    }
    format!("Ended early{missing}: {cut}.")
}
