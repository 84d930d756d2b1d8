//! The JSON output of a tuning with every repetition, version 1. `docs/tune.md` describes it. Fields may be added, but
//! never renamed.

mod shape;
mod trace;

use shape::{
    AnswerJson, BottleneckJson, DriftJson, EstimateJson, LevelJson, LockUsageJson, LongRunJson, OpenLoopJson,
    PercentilesJson, PreflightJson, RepetitionJson, RequestJson, TuningJson,
};

use super::answer::{LevelStatus, TuningAnswer};
use super::bottleneck::{Bottleneck, ThroughputLimit};
use super::curve::{Curve, LIVE_STATES, Level};
use super::decide::{level_status, ratio_to_best};
use super::demands::Goal;
use super::drift::{Drift, detect_drift};
use super::estimates::estimate_workers;
use super::repetition::{LockUsage, Repetition, RepetitionPercentiles};
use super::summary::{TuningSubject, caveats, headline, resource_label, summary_sentences};
use super::tuning::Tuning;
use crate::trace::{Span, State};

/// Version of the object's shape.
const SCHEMA: u32 = 1;

/// Returns the tuning as pretty-printed JSON with a newline at the end. `again` is the command that repeats the tuning.
pub fn tuning_json(tuning: &Tuning, subject: &TuningSubject<'_>, again: &str) -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(&tuning_document(tuning, subject, again))? + "\n")
}

fn tuning_document<'a>(tuning: &Tuning, subject: &TuningSubject<'a>, again: &'a str) -> TuningJson<'a> {
    let decision = tuning.decision.as_ref();
    let lowest = tuning.curve.working_levels().next();
    TuningJson {
        schema: SCHEMA,
        contend: env!("CARGO_PKG_VERSION"),
        scenario: subject.scenario,
        knob: &subject.knob.name,
        unit: subject.work.word(),
        asked: RequestJson {
            over: [subject.range.0, subject.range.1],
            epsilon: subject.demands.epsilon,
            p99_ms: subject.demands.max_p99_ns.map(nanos_to_ms),
            memory_bytes: subject.demands.max_memory,
            arrivals_per_second: match subject.demands.goal {
                Goal::Arrivals(rate) => Some(rate),
                Goal::MaxThroughput => None,
            },
            command: again,
        },
        machine: PreflightJson {
            cores: subject.usable_cores,
            others: subject.preflight.others_cores,
            clock_ghz: subject.preflight.clock_range.map(|(least, most)| [least / 1e9, most / 1e9]),
        },
        elapsed_s: tuning.elapsed.as_secs_f64(),
        cut: tuning.stop_reason,
        sentence: headline(tuning, subject),
        answer: decision.map(|decision| answer_json(&decision.answer)),
        best: decision.map(|decision| decision.best_level),
        alike: decision.map(|decision| decision.equivalent_levels.clone()).unwrap_or_default(),
        bottleneck: decision.map(|decision| bottleneck_json(&decision.bottleneck)),
        because: summary_sentences(tuning, subject),
        doubts: caveats(tuning, subject),
        levels: level_list_json(tuning, &tuning.curve, subject),
        confirmed: level_list_json(tuning, &tuning.confirmation, subject),
        holds: tuning.is_confirmed(&subject.demands),
        long: tuning
            .long_run
            .as_ref()
            .map(|long| LongRunJson { value: long.level, repetition: repetition_json(&long.repetition) }),
        untraced_s: tuning.untraced_secs.clone(),
        changes: detect_drift(tuning, subject.demands.epsilon).map(drift_json),
        open_loop: tuning.open_loop.iter().map(open_loop_json).collect(),
        guesses: lowest
            .filter(|_| !subject.work.is_of_program())
            .map(|lowest| estimate_workers(lowest, subject.usable_cores))
            .unwrap_or_default()
            .into_iter()
            .map(estimate_json)
            .collect(),
        trace: trace::trace_json(tuning, subject),
    }
}

fn answer_json(answer: &TuningAnswer) -> AnswerJson {
    let (kind, from, to, why) = match answer {
        TuningAnswer::Exact(n) => ("number", Some(*n), Some(*n), None),
        TuningAnswer::Range { from, to, .. } => ("range", Some(*from), Some(*to), None),
        TuningAnswer::Rising(n) => ("rising", Some(*n), None, None),
        TuningAnswer::KeepsUp { from, level } => ("keeps-up", Some(*from), Some(*level), None),
        TuningAnswer::Unsettled(from) => ("unsettled", Some(*from), None, None),
        TuningAnswer::FallsBehind(_) => ("falls-behind", None, None, None),
        TuningAnswer::Flat(n) => ("flat", Some(*n), Some(*n), None),
        TuningAnswer::LimitedElsewhere(n) => ("elsewhere", Some(*n), Some(*n), None),
        TuningAnswer::TooNoisy(why) => ("too-noisy", None, None, Some(why.clone())),
        TuningAnswer::NeverWorks(why) => ("broken", None, None, Some(why.clone())),
        TuningAnswer::DemandsNotMet(why) => ("refused", None, None, Some(why.clone())),
    };
    AnswerJson { kind, level: answer.recommended_level(), from, to, why }
}

fn bottleneck_json(bottleneck: &Bottleneck) -> BottleneckJson {
    let of = |limit: &ThroughputLimit| BottleneckJson {
        kind: "used-up",
        of: Some(resource_label(&limit.resource)),
        share: Some(limit.utilization),
        per_second: Some(limit.max_rate),
        each_ms: Some(nanos_to_ms(limit.service_demand_ns)),
    };
    let plain = |kind, of, share| BottleneckJson { kind, of, share, per_second: None, each_ms: None };
    match bottleneck {
        Bottleneck::UsedUp(limit) => of(limit),
        Bottleneck::Feeder(share) => plain("feeder", None, Some(*share)),
        Bottleneck::Waiting { state, share } => plain("waits", Some(state.word().to_owned()), Some(*share)),
        Bottleneck::Unknown => plain("unknown", None, None),
    }
}

fn level_list_json(tuning: &Tuning, curve: &Curve, subject: &TuningSubject<'_>) -> Vec<LevelJson> {
    curve.levels().iter().map(|level| level_json(tuning, level, subject)).collect()
}

fn level_json(tuning: &Tuning, level: &Level, subject: &TuningSubject<'_>) -> LevelJson {
    let of_best = tuning.curve.best().filter(|_| level.is_working()).and_then(|best| ratio_to_best(level, best));
    LevelJson {
        value: level.value,
        shown: subject.knob.format_value(level.value),
        per_second: level.is_working().then(|| level.throughput()),
        interval: level.interval().map(|found| [found.low, found.high]),
        of_best: of_best.map(|ratio| [ratio.estimate, ratio.low, ratio.high]),
        standing: match level_status(&tuning.curve, level, &subject.demands) {
            LevelStatus::Sufficient => "enough",
            LevelStatus::Worse => "worse",
            LevelStatus::Undecided => "undecided",
            LevelStatus::Unacceptable => "refused",
        },
        failures: level.failures.clone(),
        repetitions: level.repetitions.iter().map(repetition_json).collect(),
        steady: level.arrival_repetitions.iter().map(repetition_json).collect(),
        disturbed: level.disturbed.iter().map(repetition_json).collect(),
    }
}

fn repetition_json(repetition: &Repetition) -> RepetitionJson {
    let each = |state: State| nanos_to_ms(repetition.time_by_state.get(state) as f64 / repetition.done.max(1) as f64);
    RepetitionJson {
        secs: repetition.secs,
        run_s: repetition.run_secs,
        done: repetition.done,
        failed: repetition.failed,
        per_second: repetition.throughput,
        slices_per_second: repetition.slice_rates.clone(),
        service_ms: repetition.service.map(percentiles_json),
        response_ms: repetition.response.map(percentiles_json),
        cpu_ms: each(State::Running),
        run_queue_ms: each(State::Ready),
        handover_ms: each(State::Handover),
        each_ms: LIVE_STATES.into_iter().map(|state| (state.word(), each(state))).filter(|(_, ms)| *ms > 0.0).collect(),
        locks: repetition.lock_usages.iter().map(lock_usage_json).collect(),
        utilization: repetition.utilization(),
        cores: repetition.cores_used,
        others: repetition.others_cores,
        speed: repetition.core_speed,
        switches: [repetition.switches.0, repetition.switches.1],
        memory_bytes: repetition.memory,
        lost_events: repetition.lost,
    }
}

fn lock_usage_json(used: &LockUsage) -> LockUsageJson {
    LockUsageJson {
        name: used.name.clone(),
        room: used.capacity,
        held: used.held_share,
        waited_ms: nanos_to_ms(used.wait_ns_per_unit),
    }
}

fn open_loop_json(loaded: &super::tuning::OpenLoopPoint) -> OpenLoopJson {
    OpenLoopJson {
        value: loaded.level,
        load: loaded.load_share,
        due_per_second: loaded.offered_rate,
        repetition: loaded.repetition.as_ref().map(repetition_json),
    }
}

fn drift_json(drift: Drift) -> DriftJson {
    match drift {
        Drift::Halves { change, secs } => DriftJson { kind: "halves", ratio: change, first_s: secs / 2.0, secs },
        Drift::LongVersusShort { change, short, long } => {
            DriftJson { kind: "later", ratio: change, first_s: short, secs: long }
        }
    }
}

fn estimate_json(estimate: super::estimates::Estimate) -> EstimateJson {
    EstimateJson { value: estimate.workers, from: estimate.name, sentence: estimate.sentence }
}

fn percentiles_json(percentiles: RepetitionPercentiles) -> PercentilesJson {
    let RepetitionPercentiles { p50, p90, p99, max } = percentiles;
    PercentilesJson { p50: nanos_to_ms(p50), p90: nanos_to_ms(p90), p99: nanos_to_ms(p99), max: nanos_to_ms(max) }
}

fn nanos_to_ms(ns: f64) -> f64 {
    Span(ns as u64).as_millis_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::schema::{SchemaSource, assert_schema_is_current};

    /// Maps paths to documented rows: repetitions are described once, and fresh ones like all others.
    fn path_of_row(path: &str) -> String {
        let path = path.replace("confirmed[]", "levels[]");
        let inside = ["repetitions[].", "steady[].", "disturbed[].", "repetition."];
        let found = inside.iter().filter_map(|name| path.find(name).map(|at| at + name.len())).min();
        found.map_or(path.clone(), |at| format!("repetition.{}", &path[at..]))
    }

    #[test]
    fn schema_matches_the_types_and_the_document() {
        assert_schema_is_current::<TuningJson<'static>>(&SchemaSource {
            name: "tune",
            title: "The outcome of contend tune",
            document: include_str!("../../docs/tune.md"),
            path_of_row,
        });
    }
}
