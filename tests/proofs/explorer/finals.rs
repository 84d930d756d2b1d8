//! Computes in which ways a program can end: the workers that are left when nothing moves any more.

use std::collections::{BTreeSet, HashSet};

use crate::explorer::program::Program;
use crate::explorer::to_bits;
use crate::explorer::world::{NullSink, Scene, World};

/// State limit, beyond which the ways are unknown.
const MOST: usize = 20_000;

/// Returns every set of workers that can be left, each with a bit for each worker; `None` if there are too many states.
pub fn finals(program: &Program) -> Option<BTreeSet<u32>> {
    let first = World::new(program, &mut NullSink);
    let (mut seen, mut finals, mut open) = (HashSet::from([first.clone()]), BTreeSet::new(), vec![first]);
    while let Some(world) = open.pop() {
        let movable = world.movable(program);
        if movable.is_empty() {
            finals.insert(to_bits(world.left()));
        }
        for w in movable {
            let mut next = world.clone();
            Scene { program, world: &mut next, sink: &mut NullSink }.step(w);
            if seen.insert(next.clone()) {
                open.push(next);
            }
        }
        // Clients multiply the states.
        if seen.len() > if program.clients.is_some() { MOST / 4 } else { MOST } {
            return None;
        }
    }
    Some(finals)
}
