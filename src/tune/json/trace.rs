//! The part of a tuning's JSON output about a trace that was replayed.

use super::nanos_to_ms;
use super::shape::{TheoryJson, TraceJson};
use crate::tune::curve::Level;
use crate::tune::queueing_theory::{OfferedLoad, QueueForecast};
use crate::tune::summary::{TuningSubject, smallest_servers};
use crate::tune::tuning::Tuning;

pub(super) fn trace_json(tuning: &Tuning, subject: &TuningSubject<'_>) -> Option<TraceJson> {
    let replay = subject.replay?;
    let need = |formula| smallest_servers(&replay.load, subject.demands.max_p99_ns?, formula);
    Some(TraceJson {
        requests: replay.total_requests,
        secs: replay.total_secs,
        replayed: replay.requests,
        from_s: replay.window.map(|(from, _)| from),
        to_s: replay.window.map(|(_, to)| to),
        speed: replay.speed,
        arrivals_per_second: replay.load.arrival_rate,
        service_ms: replay.load.service_secs * 1e3,
        mmc_workers: need(OfferedLoad::exponential_service),
        mdc_workers: need(OfferedLoad::constant_service),
        theory: tuning.curve.working_levels().map(|level| theory_json(level, &replay.load)).collect(),
    })
}

fn theory_json(level: &Level, load: &OfferedLoad) -> TheoryJson {
    let servers = level.value as u32;
    let (exponential, constant) = (load.exponential_service(servers), load.constant_service(servers));
    let ms = |queue: Option<QueueForecast>, of: fn(QueueForecast) -> f64| queue.map(|queue| of(queue) * 1e3);
    TheoryJson {
        value: level.value,
        utilization: load.utilization(servers),
        mmc_wait_ms: ms(exponential, |queue| queue.mean_wait),
        mmc_p99_ms: ms(exponential, |queue| queue.p99_response),
        mdc_wait_ms: ms(constant, |queue| queue.mean_wait),
        mdc_p99_ms: ms(constant, |queue| queue.p99_response),
        measured_p99_ms: level.arrival_response().map(|times| nanos_to_ms(times.p99)),
    }
}
