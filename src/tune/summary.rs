//! The sentences of a tuning: its answer, the bottleneck, how to raise the ceiling, and caveats.

mod arrivals;
mod bottleneck;
mod caveats;
mod failing_levels;
mod headline;
mod program;
mod scaling_cost;
mod theory;

use super::answer::{LevelStatus, TuningAnswer};
use super::decide::{Decision, level_status, ratio_to_best};
use super::demands::{Demands, Goal};
use super::replay::TraceReplay;
use super::tuning::Tuning;
use super::work_unit::WorkUnit;
use crate::model::join_names;
use crate::scenario::Knob;
use crate::trace::Span;
use crate::trace::format::{format_percent, format_rate_value};

pub use bottleneck::resource_label;
pub use caveats::caveats;
pub use headline::headline;
pub use scaling_cost::scaling_cost_sentence;
pub(super) use theory::smallest_servers;

/// The subject of a tuning, for its sentences and tables.
#[derive(Debug, Clone, Copy)]
pub struct TuningSubject<'a> {
    pub scenario: &'a str,
    pub knob: &'a Knob,
    pub work: &'a WorkUnit,
    pub demands: Demands,
    pub range: (f64, f64),
    /// Cores that the run may use.
    pub usable_cores: f64,
    pub preflight: Preflight,
    /// The trace that is replayed.
    pub replay: Option<TraceReplay>,
}

/// State of the machine before the tuning.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Preflight {
    /// Cores that other programs kept busy. None where the system does not report it.
    pub others_cores: Option<f64>,
    /// Lowest and highest frequency, in Hz, of a core clock that changes by itself.
    pub clock_range: Option<(f64, f64)>,
}

impl TuningSubject<'_> {
    /// Returns the level as `8 workers` or `hold=5ms`.
    pub fn level_name(&self, value: f64) -> String {
        match (self.knob.name.as_str(), self.knob.format_value(value)) {
            ("workers", shown) if shown == "1" => "1 worker".to_owned(),
            ("workers", shown) => format!("{shown} workers"),
            (name, shown) => format!("{name}={shown}"),
        }
    }

    /// Returns `8` instead of `8 workers`, for a second level in the same sentence.
    fn short_level_name(&self, value: f64) -> String {
        if self.counts_workers() { self.knob.format_value(value) } else { self.level_name(value) }
    }

    fn counts_workers(&self) -> bool {
        self.knob.name == "workers"
    }

    /// Returns the verb form for a level: `of_several` for several workers, else `of_one`.
    fn verb_form<'b>(&self, value: f64, of_one: &'b str, of_several: &'b str) -> &'b str {
        if self.counts_workers() && self.knob.format_value(value) != "1" { of_several } else { of_one }
    }

    fn work_rate(&self, per_second: f64) -> String {
        if *self.work == WorkUnit::Runs {
            return format!("{} for a run", Span((1e9 / per_second.max(1e-9)) as u64));
        }
        format!("{} {}s/s", format_rate_value(per_second), self.work.word())
    }
}

/// Returns the sentences below the headline: the evidence and the limits of the answer.
pub fn summary_sentences(tuning: &Tuning, subject: &TuningSubject<'_>) -> Vec<String> {
    let Some(decision) = &tuning.decision else { return Vec::new() };
    let mut all = Vec::new();
    if let Goal::Arrivals(rate) = subject.demands.goal {
        all.extend(arrivals::arrivals_sentences(tuning, subject, decision, rate));
        all.extend(theory::theory_sentences(tuning, subject));
        all.extend(failing_levels::failing_levels_sentence(tuning, subject));
        return all;
    }
    all.extend(failing_levels::failing_levels_sentence(tuning, subject));
    all.extend(scaling_cost_sentence(tuning, subject, decision));
    if let Some(best) = tuning.curve.find(decision.best_level) {
        all.extend(bottleneck::bottleneck_sentence(&decision.bottleneck, subject));
        all.extend(bottleneck::ceiling_sentence(&decision.bottleneck, best, subject));
    }
    all.extend(equivalent_levels_sentence(tuning, subject, decision));
    all.extend(confirmation_sentence(tuning, subject));
    all.extend(program::program_sentences(tuning, subject));
    all
}

/// Lists the levels that do about as much as the best.
fn equivalent_levels_sentence(tuning: &Tuning, subject: &TuningSubject<'_>, decision: &Decision) -> Option<String> {
    let best = tuning.curve.find(decision.best_level)?;
    let width =
        super::stats::relative_uncertainty(&best.throughputs()).map(|width| format!(" ±{}", format_percent(width)));
    let best_level = format!(
        "{}, {}{}",
        subject.level_name(best.value),
        subject.work_rate(best.throughput()),
        width.unwrap_or_default()
    );
    let among = |wanted: LevelStatus| {
        let has_status = |level: &&super::curve::Level| level_status(&tuning.curve, level, &subject.demands) == wanted;
        let shown = tuning.curve.levels().iter().filter(has_status).map(|level| subject.knob.format_value(level.value));
        shown.collect::<Vec<String>>()
    };
    let (enough, open) = (among(LevelStatus::Sufficient), among(LevelStatus::Undecided));
    if enough.len() + open.len() < 2 {
        return Some(format!("Best: {best_level}."));
    }
    let list = |names: &[String]| join_names(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let within = format_percent(subject.demands.epsilon);
    let noun = match (subject.counts_workers(), enough.as_slice()) {
        (false, _) => "",
        (true, [only]) if only == "1" => " worker",
        (true, _) => " workers",
    };
    let undecided = if open.is_empty() { String::new() } else { format!("; undecided: {}", list(&open)) };
    Some(format!("Within {within} of the best ({best_level}): {}{noun}{undecided}.", list(&enough)))
}

/// Says whether the fresh repetitions confirm the answer.
fn confirmation_sentence(tuning: &Tuning, subject: &TuningSubject<'_>) -> Option<String> {
    let is_confirmed = tuning.is_confirmed(&subject.demands)?;
    let (level, top) = (tuning.recommended_level()?, tuning.confirmation.best()?);
    let fresh = tuning.confirmation.find(level.value)?;
    let n = fresh.repetitions.len();
    if n < 2 {
        return Some("Fewer than two fresh repetitions were usable: add time with `--for 2m`.".to_owned());
    }
    let found = ratio_to_best(fresh, top)?;
    if fresh.value.total_cmp(&top.value).is_eq() {
        return Some(format!("Confirmed by {n} fresh repetitions: no neighbouring level does more."));
    }
    let [part, low, high] = [found.estimate, found.low, found.high].map(|part| part * 100.0);
    let of = format!("{part:.0} % of its best neighbour (90 % interval {low:.0} to {high:.0} %)");
    Some(if !is_confirmed {
        format!("Not confirmed: in {n} fresh repetitions it does {of}. Add time with `--for 2m`.")
    } else if found.low >= 1.0 - subject.demands.epsilon {
        format!("Confirmed by {n} fresh repetitions: {of}.")
    } else {
        format!("Not contradicted by {n} fresh repetitions: {of}.")
    })
}

/// Whether the answer rests on a comparison of levels.
const fn is_compared(answer: &TuningAnswer) -> bool {
    matches!(
        answer,
        TuningAnswer::Exact(_) | TuningAnswer::Range { .. } | TuningAnswer::Flat(_) | TuningAnswer::LimitedElsewhere(_)
    )
}

fn capitalize(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
