//! Computes which workers can never move again, whatever order the others move in, by visiting every reachable state.

use std::collections::HashMap;

use crate::explorer::program::Program;
use crate::explorer::world::{NullSink, Scene, World};

/// State limit, beyond which the truth is unknown.
const MOST: usize = 4_000;

/// Known answers by state: a bit for each worker that never moves again.
#[derive(Default)]
pub struct Truth {
    known: HashMap<World, u32>,
    /// Whether the state limit was ever exceeded.
    gave_up: bool,
}

impl Truth {
    /// Returns a bit for each worker that never moves again from this state on, or `None` if there are too many
    /// states.
    pub fn stuck(&mut self, program: &Program, world: &World) -> Option<u32> {
        if let Some(stuck) = self.known.get(world) {
            return Some(*stuck);
        }
        if self.gave_up || self.known.len() >= MOST {
            self.gave_up = true;
            return None;
        }
        let mut stuck = u32::MAX;
        for w in world.movable(program) {
            let mut next = world.clone();
            Scene { program, world: &mut next, sink: &mut NullSink }.step(w);
            stuck &= self.stuck(program, &next)? & !(1 << w);
        }
        self.known.insert(world.clone(), stuck);
        Some(stuck)
    }

    /// Number of states visited.
    pub fn states(&self) -> usize {
        self.known.len()
    }
}
