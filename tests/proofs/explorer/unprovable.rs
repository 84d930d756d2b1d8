//! Stalls at queues without room that cannot be proven, because a worker died there.
//!
//! A worker records its put or take after it has completed. If the worker that it completed with died before it could
//! record its own, that may look the same as no completion at all.

use contend::model::Model;

use super::program::{Alternative, Kind, Program, Step};
use super::world::World;

impl Step {
    /// Whether the step puts into a queue or takes from it.
    fn uses_queue(self, on: usize) -> bool {
        let is_use = |of| of == Alternative::Put(on) || of == Alternative::Take(on);
        match self.plain() {
            Self::Put(queue) | Self::Take(queue) => queue == on,
            Self::Select { first, second, .. } => is_use(first) || is_use(second),
            _ => false,
        }
    }
}

/// Whether a remaining worker waits at a queue without room that a crashed worker used.
pub fn is_unprovable(program: &Program, world: &World, model: &Model) -> bool {
    let all = program.all_steps();
    let has_crashed = |w: usize| model.lane(w.into()).crash_count() > 0;
    let crashed: Vec<&[Step]> =
        all.into_iter().enumerate().filter(|(w, _)| has_crashed(*w)).map(|(_, steps)| steps).collect();
    let queues = || (0..program.kinds.len()).filter(|on| program.kinds[*on] == Kind::Queue(0));
    let is_hidden = |step: Step, on: usize| {
        step.uses_queue(on) && crashed.iter().any(|steps| steps.iter().any(|step| step.uses_queue(on)))
    };
    let steps = world.left().into_iter().filter_map(|w| world.step_of(program, w));
    steps.into_iter().any(|step| queues().any(|on| is_hidden(step, on)))
}
