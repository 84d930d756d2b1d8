//! Stalls at queues without room that no recording can prove, because a worker died there.
//!
//! A worker records its put or take after it has completed. If the worker that it completed with dies before it can
//! record its own, nothing tells that from no completion at all:
//!
//! - A worker with alternatives that waits may have completed with a worker that died.
//! - If a putter and a taker died, each may have been served.

use contend::model::Model;

use super::program::{Alternative, Kind, Program, Step};
use super::world::World;

impl Step {
    /// Whether the step puts into a queue or takes from it.
    fn uses_queue(self, on: usize) -> (bool, bool) {
        let of = |alternative| (alternative == Alternative::Put(on), alternative == Alternative::Take(on));
        match self.plain() {
            Self::Put(queue) => (queue == on, false),
            Self::Take(queue) => (false, queue == on),
            Self::Select { first, second, .. } => {
                let (first, second) = (of(first), of(second));
                (first.0 || second.0, first.1 || second.1)
            }
            _ => (false, false),
        }
    }
}

/// Whether a worker that puts into a queue crashed, and one that takes from it.
fn crashed_partners(program: &Program, model: &Model, on: usize) -> (bool, bool) {
    let crashed =
        program.all_steps().into_iter().enumerate().filter(|(w, _)| model.lane((*w).into()).crash_count() > 0);
    let uses = crashed.flat_map(|(_, steps)| steps.iter().map(|step| step.uses_queue(on)));
    uses.fold((false, false), |sum, of| (sum.0 || of.0, sum.1 || of.1))
}

/// Whether a remaining worker waits where a death may hide that its wait is over.
pub fn is_unprovable(program: &Program, world: &World, model: &Model) -> bool {
    let is_rendezvous = |on: &usize| program.kinds[*on] == Kind::Queue(0);
    world.left().into_iter().filter_map(|w| world.step_of(program, w)).any(|step| {
        let is_select = matches!(step, Step::Select { .. });
        (0..program.kinds.len()).filter(is_rendezvous).filter(|on| step.uses_queue(*on) != (false, false)).any(|on| {
            let (putter, taker) = crashed_partners(program, model, on);
            if is_select { putter || taker } else { putter && taker }
        })
    })
}
