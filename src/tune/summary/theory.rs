//! The sentences about a trace that was replayed, and about what queueing theory expects of it.

use super::TuningSubject;
use crate::trace::Span;
use crate::trace::format::{format_count, format_counted, format_rate};
use crate::tune::queueing_theory::{OfferedLoad, QueueForecast};
use crate::tune::replay::TraceReplay;
use crate::tune::tuning::Tuning;

/// The most servers that theory is asked about.
const MAX_SERVERS: u32 = 10_000;

/// Least requests of a trace whose 99th percentile does not rest on one or two of them.
const MIN_REQUESTS: u64 = 300;

/// A formula of queueing theory.
type QueueingFormula = fn(&OfferedLoad, u32) -> Option<QueueForecast>;

/// Describes the trace, and compares the answer with queueing theory.
pub(super) fn theory_sentences(tuning: &Tuning, subject: &TuningSubject<'_>) -> Vec<String> {
    let Some(replay) = &subject.replay else { return Vec::new() };
    let mut all = vec![replay_sentence(replay)];
    all.extend(forecast_sentence(tuning, subject, replay));
    all.extend(subject.demands.max_p99_ns.map(|limit| smallest_sentence(&replay.load, limit)));
    all
}

fn seconds(secs: f64) -> Span {
    Span((secs * 1e9) as u64)
}

fn replay_sentence(replay: &TraceReplay) -> String {
    let TraceReplay { total_requests, total_secs, requests, window, load, speed, .. } = *replay;
    let what = match window {
        None => format!("all {} in {}", format_counted(total_requests, "request"), seconds(total_secs)),
        Some((from, to)) => format!(
            "the busiest {} of {}, {} of {}",
            seconds(to - from),
            seconds(total_secs),
            format_count(requests),
            format_counted(total_requests, "request")
        ),
    };
    let fast = if (speed - 1.0).abs() < 1e-9 {
        String::new()
    } else {
        format!(", {speed} times as fast as recorded; all times here are converted back")
    };
    format!("Replayed: {what}, {} of {} each{fast}.", format_rate(load.arrival_rate), seconds(load.service_secs))
}

/// Compares the p99 with the recommended level with what theory expects.
fn forecast_sentence(tuning: &Tuning, subject: &TuningSubject<'_>, replay: &TraceReplay) -> Option<String> {
    let level = tuning.recommended_level()?;
    let measured = Span(level.arrival_response()?.p99 as u64);
    let servers = level.value as u32;
    let [exponential, constant] = [replay.load.exponential_service(servers)?, replay.load.constant_service(servers)?];
    Some(format!(
        "With {}, theory expects a p99 of {} for random service times (M/M/c) and {} for constant ones (M/D/c); \
         measured: {measured}.",
        subject.level_name(level.value),
        seconds(exponential.p99_response),
        seconds(constant.p99_response)
    ))
}

fn smallest_sentence(load: &OfferedLoad, limit_ns: f64) -> String {
    let need = |formula: QueueingFormula| match smallest_servers(load, limit_ns, formula) {
        Some(servers) => format_counted(servers.into(), "worker"),
        None => "no number of workers".to_owned(),
    };
    format!(
        "For that p99 theory asks for {} (M/M/c) or {} (M/D/c).",
        need(OfferedLoad::exponential_service),
        need(OfferedLoad::constant_service)
    )
}

/// Returns the smallest number of servers with a p99 of at most `limit_ns` by a formula. None if there is none.
pub(in crate::tune) fn smallest_servers(load: &OfferedLoad, limit_ns: f64, formula: QueueingFormula) -> Option<u32> {
    let fits = |servers: &u32| formula(load, *servers).is_some_and(|queue| queue.p99_response * 1e9 <= limit_ns);
    (load.erlangs() as u32 + 1..=MAX_SERVERS).find(fits)
}

/// Says why the figures of a replay may mislead.
pub(super) fn replay_caveat(replay: &TraceReplay) -> Option<String> {
    if replay.is_hasty() {
        return Some(format!(
            "At this speed a task takes {} here, so the machine's own delays count too much: choose a lower `--speed`.",
            seconds(replay.load.service_secs / replay.speed)
        ));
    }
    (replay.requests < MIN_REQUESTS).then(|| {
        format!(
            "Only {} are replayed: a p99 rests on the slowest few of them.",
            format_counted(replay.requests, "request")
        )
    })
}
