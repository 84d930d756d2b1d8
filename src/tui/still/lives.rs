//! Workers that start others and wait for their end.

use super::player::Player;
use crate::scenario::{LifeStep, Members, Which};
use crate::trace::State;

impl<'a> Player<'a> {
    pub(super) fn life_step(&mut self, worker: usize, step: &'a LifeStep, now: u64) {
        match step {
            LifeStep::Spawn(members) => {
                for other in self.members(worker, members) {
                    self.begin(other, now);
                }
            }
            LifeStep::Join { members, body, .. } => {
                let alive = self.members(worker, members).into_iter().find(|other| self.is_busy(*other));
                match alive {
                    Some(other) => self.wait_for_end(worker, other, now),
                    None => self.enter(worker, body, 0, None),
                }
            }
            LifeStep::Run { group } => self.enter(worker, &self.scenario.workers[*group].steps, 0, None),
        }
    }

    fn members(&self, worker: usize, members: &Members) -> Vec<usize> {
        let all = self.of_group(members.group);
        let one = match &members.which {
            Which::All => return all,
            Which::At(at) => Some(at.eval(&self.place(worker)).rem_euclid(all.len().max(1) as f64) as usize),
            Which::Any => all.iter().position(|other| !self.is_busy(*other)),
        };
        one.and_then(|at| all.get(at).copied()).into_iter().collect()
    }

    /// Waits until the other has ended, and looks again then.
    fn wait_for_end(&mut self, worker: usize, other: usize, now: u64) {
        self.again_when_over(worker, other);
        self.halt(worker, now, State::Signal);
    }
}
