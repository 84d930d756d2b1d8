//! What is left in the report of workers and resources that are gone.

use super::SHARE_STATES;
use super::shape::{GoneJson, GoneResourcesJson, GoneWorkersJson};
use crate::report::Report;
use crate::trace::{Span, Stamp, State};

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
            share: SHARE_STATES
                .into_iter()
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
