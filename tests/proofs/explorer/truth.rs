//! Who can never move again, whatever order the others move in: every state that can be reached is looked at.

use std::collections::HashMap;

use crate::explorer::program::Program;
use crate::explorer::world::{Deaf, Scene, World};

/// States beyond which nothing is known for certain.
const MOST: usize = 4_000;

/// Answers, by state: a bit for each worker that never moves again.
#[derive(Default)]
pub struct Truth {
    known: HashMap<World, u32>,
    /// Whether there were too many states once.
    gave_up: bool,
}

impl Truth {
    /// A bit for each worker that never moves again from this state on. `None` when there are too many states.
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
            Scene { program, world: &mut next, ear: &mut Deaf }.step(w);
            stuck &= self.stuck(program, &next)? & !(1 << w);
        }
        self.known.insert(world.clone(), stuck);
        Some(stuck)
    }

    /// States looked at.
    pub fn states(&self) -> usize {
        self.known.len()
    }
}
