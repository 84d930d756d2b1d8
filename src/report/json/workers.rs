//! Workers in the JSON report.

use std::collections::BTreeMap;

use serde::Serialize;

use super::share_states;
use crate::report::{Report, endings};
use crate::trace::{Span, State};

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct WorkerJson<'a> {
    name: &'a str,
    #[cfg_attr(test, schemars(extend("enum" = ["thread", "process", "async", "dask", "service"])))]
    kind: &'static str,
    pid: Option<u32>,
    tid: Option<u32>,
    ended: Option<String>,
    tasks: u64,
    lives: u32,
    commands: CommandsJson,
    /// None where the system does not report it.
    alive_s: f64,
    share: BTreeMap<&'static str, Option<f64>>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct CommandsJson {
    ended: u64,
    failed: u64,
    cpu_s: f64,
}

pub(super) fn workers<'a>(report: &Report<'a>) -> Vec<WorkerJson<'a>> {
    let worker = |(_, info, lane): (_, &'a crate::trace::WorkerInfo, &'a crate::model::Lane)| {
        let totals = lane.total_state_times(report.ended_at);
        let known = |state| state != State::Ready || totals.get(state) > 0 || report.model.has_ready_times();
        WorkerJson {
            name: &info.name,
            kind: info.kind.word(),
            pid: lane.pid(),
            tid: lane.tid(),
            ended: lane.ending().as_ref().map(endings::describe_ending),
            tasks: lane.ended_tasks(),
            lives: lane.life_count(),
            commands: commands(lane.commands()),
            alive_s: Span(totals.alive_ns()).as_secs_f64(),
            share: share_states(report.model.registry().is_open)
                .map(|state| (state.word(), known(state).then(|| totals.share(state))))
                .collect(),
        }
    };
    report.workers().map(worker).collect()
}

fn commands(of: crate::model::CommandStats) -> CommandsJson {
    CommandsJson { ended: of.ended, failed: of.failed, cpu_s: of.cpu.as_secs_f64() }
}
