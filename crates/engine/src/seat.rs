//! Where a worker runs, and how much of it the kernel gives it: asked for once, by the worker itself when it starts.

use std::io;

use super::actor::Actor;
use super::plan::Part;
use super::run::Run;
use contend_platform::{stand_back, stay_on};
use contend_scenario::Seat;
use contend_trace::Notice;

/// Takes the seat that the scenario has for this part. Where the system refuses, the worker runs like any other and a
/// note says so.
pub fn take_seat(run: &'static Run, part: Part, actor: &Actor) {
    let Seat { nice, core } = match part {
        Part::Member { group, .. } => &run.scenario.workers[group].seat,
        Part::PoolWorker { pool, .. } => &run.scenario.pools[pool].seat,
        Part::Feeder { .. } | Part::Server { .. } | Part::Manager => return,
    };
    let placed = core.as_ref().map_or(Ok(()), |core| stay_on(core.eval(actor) as usize));
    let stood_back = nice.as_ref().map_or(Ok(()), |nice| stand_back(nice.eval(actor).clamp(0.0, 19.0) as u8));
    note(run, actor, "stay on its core", placed);
    note(run, actor, "stand back for others", stood_back);
}

fn note(run: &Run, actor: &Actor, what: &str, done: io::Result<()>) {
    if let Err(error) = done {
        let name = run.plan.cast.worker_name(actor.me());
        run.notice(Notice::Note(format!("{name} could not {what}: {error}")));
    }
}
