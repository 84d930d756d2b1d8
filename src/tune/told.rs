//! A tuning put into sentences: the answer, what holds the rate, what would raise it, and why it may be wrong.

mod arrivals;
mod beyond;
mod borders;
mod doubts;
mod headline;
mod limit;

use super::decide::{Answer, Demands, Goal, Standing, Verdict, against, standing};
use super::tuning::Tuning;
use super::work::Work;
use crate::model::listed;
use crate::report::words::{percent, rate};
use crate::scenario::Knob;

pub use doubts::doubts;
pub use headline::headline;
pub use limit::resource;

/// What was tuned, for those who put it into words.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub scenario: &'a str,
    pub knob: &'a Knob,
    pub work: &'a Work,
    pub demands: Demands,
    pub over: (f64, f64),
    /// Cores that may be used.
    pub cores: f64,
    pub preflight: Preflight,
}

/// What was seen of the machine before anything was measured.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Preflight {
    /// Cores that others kept busy. None where the system does not say.
    pub others: Option<f64>,
    /// Between which frequencies, in Hz, the clock of the cores changes by itself.
    pub clock: Option<(f64, f64)>,
}

impl Subject<'_> {
    /// `8 workers`, `hold=5ms`.
    pub fn level(&self, value: f64) -> String {
        match (self.knob.name.as_str(), self.knob.show(value)) {
            ("workers", shown) if shown == "1" => "1 worker".to_owned(),
            ("workers", shown) => format!("{shown} workers"),
            (name, shown) => format!("{name}={shown}"),
        }
    }

    /// `8` where `level` says `8 workers`: for a second level in the same sentence.
    fn short(&self, value: f64) -> String {
        if self.counts_workers() { self.knob.show(value) } else { self.level(value) }
    }

    fn counts_workers(&self) -> bool {
        self.knob.name == "workers"
    }

    /// The verb's form for one level: `do` of several workers, else `does`.
    fn verb<'b>(&self, value: f64, of_one: &'b str, of_several: &'b str) -> &'b str {
        if self.counts_workers() && self.knob.show(value) != "1" { of_several } else { of_one }
    }

    fn rate(&self, per_second: f64) -> String {
        format!("{} {}s/s", rate(per_second).trim_end_matches("/s"), self.work.word())
    }
}

/// What the answer rests on and what limits it, a sentence each.
pub fn sentences(tuning: &Tuning, subject: &Subject<'_>) -> Vec<String> {
    let Some(verdict) = &tuning.verdict else { return Vec::new() };
    let mut all = Vec::new();
    if let Goal::Arrivals(rate) = subject.demands.goal {
        all.extend(arrivals::sentences(tuning, subject, verdict, rate));
        all.extend(borders::sentence(tuning, subject));
        return all;
    }
    all.extend(borders::sentence(tuning, subject));
    all.extend(beyond::price(tuning, subject, verdict));
    if let Some(best) = tuning.curve.find(verdict.best) {
        all.extend(limit::holds(&verdict.bottleneck, subject));
        all.extend(limit::ceiling(&verdict.bottleneck, best, subject));
    }
    all.extend(alike(tuning, subject, verdict));
    all.extend(confirmed(tuning, subject));
    all
}

/// Which levels do about as much as the best.
fn alike(tuning: &Tuning, subject: &Subject<'_>, verdict: &Verdict) -> Option<String> {
    let best = tuning.curve.find(verdict.best)?;
    let width = super::stats::uncertainty(&best.throughputs()).map(|width| format!(" ±{}", percent(width)));
    let most =
        format!("{}, {}{}", subject.level(best.value), subject.rate(best.throughput()), width.unwrap_or_default());
    let among = |wanted: Standing| {
        let stands = |level: &&super::curve::Level| standing(&tuning.curve, level, &subject.demands) == wanted;
        let shown = tuning.curve.levels().iter().filter(stands).map(|level| subject.knob.show(level.value));
        shown.collect::<Vec<String>>()
    };
    let (enough, open) = (among(Standing::Enough), among(Standing::Undecided));
    if enough.len() + open.len() < 2 {
        return Some(format!("The most: {most}."));
    }
    let list = |names: &[String]| listed(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let within = percent(subject.demands.epsilon);
    let undecided = if open.is_empty() { String::new() } else { format!("; undecided: {}", list(&open)) };
    Some(format!("Within {within} of the most ({most}): {}{undecided}.", list(&enough)))
}

/// What the fresh repetitions say.
fn confirmed(tuning: &Tuning, subject: &Subject<'_>) -> Option<String> {
    let holds = tuning.holds(&subject.demands)?;
    let (level, top) = (tuning.recommended()?, tuning.confirmed.best()?);
    let fresh = tuning.confirmed.find(level.value)?;
    let n = fresh.repetitions.len();
    if n < 2 {
        return Some("There was no time for more than one fresh repetition: add time with `--for 2m`.".to_owned());
    }
    let found = against(fresh, top)?;
    if fresh.value.total_cmp(&top.value).is_eq() {
        return Some(format!("Confirmed by {n} fresh repetitions: it is the best of its neighbours."));
    }
    let [part, low, high] = [found.estimate, found.low, found.high].map(|part| part * 100.0);
    let of = format!("{part:.0} % of the best of its neighbours (90 % interval {low:.0} to {high:.0} %)");
    Some(if !holds {
        format!("Not confirmed: {n} fresh repetitions made it {of}. Add time with `--for 2m`.")
    } else if found.low >= 1.0 - subject.demands.epsilon {
        format!("Confirmed by {n} fresh repetitions: {of}.")
    } else {
        format!("Not contradicted by {n} fresh repetitions: {of}.")
    })
}

/// Whether the answer says that a level is enough because it was compared with others.
const fn is_compared(answer: &Answer) -> bool {
    matches!(answer, Answer::Number(_) | Answer::Range { .. } | Answer::Flat(_) | Answer::Elsewhere(_))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
