//! Niceness and core of a worker, which the worker requests once, when it starts.

use std::io;

use crate::context::RunContext;
use crate::plan::WorkerRole;
use crate::step_runner::StepRunner;
use contend_platform::{add_niceness, pin_to_core};
use contend_scenario::Scheduling;
use contend_trace::Notice;

/// Applies the niceness and the core of the scenario. If the system refuses, the worker runs with the defaults and a
/// note says so.
pub fn apply_scheduling(run: &'static RunContext, role: WorkerRole, step_runner: &StepRunner) {
    let Scheduling { nice, core } = match role {
        WorkerRole::GroupMember { group, .. } => &run.scenario.groups[group].scheduling,
        WorkerRole::PoolWorker { pool, .. } => &run.scenario.pools[pool].scheduling,
        WorkerRole::Feeder { .. } | WorkerRole::HttpServer { .. } | WorkerRole::CounterServer => return,
    };
    let pinned = core.as_ref().map_or(Ok(()), |core| pin_to_core(core.eval(step_runner) as usize));
    let niced = nice.as_ref().map_or(Ok(()), |nice| add_niceness(nice.eval(step_runner).clamp(0.0, 19.0) as u8));
    report_refusal(run, step_runner, "be pinned to its core", pinned);
    report_refusal(run, step_runner, "lower its priority", niced);
}

fn report_refusal(run: &RunContext, step_runner: &StepRunner, action: &str, result: io::Result<()>) {
    if let Err(error) = result {
        let name = run.plan.registry.worker_name(step_runner.id());
        run.send_notice(Notice::Note(format!("{name} could not {action}: {error}")));
    }
}
