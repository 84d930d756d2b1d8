//! Where a worker runs, and how much of it the kernel gives it: asked for once, by the worker itself when it starts.

use std::io;

use super::context::RunContext;
use super::plan::WorkerRole;
use super::step_runner::StepRunner;
use contend_platform::{add_niceness, pin_to_core};
use contend_scenario::Scheduling;
use contend_trace::Notice;

/// Takes the seat that the scenario has for this part. Where the system refuses, the worker runs like any other and a
/// note says so.
pub fn apply_scheduling(run: &'static RunContext, role: WorkerRole, step_runner: &StepRunner) {
    let Scheduling { nice, core } = match role {
        WorkerRole::GroupMember { group, .. } => &run.scenario.groups[group].scheduling,
        WorkerRole::PoolWorker { pool, .. } => &run.scenario.pools[pool].scheduling,
        WorkerRole::Feeder { .. } | WorkerRole::HttpServer { .. } | WorkerRole::CounterServer => return,
    };
    let placed = core.as_ref().map_or(Ok(()), |core| pin_to_core(core.eval(step_runner) as usize));
    let stood_back = nice.as_ref().map_or(Ok(()), |nice| add_niceness(nice.eval(step_runner).clamp(0.0, 19.0) as u8));
    report_refusal(run, step_runner, "stay on its core", placed);
    report_refusal(run, step_runner, "stand back for others", stood_back);
}

fn report_refusal(run: &RunContext, step_runner: &StepRunner, what: &str, done: io::Result<()>) {
    if let Err(error) = done {
        let name = run.plan.cast.worker_name(step_runner.id());
        run.send_notice(Notice::Note(format!("{name} could not {what}: {error}")));
    }
}
