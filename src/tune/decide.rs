//! From a curve to an answer: the smallest level that is not worse than the best by more than a little.
//!
//! Non-inferiority by the one-sided 95 % bound of the ratio to the best level. Fitted peaks, the largest mean and formulas
//! of waiting time are no answers: each is wrong by factors on curves that occur.

use super::curve::{Curve, Level};
use super::levels::unmeasured;
use super::limits::{Bottleneck, bottleneck};
use super::stats::{Ratio, ratio, uncertainty};
use crate::report::words::many;

/// Repetitions that a level must have before anything is said of it.
pub const LEAST: usize = 3;

/// A machine that disturbs more than this part of all repetitions is too busy to say anything.
const TOO_BUSY: f64 = 0.5;

/// What is asked of a level beside its throughput.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demands {
    /// How much worse than the best is good enough: 0.05 is 5 %.
    pub epsilon: f64,
    /// Most a task may take at the 99th percentile, ns.
    pub p99: Option<f64>,
    /// Most resident bytes of all processes together.
    pub memory: Option<u64>,
}

/// How a level compares with the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// For certain not worse by more than allowed.
    Enough,
    /// For certain worse by more than allowed.
    Worse,
    /// Cannot be told yet.
    Undecided,
    /// Fails at its work, or what was demanded.
    Refused,
}

/// What comes out.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// This many, and no fewer.
    Number(f64),
    /// The smallest that is enough lies between these; the second is for certain.
    Range(f64, f64),
    /// All levels do the same, and nothing that can be named holds them: choose by latency or memory.
    Flat(f64),
    /// The smallest is as good as any, because something else is used up.
    Elsewhere(f64),
    /// Nothing can be said on this machine now.
    TooNoisy(String),
    /// It does not work at any level.
    Broken(String),
    /// No level is good enough for what was demanded.
    Refused(String),
}

impl Answer {
    /// The level to choose.
    pub const fn level(&self) -> Option<f64> {
        match self {
            Self::Number(level) | Self::Range(_, level) | Self::Flat(level) | Self::Elsewhere(level) => Some(*level),
            Self::TooNoisy(_) | Self::Broken(_) | Self::Refused(_) => None,
        }
    }
}

/// An answer and what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    pub answer: Answer,
    /// The level with the highest throughput.
    pub best: f64,
    /// Levels that cannot be told from the best, or are for certain not worse by more than allowed.
    pub alike: Vec<f64>,
    pub bottleneck: Bottleneck,
}

/// How a level stands.
pub fn standing(curve: &Curve, level: &Level, demands: &Demands) -> Standing {
    let Some(best) = best(curve, demands) else { return Standing::Refused };
    if !level.works() || !meets(level, demands) {
        return Standing::Refused;
    }
    match against(level, best) {
        Some(found) if found.low >= 1.0 - demands.epsilon => Standing::Enough,
        Some(found) if found.high < 1.0 - demands.epsilon => Standing::Worse,
        _ => Standing::Undecided,
    }
}

/// The level with the highest throughput of those that meet the demands.
pub fn best<'a>(curve: &'a Curve, demands: &Demands) -> Option<&'a Level> {
    curve.working().filter(|level| meets(level, demands)).max_by(|a, b| a.throughput().total_cmp(&b.throughput()))
}

/// A level's throughput as a part of the best's.
pub fn against(level: &Level, best: &Level) -> Option<Ratio> {
    if level.value.total_cmp(&best.value).is_eq() {
        return Some(Ratio { estimate: 1.0, low: 1.0, high: 1.0 });
    }
    ratio(&level.throughputs(), &best.throughputs())
}

fn meets(level: &Level, demands: &Demands) -> bool {
    let late = demands.p99.is_some_and(|limit| {
        level.percentiles(|repetition| repetition.service).is_some_and(|service| service.p99 > limit)
    });
    let large = demands.memory.is_some_and(|limit| level.mean(|repetition| repetition.memory as f64) > limit as f64);
    !late && !large
}

/// The answer that the curve gives. `cores` are those that may be used.
pub fn decide(curve: &Curve, demands: &Demands, cores: f64) -> Option<Verdict> {
    let verdict = |answer, best: f64, alike, bottleneck| Some(Verdict { answer, best, alike, bottleneck });
    let Some(fastest) = curve.best() else {
        let why = curve.levels().iter().flat_map(|level| &level.failures).next()?;
        return verdict(Answer::Broken(why.clone()), 0.0, Vec::new(), Bottleneck::Unknown);
    };
    let holds = bottleneck(fastest, cores);
    let Some(best) = best(curve, demands) else {
        return verdict(Answer::Refused(unmet(demands)), fastest.value, Vec::new(), holds);
    };
    let levels: Vec<(f64, Standing)> =
        curve.levels().iter().map(|level| (level.value, standing(curve, level, demands))).collect();
    let of = |wanted: &[Standing]| -> Vec<f64> {
        levels.iter().filter(|(_, standing)| wanted.contains(standing)).map(|(value, _)| *value).collect()
    };
    let (enough, undecided) = (of(&[Standing::Enough]), of(&[Standing::Undecided]));
    let alike = of(&[Standing::Enough, Standing::Undecided]);
    if let Some(why) = noise(curve, best, demands, &enough) {
        return verdict(Answer::TooNoisy(why), best.value, alike, holds);
    }
    let surely = enough.first().copied().unwrap_or(best.value);
    let perhaps = undecided.into_iter().find(|level| *level < surely);
    let lowest = curve.working().next().map(|level| level.value);
    let answer = match perhaps {
        None if Some(surely) == lowest && enough.len() > 1 && of(&[Standing::Worse]).is_empty() => {
            if matches!(holds, Bottleneck::Of(_) | Bottleneck::Feeder(_)) {
                Answer::Elsewhere(surely)
            } else {
                Answer::Flat(surely)
            }
        }
        None => Answer::Number(surely),
        Some(from) => Answer::Range(from, surely),
    };
    verdict(answer, best.value, alike, holds)
}

impl Verdict {
    /// The same, but with the levels just below it that were not measured: any of those may be the smallest.
    pub(super) fn no_finer_than(mut self, curve: &Curve, whole: bool) -> Self {
        let (Answer::Number(from) | Answer::Range(from, _), Some(to)) = (&self.answer, self.answer.level()) else {
            return self;
        };
        let lower = curve.working().map(|lower| lower.value).filter(|lower| lower < from);
        if let Some(first) = lower.max_by(f64::total_cmp).and_then(|below| unmeasured(below, *from, whole)) {
            self.answer = Answer::Range(first, to);
        }
        self
    }
}

/// Why nothing can be said, if nothing can.
fn noise(curve: &Curve, best: &Level, demands: &Demands, enough: &[f64]) -> Option<String> {
    let share = curve.disturbed();
    if share > TOO_BUSY {
        return Some(format!("others kept the machine busy in {:.0} % of the repetitions", share * 100.0));
    }
    if best.repetitions.len() < LEAST {
        return Some(format!(
            "only {} of the best level could be measured",
            many(best.repetitions.len() as u64, "repetition")
        ));
    }
    // Without a level that is enough beside the best itself, the best may be a lucky one.
    let width = uncertainty(&best.throughputs())?;
    let alone = enough.iter().all(|level| (*level - best.value).abs() < f64::EPSILON);
    (width > demands.epsilon * 4.0 || (alone && width > demands.epsilon * 2.0)).then(|| {
        format!("repetitions of the best level differ: its throughput is known to ±{:.0} % only", width * 100.0)
    })
}

fn unmet(demands: &Demands) -> String {
    let p99 = demands.p99.map(|ns| format!("a p99 of at most {}", crate::trace::Span(ns as u64)));
    let memory = demands.memory.map(|bytes| format!("at most {} MiB of memory", bytes >> 20));
    let wanted: Vec<String> = p99.into_iter().chain(memory).collect();
    format!("no level has {}", wanted.join(" and "))
}
