//! From a curve to an answer: the smallest level that is not worse than the best by more than a little.
//!
//! Non-inferiority by the one-sided 95 % bound of the ratio to the best level. Fitted peaks, the largest mean and formulas
//! of waiting time are no answers: each is wrong by factors on curves that occur.

use super::arrivals;
use super::curve::{Curve, Level};
use super::levels::unmeasured;
use super::limits::{Bottleneck, bottleneck};
use super::stats::{Ratio, ratio, uncertainty};
use crate::report::words::many;

/// Repetitions that a level must have before anything is said of it.
pub const LEAST: usize = 3;

/// A machine that disturbs more than this part of all repetitions is too busy to say anything.
const TOO_BUSY: f64 = 0.5;

/// What a level is measured for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// As much work as possible: compared with the best level.
    Most,
    /// Tasks that arrive at this rate, 1/s: compared with that.
    Arrivals(f64),
}

/// What is asked of a level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demands {
    pub goal: Goal,
    /// How much worse than the best is good enough: 0.05 is 5 %.
    pub epsilon: f64,
    /// Most a task may take at the 99th percentile, ns: from its start, or where tasks arrive at a rate from when it was due.
    pub p99: Option<f64>,
    /// Most resident bytes of all processes together.
    pub memory: Option<u64>,
}

/// How a level compares with the best, or with what arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// For certain not worse by more than allowed, or keeps up.
    Enough,
    /// For certain worse by more than allowed, or falls behind.
    Worse,
    /// Cannot be told yet.
    Undecided,
    /// Fails at its work, or what was demanded.
    Refused,
}

/// What comes out.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// This many; the level below does less for certain, or does not work.
    Number(f64),
    /// The smallest that is enough lies between `from` and `to`, of which only `to` is for certain. By its mean `knee` is
    /// the smallest.
    Range { from: f64, knee: f64, to: f64 },
    /// The highest level that was measured does the most, and nothing is used up there: those beyond may do more.
    Rising(f64),
    /// All levels do the same, and nothing that can be named holds them: choose by latency or memory.
    Flat(f64),
    /// The smallest is as good as any, because something else is used up.
    Elsewhere(f64),
    /// The smallest that keeps up with what arrives for certain is `level`; `from` may do so as well.
    KeepsUp { from: f64, level: f64 },
    /// From this level on they may keep up; none does so for certain.
    Unsettled(f64),
    /// No level keeps up; this one does the most.
    FallsBehind(f64),
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
            Self::Number(level)
            | Self::Range { knee: level, .. }
            | Self::Rising(level)
            | Self::Flat(level)
            | Self::Elsewhere(level)
            | Self::KeepsUp { level, .. }
            | Self::Unsettled(level) => Some(*level),
            Self::FallsBehind(_) | Self::TooNoisy(_) | Self::Broken(_) | Self::Refused(_) => None,
        }
    }
}

impl Answer {
    /// The level that is enough for certain.
    pub const fn surely(&self) -> Option<f64> {
        match self {
            Self::Range { to, .. } => Some(*to),
            Self::Unsettled(_) => None,
            answer => answer.level(),
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
    if let Goal::Arrivals(rate) = demands.goal {
        return arrivals::standing(level, rate, demands);
    }
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
    !late && !too_large(level, demands)
}

/// Whether it takes more memory than allowed.
pub(super) fn too_large(level: &Level, demands: &Demands) -> bool {
    demands.memory.is_some_and(|limit| level.mean(|repetition| repetition.memory as f64) > limit as f64)
}

/// The answer that the curve gives. `cores` are those that may be used.
pub fn decide(curve: &Curve, demands: &Demands, cores: f64) -> Option<Verdict> {
    let verdict = |answer, best: f64, alike, bottleneck| Some(Verdict { answer, best, alike, bottleneck });
    let Some(fastest) = curve.best() else {
        let why = curve.levels().iter().flat_map(|level| &level.failures).next()?;
        return verdict(Answer::Broken(why.clone()), 0.0, Vec::new(), Bottleneck::Unknown);
    };
    let holds = bottleneck(fastest, cores);
    let standings = standings(curve, demands);
    let alike = of(&standings, &[Standing::Enough, Standing::Undecided]);
    if let Some(why) = busy(curve) {
        return verdict(Answer::TooNoisy(why), fastest.value, alike, holds);
    }
    if let Goal::Arrivals(rate) = demands.goal {
        let answer = arrivals::answer(curve, fastest, &standings, rate, unmet(demands));
        return verdict(answer, fastest.value, of(&standings, &[Standing::Enough]), holds);
    }
    let Some(best) = best(curve, demands) else {
        return verdict(Answer::Refused(unmet(demands)), fastest.value, Vec::new(), holds);
    };
    if let Some(why) = noise(best, demands, &of(&standings, &[Standing::Enough])) {
        return verdict(Answer::TooNoisy(why), best.value, alike, holds);
    }
    let answer = knee(curve, best, demands, &standings, &holds);
    verdict(answer, best.value, alike, holds)
}

type Standings = [(f64, Standing)];

fn standings(curve: &Curve, demands: &Demands) -> Vec<(f64, Standing)> {
    curve.levels().iter().map(|level| (level.value, standing(curve, level, demands))).collect()
}

/// The levels that stand in one of these ways.
pub(super) fn of(standings: &Standings, wanted: &[Standing]) -> Vec<f64> {
    standings.iter().filter(|(_, standing)| wanted.contains(standing)).map(|(value, _)| *value).collect()
}

/// The smallest level that does about as much as the best.
fn knee(curve: &Curve, best: &Level, demands: &Demands, standings: &Standings, holds: &Bottleneck) -> Answer {
    let (enough, undecided) = (of(standings, &[Standing::Enough]), of(standings, &[Standing::Undecided]));
    let surely = enough.first().copied().unwrap_or(best.value);
    let good = |level: &&Level| against(level, best).is_some_and(|found| found.estimate >= 1.0 - demands.epsilon);
    let near = |value: &f64| curve.find(*value).as_ref().is_some_and(good);
    let knee = undecided.iter().copied().filter(|value| *value < surely).find(near).unwrap_or(surely);
    let last = curve.levels().last().map(|level| level.value);
    let all_used = matches!(holds, Bottleneck::Of(limit) if limit.used >= 1.0 - demands.epsilon);
    if Some(knee) == last && curve.levels().len() > 1 && !all_used {
        return Answer::Rising(knee);
    }
    let alike = enough.len() > 1 && of(standings, &[Standing::Worse, Standing::Refused]).is_empty();
    match undecided.into_iter().find(|level| *level < surely) {
        Some(from) => Answer::Range { from, knee, to: surely },
        None if alike && curve.levels().first().is_some_and(|lowest| lowest.value >= surely) => {
            if matches!(holds, Bottleneck::Of(_) | Bottleneck::Feeder(_)) {
                Answer::Elsewhere(surely)
            } else {
                Answer::Flat(surely)
            }
        }
        None => Answer::Number(surely),
    }
}

impl Verdict {
    /// The same, but with the levels just below it that were not measured: any of those may be the smallest.
    pub(super) fn no_finer_than(mut self, curve: &Curve, whole: bool) -> Self {
        let first = |from: f64| curve.below(from).and_then(|below| unmeasured(below.value, from, whole));
        self.answer = match self.answer {
            Answer::Number(level) => match first(level) {
                Some(from) => Answer::Range { from, knee: level, to: level },
                None => Answer::Number(level),
            },
            Answer::Range { from, knee, to } => Answer::Range { from: first(from).unwrap_or(from), knee, to },
            Answer::KeepsUp { from, level } => Answer::KeepsUp { from: first(from).unwrap_or(from), level },
            answer => answer,
        };
        self
    }
}

/// Why nothing can be said on a machine like this, if nothing can.
fn busy(curve: &Curve) -> Option<String> {
    let share = curve.disturbed();
    (share > TOO_BUSY).then(|| format!("others kept the machine busy in {:.0} % of the repetitions", share * 100.0))
}

/// Why nothing can be said of repetitions like these, if nothing can.
fn noise(best: &Level, demands: &Demands, enough: &[f64]) -> Option<String> {
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
    format!("no level measured has {}", wanted.join(" and "))
}
