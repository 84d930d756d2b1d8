//! The sums of removed workers and resources in the JSON report.

use std::collections::BTreeMap;

use serde::Serialize;

use super::share_states;
use crate::report::Report;
use crate::trace::{Span, Stamp, State};

/// Sums of what an open registry had and lost.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct GoneJson<'a> {
    workers: Vec<GoneWorkersJson<'a>>,
    resources: Vec<GoneResourcesJson>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct GoneWorkersJson<'a> {
    group: &'a str,
    #[cfg_attr(test, schemars(extend("enum" = ["thread", "process", "async", "dask", "service"])))]
    kind: &'static str,
    workers: u64,
    lives: u64,
    crashes: u64,
    tasks: u64,
    first_began_s: Option<f64>,
    last_ended_s: f64,
    alive_s: f64,
    share: BTreeMap<&'static str, f64>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct GoneResourcesJson {
    kind: &'static str,
    resources: u64,
    acquired: u64,
    contended: u64,
    waited_s: f64,
    held_s: f64,
    items: u64,
}

/// Returns `None` if nothing is gone. Only an open registry loses entries.
pub(super) fn gone<'a>(report: &Report<'a>) -> Option<GoneJson<'a>> {
    let model = report.model;
    let workers: Vec<GoneWorkersJson<'a>> = model
        .gone_workers()
        .map(|(group, gone)| GoneWorkersJson {
            group,
            kind: gone.kind.word(),
            workers: gone.workers,
            lives: gone.lives,
            crashes: gone.crashes,
            tasks: gone.ended_tasks,
            first_began_s: gone.first_began.map(Stamp::as_secs_f64),
            last_ended_s: gone.last_ended.as_secs_f64(),
            alive_s: Span(gone.times.alive_ns()).as_secs_f64(),
            share: share_states(model.registry().is_open)
                .filter(|state| *state != State::Ready || model.has_ready_times())
                .map(|state| (state.word(), gone.times.share(state)))
                .collect(),
        })
        .collect();
    let resources: Vec<GoneResourcesJson> = model
        .gone_resources()
        .map(|(kind, gone)| GoneResourcesJson {
            kind,
            resources: gone.resources,
            acquired: gone.acquired,
            contended: gone.contended,
            waited_s: Span(gone.waited_ns).as_secs_f64(),
            held_s: Span(gone.held_ns).as_secs_f64(),
            items: gone.items,
        })
        .collect();
    (!workers.is_empty() || !resources.is_empty()).then_some(GoneJson { workers, resources })
}
