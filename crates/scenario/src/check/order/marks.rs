//! Where a worker's steps have to do with the order between workers.

use super::phases::What;
use super::ring::Lock;
use super::{WORKERS, Walk};
use crate::program::{LifeStep, Members, PoolStep, QueueStep, ResourceSpec, SignalStep, Step, Target, Which};

impl Walk<'_> {
    /// Numbers the workers of all groups as they are walked through, and notes barriers.
    pub(super) fn declare(&mut self) {
        let scenario = self.variant.scenario;
        let mut first = 0;
        for group in &scenario.workers {
            self.firsts.push(first);
            first += self.number(&group.count).clamp(1, WORKERS) as usize;
        }
        for (resource, declared) in scenario.resources.iter().enumerate() {
            if let ResourceSpec::Barrier { parties } = &declared.spec {
                let (parties, count) = (self.number(parties) as usize, self.number(&declared.count).clamp(1, WORKERS));
                (0..count).for_each(|at| self.phases.parties(Lock { resource, at }, parties));
            }
        }
    }

    /// Notes a step, and that what follows is in its blocks. Returns what to go back to.
    pub(super) fn go_into(&mut self, step: &Step) -> (usize, bool) {
        let outside = (self.depth, self.must);
        let is_choice = matches!(step, Step::When { .. });
        if self.depth == 0 && !is_choice {
            self.at += 1;
        }
        self.mark(step);
        self.depth += usize::from(!is_choice);
        let through = is_choice || matches!(step, Step::Lock { .. } | Step::Write { .. } | Step::Read { .. });
        self.must &= through || matches!(step, Step::Acquire { .. } | Step::Allocate { .. });
        outside
    }

    fn mark(&mut self, step: &Step) {
        match step {
            Step::Signal(step) => self.mark_signal(step),
            Step::Queue(QueueStep::Put(target) | QueueStep::TryPut { target, .. }) | Step::Up(target) => {
                self.note(target, What::Gives);
            }
            Step::Queue(QueueStep::Take(target)) => self.note(target, What::Needs),
            Step::Down(target) if self.has_no_permits(target) => self.note(target, What::Needs),
            Step::Life(LifeStep::Spawn(members)) => self.mark_all(members, What::Spawns),
            Step::Life(LifeStep::Join { members, .. }) => self.mark_all(members, What::Joins),
            Step::If { .. }
            | Step::While { .. }
            | Step::Down(_)
            | Step::Queue(_)
            | Step::Pipe(_)
            | Step::Life(_)
            | Step::Attempt(_)
            | Step::Pool(
                PoolStep::Result | PoolStep::Look { .. } | PoolStep::Shutdown { .. } | PoolStep::Submit { .. },
            ) => {
                self.put_down(What::Other);
            }
            _ => {}
        }
    }

    fn mark_signal(&mut self, step: &SignalStep) {
        let is_event = matches!(self.variant.scenario.resources[step.target().resource].spec, ResourceSpec::Event);
        match step {
            SignalStep::Set(target) => self.note(target, What::Gives),
            SignalStep::Wait { target, timeout: None } if is_event => self.note(target, What::Needs),
            SignalStep::Meet(target) => self.note(target, What::Meets),
            _ => self.put_down(What::Other),
        }
    }

    /// A semaphore that has no permit unless somebody gives one.
    fn has_no_permits(&self, target: &Target) -> bool {
        match &self.variant.scenario.resources[target.resource].spec {
            ResourceSpec::Semaphore { permits } => self.number(permits) == 0,
            _ => false,
        }
    }

    fn note(&mut self, target: &Target, what: fn(Lock) -> What) {
        // Which one of an array it is has to be the same each time.
        if target.at.as_ref().is_some_and(crate::expr::Expr::is_random) {
            return self.put_down(What::Other);
        }
        let lock = self.lock(target);
        self.put_down(what(lock));
    }

    fn mark_all(&mut self, members: &Members, what: fn(usize) -> What) {
        let Some(first) = self.firsts.get(members.group).copied() else { return };
        let count = self.number(&self.variant.scenario.workers[members.group].count).clamp(1, WORKERS) as usize;
        match &members.which {
            Which::All => (1..=count).for_each(|at| self.put_down(what(first + at))),
            Which::At(at) if !at.is_random() => {
                let at = at.eval(self).floor().rem_euclid(count as f64) as usize;
                self.put_down(what(first + at + 1));
            }
            // One of them, or each at some time: whichever it is, nothing is certain of the others.
            Which::At(_) | Which::Any => {
                let must = std::mem::replace(&mut self.must, false);
                (1..=count).for_each(|at| self.put_down(what(first + at)));
                self.must = must;
            }
        }
    }

    fn put_down(&mut self, what: What) {
        self.phases.mark(self.worker, self.at, self.must, what);
    }
}
