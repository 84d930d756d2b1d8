//! A tuning as one JSON object with every repetition, version 1. `docs/tune.md` describes it; fields may be added, never
//! renamed.

mod shape;

use shape::{Answered, Asked, Changes, Document, Held, Lock, LongRun, Machine, OpenLoop, Point, Prior, Raw, Time};

use super::curve::{Curve, Level};
use super::decide::{Answer, Goal, Standing, against, standing};
use super::drift::{Drift, drift};
use super::figures::{Percentiles, Repetition, Used};
use super::limits::{Bottleneck, Limit};
use super::priors::priors;
use super::text::STATES;
use super::told::{Subject, doubts, headline, resource, sentences};
use super::tuning::Tuning;
use crate::trace::{Span, State};

/// Version of the object's shape.
const SCHEMA: u32 = 1;

/// The whole as pretty-printed JSON with a newline at the end. `again` is the command that does the same once more.
pub fn json(tuning: &Tuning, subject: &Subject<'_>, again: &str) -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(&document(tuning, subject, again))? + "\n")
}

fn document<'a>(tuning: &Tuning, subject: &Subject<'a>, again: &'a str) -> Document<'a> {
    let verdict = tuning.verdict.as_ref();
    let lowest = tuning.curve.working().next();
    Document {
        schema: SCHEMA,
        contend: env!("CARGO_PKG_VERSION"),
        scenario: subject.scenario,
        knob: &subject.knob.name,
        unit: subject.work.word(),
        asked: Asked {
            over: [subject.over.0, subject.over.1],
            epsilon: subject.demands.epsilon,
            p99_ms: subject.demands.p99.map(ms),
            memory_bytes: subject.demands.memory,
            arrivals_per_second: match subject.demands.goal {
                Goal::Arrivals(rate) => Some(rate),
                Goal::Most => None,
            },
            command: again,
        },
        machine: Machine {
            cores: subject.cores,
            others: subject.preflight.others,
            clock_ghz: subject.preflight.clock.map(|(least, most)| [least / 1e9, most / 1e9]),
        },
        elapsed_s: tuning.elapsed.as_secs_f64(),
        cut: tuning.cut,
        sentence: headline(tuning, subject),
        answer: verdict.map(|verdict| answer(&verdict.answer)),
        best: verdict.map(|verdict| verdict.best),
        alike: verdict.map(|verdict| verdict.alike.clone()).unwrap_or_default(),
        bottleneck: verdict.map(|verdict| held(&verdict.bottleneck)),
        because: sentences(tuning, subject),
        doubts: doubts(tuning, subject),
        levels: points(tuning, &tuning.curve, subject),
        confirmed: points(tuning, &tuning.confirmed, subject),
        holds: tuning.holds(&subject.demands),
        long: tuning.long.as_ref().map(|long| LongRun { value: long.level, repetition: raw(&long.repetition) }),
        changes: drift(tuning, subject.demands.epsilon).map(changes),
        open_loop: tuning.loaded.iter().map(load).collect(),
        guesses: lowest
            .map(|lowest| priors(lowest, subject.cores))
            .unwrap_or_default()
            .into_iter()
            .map(prior)
            .collect(),
    }
}

fn answer(answer: &Answer) -> Answered {
    let (kind, from, to, why) = match answer {
        Answer::Number(n) => ("number", Some(*n), Some(*n), None),
        Answer::Range { from, to, .. } => ("range", Some(*from), Some(*to), None),
        Answer::Rising(n) => ("rising", Some(*n), None, None),
        Answer::KeepsUp { from, level } => ("keeps-up", Some(*from), Some(*level), None),
        Answer::Unsettled(from) => ("unsettled", Some(*from), None, None),
        Answer::FallsBehind(_) => ("falls-behind", None, None, None),
        Answer::Flat(n) => ("flat", Some(*n), Some(*n), None),
        Answer::Elsewhere(n) => ("elsewhere", Some(*n), Some(*n), None),
        Answer::TooNoisy(why) => ("too-noisy", None, None, Some(why.clone())),
        Answer::Broken(why) => ("broken", None, None, Some(why.clone())),
        Answer::Refused(why) => ("refused", None, None, Some(why.clone())),
    };
    Answered { kind, level: answer.level(), from, to, why }
}

fn held(bottleneck: &Bottleneck) -> Held {
    let of = |limit: &Limit| Held {
        kind: "used-up",
        of: Some(resource(&limit.resource)),
        share: Some(limit.used),
        per_second: Some(limit.per_second),
        each_ms: Some(ms(limit.each)),
    };
    let plain = |kind, of, share| Held { kind, of, share, per_second: None, each_ms: None };
    match bottleneck {
        Bottleneck::Of(limit) => of(limit),
        Bottleneck::Feeder(share) => plain("feeder", None, Some(*share)),
        Bottleneck::Waits { state, share } => plain("waits", Some(state.word().to_owned()), Some(*share)),
        Bottleneck::Unknown => plain("unknown", None, None),
    }
}

fn points(tuning: &Tuning, curve: &Curve, subject: &Subject<'_>) -> Vec<Point> {
    curve.levels().iter().map(|level| point(tuning, level, subject)).collect()
}

fn point(tuning: &Tuning, level: &Level, subject: &Subject<'_>) -> Point {
    let of_best = tuning.curve.best().filter(|_| level.works()).and_then(|best| against(level, best));
    Point {
        value: level.value,
        shown: subject.knob.show(level.value),
        per_second: level.works().then(|| level.throughput()),
        interval: level.interval().map(|found| [found.low, found.high]),
        of_best: of_best.map(|ratio| [ratio.estimate, ratio.low, ratio.high]),
        standing: match standing(&tuning.curve, level, &subject.demands) {
            Standing::Enough => "enough",
            Standing::Worse => "worse",
            Standing::Undecided => "undecided",
            Standing::Refused => "refused",
        },
        failures: level.failures.clone(),
        repetitions: level.repetitions.iter().map(raw).collect(),
        steady: level.steady.iter().map(raw).collect(),
        disturbed: level.disturbed.iter().map(raw).collect(),
    }
}

fn raw(repetition: &Repetition) -> Raw {
    let each = |state: State| ms(repetition.spent.get(state) as f64 / repetition.done.max(1) as f64);
    Raw {
        secs: repetition.secs,
        done: repetition.done,
        failed: repetition.failed,
        per_second: repetition.throughput,
        slices_per_second: repetition.slices.clone(),
        service_ms: repetition.service.map(time),
        response_ms: repetition.response.map(time),
        cpu_ms: each(State::Running),
        run_queue_ms: each(State::Ready),
        handover_ms: each(State::Handover),
        each_ms: STATES.into_iter().map(|state| (state.word(), each(state))).filter(|(_, ms)| *ms > 0.0).collect(),
        locks: repetition.used.iter().map(waited).collect(),
        utilization: repetition.utilization(),
        cores: repetition.cores,
        others: repetition.others,
        speed: repetition.speed,
        switches: [repetition.switches.0, repetition.switches.1],
        memory_bytes: repetition.memory,
        lost_events: repetition.lost,
    }
}

fn waited(used: &Used) -> Lock {
    Lock { name: used.name.clone(), room: used.room, held: used.held, waited_ms: ms(used.waited) }
}

fn load(loaded: &super::tuning::Loaded) -> OpenLoop {
    OpenLoop {
        value: loaded.level,
        load: loaded.load,
        due_per_second: loaded.per_second,
        repetition: loaded.repetition.as_ref().map(raw),
    }
}

fn changes(drift: Drift) -> Changes {
    match drift {
        Drift::Halves { change, secs } => Changes { kind: "halves", ratio: change, first_s: secs / 2.0, secs },
        Drift::Later { change, short, long } => Changes { kind: "later", ratio: change, first_s: short, secs: long },
    }
}

fn prior(prior: super::priors::Prior) -> Prior {
    Prior { value: prior.workers, from: prior.name, sentence: prior.sentence }
}

fn time(percentiles: Percentiles) -> Time {
    let Percentiles { p50, p90, p99, max } = percentiles;
    Time { p50: ms(p50), p90: ms(p90), p99: ms(p99), max: ms(max) }
}

fn ms(ns: f64) -> f64 {
    Span(ns as u64).ms()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::schema::{Described, assert_current};

    /// Repetitions are described once, wherever they stand, and fresh ones like those before.
    fn path_of_row(path: &str) -> String {
        let path = path.replace("confirmed[]", "levels[]");
        let inside = ["repetitions[].", "steady[].", "disturbed[].", "repetition."];
        let found = inside.iter().filter_map(|name| path.find(name).map(|at| at + name.len())).min();
        found.map_or(path.clone(), |at| format!("repetition.{}", &path[at..]))
    }

    #[test]
    fn schema_is_that_of_the_types_and_of_the_document() {
        assert_current::<Document<'static>>(&Described {
            name: "tune",
            title: "The outcome of contend tune",
            document: include_str!("../../docs/tune.md"),
            path_of_row,
        });
    }
}
