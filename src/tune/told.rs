//! A tuning put into sentences: the answer, what holds the rate, what would raise it, and why it may be wrong.

use super::curve::Level;
use super::decide::{Answer, Demands, Verdict, against};
use super::limits::{Bottleneck, Limit, Resource, limits};
use super::session::Tuning;
use super::work::Work;
use crate::report::words::{many, percent, rate};
use crate::scenario::Knob;
use crate::trace::{Span, State};

/// By how much the same work may take longer at one time than at another before that is said. The calibration is the best of
/// eight tries: on two busy cores it repeats within 7 %.
const SLOWER: f64 = 0.1;

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

    fn rate(&self, per_second: f64) -> String {
        format!("{} {}s/s", rate(per_second).trim_end_matches("/s"), self.work.word())
    }
}

/// The answer in one sentence.
pub fn headline(tuning: &Tuning, subject: &Subject<'_>) -> String {
    let Some(verdict) = &tuning.verdict else { return "Nothing could be measured.".to_owned() };
    let level = |value: f64| subject.level(value);
    match &verdict.answer {
        Answer::Number(n) => format!("{}: fewer do less, more do not do more.", capital(&level(*n))),
        Answer::Range(from, to) => {
            let unmeasured = tuning.curve.find(*from).is_none();
            let why = if unmeasured { "nothing was measured in between" } else { "it cannot be told apart" };
            format!("{} is enough for certain; from {} on {why}.", capital(&level(*to)), level(*from))
        }
        Answer::Flat(n) => {
            format!("It makes no difference: {} does as much as any other. Choose by latency or memory.", level(*n))
        }
        Answer::Elsewhere(n) => format!("The bottleneck is elsewhere: {} does as much as any other.", level(*n)),
        Answer::TooNoisy(why) => format!("Too noisy to say: {why}."),
        Answer::Broken(why) => format!("It does not work at any level: {why}."),
        Answer::Refused(why) => format!("No level is good enough: {why}."),
    }
}

/// What the answer rests on and what limits it, a sentence each.
pub fn sentences(tuning: &Tuning, subject: &Subject<'_>) -> Vec<String> {
    let Some(verdict) = &tuning.verdict else { return Vec::new() };
    let mut all = Vec::new();
    all.extend(broken(tuning, subject));
    if let Some(best) = tuning.curve.find(verdict.best) {
        all.extend(holds(&verdict.bottleneck, subject));
        all.extend(ceiling(&verdict.bottleneck, best, subject));
    }
    all.extend(alike(tuning, subject, verdict));
    all.extend(confirmed(tuning, subject));
    all
}

fn alike(tuning: &Tuning, subject: &Subject<'_>, verdict: &Verdict) -> Option<String> {
    let best = tuning.curve.find(verdict.best)?;
    let width = super::stats::uncertainty(&best.throughputs()).map(|width| format!(" ±{}", percent(width)));
    let most =
        format!("{}, {}{}", subject.level(best.value), subject.rate(best.throughput()), width.unwrap_or_default());
    let others: Vec<String> = verdict.alike.iter().map(|value| subject.knob.show(*value)).collect();
    Some(match others.as_slice() {
        [] | [_] => format!("Most was seen with {most}."),
        several => format!(
            "Not worse than the best ({most}) by more than {}, or not to be told apart from it: {}.",
            percent(subject.demands.epsilon),
            several.join(", ")
        ),
    })
}

fn broken(tuning: &Tuning, subject: &Subject<'_>) -> Option<String> {
    let (mut values, mut why) = (Vec::new(), None);
    for level in tuning.curve.levels().iter().filter(|level| !level.failures.is_empty()) {
        values.push(subject.knob.show(level.value));
        why = why.or(level.failures.first());
    }
    why.map(|why| format!("Does not work at {}: {why}.", values.join(", ")))
}

/// What a limit is of, in words.
pub fn resource(resource: &Resource) -> String {
    match resource {
        Resource::Cpu => "the CPU".to_owned(),
        Resource::Lock(name) => format!("lock `{name}`"),
        Resource::Permits(name) => format!("the permits of `{name}`"),
    }
}

fn holds(bottleneck: &Bottleneck, subject: &Subject<'_>) -> Option<String> {
    Some(match bottleneck {
        Bottleneck::Of(limit) => {
            let each = Span(limit.each as u64);
            let used = match &limit.resource {
                Resource::Cpu => format!(
                    "{} of {} cores are used, {each} for each {}",
                    percent(limit.used),
                    subject.cores,
                    subject.work.word()
                ),
                Resource::Lock(_) => {
                    format!("it is held {} of the time, {each} for each {}", percent(limit.used), subject.work.word())
                }
                Resource::Permits(_) => {
                    format!("{} of them are in use, {each} for each {}", percent(limit.used), subject.work.word())
                }
            };
            let no = if subject.knob.name == "workers" { "no number of workers passes" } else { "nothing here passes" };
            format!("The bottleneck is {}: {used}; {no} {}.", resource(&limit.resource), rate(limit.per_second))
        }
        Bottleneck::Feeder(share) => {
            format!("The bottleneck is what feeds them: workers wait for work {} of their time.", percent(*share))
        }
        Bottleneck::Waits { state, share } => {
            format!("Nothing is used up: {} of the workers' time is {}.", percent(*share), waiting(*state))
        }
        Bottleneck::Unknown => return None,
    })
}

const fn waiting(state: State) -> &'static str {
    match state {
        State::Io => "waiting for I/O, so more of them can do more",
        State::Sleep => "sleeping, so more of them can do more",
        State::Signal => "waiting for a signal or a result",
        State::Lock => "waiting for locks, none of which is held all the time",
        State::Full => "waiting for room in a queue",
        State::Ready => "waiting for a core",
        _ => "passing tasks between processes",
    }
}

/// What would raise the ceiling, and how far.
fn ceiling(bottleneck: &Bottleneck, best: &Level, subject: &Subject<'_>) -> Option<String> {
    let Bottleneck::Of(held) = bottleneck else { return None };
    let next: Option<Limit> =
        limits(best, subject.cores).into_iter().find(|limit| limit.resource != held.resource && limit.used > 0.02);
    let cure = match &held.resource {
        Resource::Cpu => "less CPU for each, or more cores".to_owned(),
        Resource::Lock(name) => format!("a shorter hold of `{name}`, or several locks for it"),
        Resource::Permits(name) => format!("more permits of `{name}`, or a shorter hold"),
    };
    Some(match next {
        Some(next) => format!(
            "What would raise it: {cure}; the next limit is {} at {}.",
            resource(&next.resource),
            rate(next.per_second)
        ),
        None => format!("What would raise it: {cure}."),
    })
}

fn confirmed(tuning: &Tuning, subject: &Subject<'_>) -> Option<String> {
    let holds = tuning.holds(&subject.demands)?;
    let (level, top) = (tuning.recommended()?, tuning.confirmed.best()?);
    let fresh = tuning.confirmed.find(level.value)?;
    let n = fresh.repetitions.len();
    if n < 2 {
        return Some("There was no time for more than one fresh repetition: give it more, `--for 2m`.".to_owned());
    }
    let found = against(fresh, top)?;
    let of = if fresh.value.total_cmp(&top.value).is_eq() {
        "it is the best of its neighbours".to_owned()
    } else {
        let [part, low, high] = [found.estimate, found.low, found.high].map(|part| part * 100.0);
        format!("{part:.0} % of the best of its neighbours (90 % interval {low:.0} to {high:.0} %)")
    };
    Some(if holds {
        format!("Confirmed by {n} fresh repetitions: {of}.")
    } else {
        format!("Not confirmed by {n} fresh repetitions, which made it {of}: give it more time, `--for 2m`.")
    })
}

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
    all.extend(seen_before(subject.preflight));
    all.extend(unsteady(tuning));
    let share = tuning.curve.disturbed();
    if share > 0.0 {
        all.push(format!("{} of the repetitions were disturbed by others and left out.", percent(share)));
    }
    if let Some(lowest) = tuning.curve.working().next() {
        let (spent, done) = lowest.spent();
        let (ready, cpu) = (spent.get(State::Ready) as f64, spent.get(State::Running) as f64);
        if lowest.value <= subject.cores
            && done > 0
            && cpu > 0.0
            && ready > cpu * 0.02
            && subject.knob.name == "workers"
        {
            let each = Span((ready / done as f64) as u64);
            all.push(format!(
                "Even with {} each {} waited {each} for a core: others use them too.",
                subject.level(lowest.value),
                subject.work.word()
            ));
        }
    }
    let lost: u64 =
        tuning.curve.levels().iter().flat_map(|level| &level.repetitions).map(|repetition| repetition.lost).sum();
    if lost > 0 {
        all.push(format!("Lost {}: figures of locks and time by state are too low.", many(lost, "event")));
    }
    if let Some(cut) = tuning.cut {
        all.push(format!("It ended before it was done: {cut}."));
    }
    let best = tuning.curve.best().map(|level| level.value);
    let last = tuning.curve.working().last().map(|level| level.value);
    if best.is_some()
        && best == last
        && tuning.curve.levels().len() > 1
        && matches!(tuning.verdict.as_ref().map(|verdict| &verdict.answer), Some(Answer::Number(n)) if Some(*n) == best)
    {
        all.push("The highest level is the best: there may be better ones beyond it.".to_owned());
    }
    all
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
