//! Workers that start others and wait for their end.

use super::simulator::Simulator;
use crate::scenario::{GroupMembers, LifeStep, MemberSelector};
use crate::trace::State;

impl<'a> Simulator<'a> {
    pub(super) fn life_step(&mut self, worker: usize, step: &'a LifeStep, now: u64) {
        match step {
            LifeStep::Spawn(members) => {
                for other in self.member_workers(worker, members) {
                    self.start_worker(other, now);
                }
            }
            LifeStep::Join { members, body, .. } => {
                let alive = self.member_workers(worker, members).into_iter().find(|other| self.is_busy(*other));
                match alive {
                    Some(other) => self.wait_for_end(worker, other, now),
                    None => self.push_frame(worker, body, 0, None),
                }
            }
            LifeStep::Cancel { .. } => {}
            LifeStep::RunInline { group } => self.push_frame(worker, &self.scenario.groups[*group].steps, 0, None),
        }
    }

    fn member_workers(&self, worker: usize, members: &GroupMembers) -> Vec<usize> {
        let all = self.workers_of_group(members.group);
        let one = match &members.which {
            MemberSelector::All => return all,
            MemberSelector::At(at) => {
                Some(at.eval(&self.position_of(worker)).rem_euclid(all.len().max(1) as f64) as usize)
            }
            MemberSelector::AnyIdle => all.iter().position(|other| !self.is_busy(*other)),
        };
        one.and_then(|at| all.get(at).copied()).into_iter().collect()
    }

    /// Blocks until the other has ended, then plays the step again.
    fn wait_for_end(&mut self, worker: usize, other: usize, now: u64) {
        self.retry_after(worker, other);
        self.block_worker(worker, now, State::Signal);
    }
}
