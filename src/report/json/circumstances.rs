//! The machine, the recorded events and the use of CPUs in the JSON report.

use serde::Serialize;

use crate::model::CoreLayout;
use crate::report::Report;
use crate::trace::{Span, Stamp};

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct MachineJson<'a> {
    cores: usize,
    usable: usize,
    physical_cores: Option<usize>,
    #[serde(rename = "virtual")]
    is_virtual: Option<bool>,
    quota: Option<f64>,
    os: &'a str,
}

/// Returns the machine, with what the run tells about its cores.
pub(super) fn machine<'a>(report: &Report<'a>) -> MachineJson<'a> {
    let (machine, layout) = (report.machine, report.model.cores().layout());
    MachineJson {
        cores: machine.cores,
        usable: machine.usable,
        physical_cores: layout.and_then(CoreLayout::physical_count),
        is_virtual: layout.map(|layout| layout.is_virtual),
        quota: machine.quota,
        os: &machine.os,
    }
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct EventsJson {
    recorded: u64,
    lost: u64,
    complete: bool,
    anomalies: u64,
    undeclared: u64,
    recovered: u64,
    in_part: u64,
    borne_out: u64,
    disagreements: u64,
    per_second: f64,
    ns_each: f32,
    clock_error_ms: f64,
}

pub(super) fn events(report: &Report<'_>) -> EventsJson {
    let health = report.model.health();
    let secs = report.ended_at.as_secs_f64();
    EventsJson {
        recorded: health.events,
        lost: health.lost,
        complete: report.model.is_complete(),
        anomalies: health.anomalies,
        undeclared: health.undeclared,
        recovered: health.recovered,
        in_part: health.partially_recovered,
        borne_out: health.confirmed_verdicts,
        disagreements: health.disagreements,
        per_second: if secs > 0.0 { health.events as f64 / secs } else { 0.0 },
        ns_each: health.ns_per_event,
        clock_error_ms: Span(health.clock_error).as_millis_f64(),
    }
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct CpuJson {
    cores: Vec<Option<f64>>,
    run: Option<f64>,
    viewer: Option<f64>,
    others: Option<f64>,
    run_queue_delay_ms: Option<f64>,
}

pub(super) fn cpu(report: &Report<'_>) -> CpuJson {
    let cores = report.model.cores();
    let delay = report.workers().filter_map(|(_, _, lane)| lane.run_queue_delay()).reduce(u64::saturating_add);
    let load = report.model.cpu_load(Stamp::default(), report.ended_at);
    CpuJson {
        run: load.map(|load| load.run),
        viewer: load.map(|load| load.viewer),
        others: load.map(|load| load.others),
        cores: (0..cores.count()).map(|core| cores.mean_load(core).map(f64::from)).collect(),
        run_queue_delay_ms: delay.map(|delay| Span(delay).as_millis_f64()),
    }
}
