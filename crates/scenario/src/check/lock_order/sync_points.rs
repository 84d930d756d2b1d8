//! Finds the steps that synchronize workers.

use super::lock_edge::LockInstance;
use super::step_order::SyncKind;
use super::{WORKERS, WorkerWalk};
use crate::program::{
    GroupMembers, LifeStep, MemberSelector, PoolStep, QueueStep, ResourceSpec, SignalStep, Step, Target,
};

impl WorkerWalk<'_> {
    /// Numbers the workers of all groups in the order of the walk, and notes the parties of barriers.
    pub(super) fn number_workers(&mut self) {
        let scenario = self.variant.scenario;
        let mut first = 0;
        for group in &scenario.groups {
            self.first_workers.push(first);
            first += self.number(&group.count).clamp(1, WORKERS) as usize;
        }
        for (resource, declared) in scenario.resources.iter().enumerate() {
            if let ResourceSpec::Barrier { parties } = &declared.spec {
                let (parties, count) = (self.number(parties) as usize, self.number(&declared.count).clamp(1, WORKERS));
                (0..count).for_each(|at| self.order.parties(LockInstance { resource, index: at }, parties));
            }
        }
    }

    /// Notes a step and enters its blocks. Returns the depth and the certainty to restore after it.
    pub(super) fn go_into(&mut self, step: &Step) -> (usize, bool) {
        let outside = (self.depth, self.is_unconditional);
        let is_choice = matches!(step, Step::When { .. });
        if self.depth == 0 && !is_choice {
            self.at += 1;
        }
        self.note_step(step);
        self.depth += usize::from(!is_choice);
        self.is_unconditional &= is_choice
            || matches!(
                step,
                Step::Lock { .. }
                    | Step::WriteLock { limit: None, .. }
                    | Step::ReadLock { limit: None, .. }
                    | Step::Acquire { limit: None, .. }
                    | Step::Allocate { .. }
            );
        outside
    }

    fn note_step(&mut self, step: &Step) {
        match step {
            Step::Signal(step) => self.note_signal(step),
            Step::Queue(QueueStep::Put { target, .. } | QueueStep::TryPut { target, .. })
            | Step::BareRelease(target) => {
                self.note_target(target, SyncKind::Gives);
            }
            Step::Queue(QueueStep::Take { target, limit: None }) => self.note_target(target, SyncKind::Needs),
            Step::BareAcquire { target, limit: None } if self.has_no_permits(target) => {
                self.note_target(target, SyncKind::Needs);
            }
            Step::Life(LifeStep::Spawn(members)) => self.note_members(members, SyncKind::Spawns),
            Step::Life(LifeStep::Join { members, timeout: None, .. }) => self.note_members(members, SyncKind::Joins),
            Step::If { .. }
            | Step::While { .. }
            | Step::BareAcquire { .. }
            | Step::Queue(_)
            | Step::Pipe(_)
            | Step::Life(_)
            | Step::Attempt(_)
            | Step::Pool(
                PoolStep::AwaitResult { .. }
                | PoolStep::MatchResult { .. }
                | PoolStep::Shutdown { .. }
                | PoolStep::Submit { .. },
            ) => {
                self.add_sync_point(SyncKind::Other);
            }
            _ => {}
        }
    }

    fn note_signal(&mut self, step: &SignalStep) {
        let is_event = matches!(self.variant.scenario.resources[step.target().resource].spec, ResourceSpec::Event);
        match step {
            SignalStep::Set(target) => self.note_target(target, SyncKind::Gives),
            SignalStep::Wait { target, limit: None } if is_event => self.note_target(target, SyncKind::Needs),
            SignalStep::BarrierWait { target, limit: None } => self.note_target(target, SyncKind::Meets),
            _ => self.add_sync_point(SyncKind::Other),
        }
    }

    /// Whether a semaphore has no permit until a step releases one.
    fn has_no_permits(&self, target: &Target) -> bool {
        match &self.variant.scenario.resources[target.resource].spec {
            ResourceSpec::Semaphore { permits } => self.number(permits) == 0,
            _ => false,
        }
    }

    fn note_target(&mut self, target: &Target, what: fn(LockInstance) -> SyncKind) {
        // The order is known only if the step uses the same member of the array each time.
        if target.index.as_ref().is_some_and(crate::expr::Expr::is_random) {
            return self.add_sync_point(SyncKind::Other);
        }
        let lock = self.lock(target);
        self.add_sync_point(what(lock));
    }

    fn note_members(&mut self, members: &GroupMembers, what: fn(usize) -> SyncKind) {
        let Some(first) = self.first_workers.get(members.group).copied() else { return };
        let count = self.number(&self.variant.scenario.groups[members.group].count).clamp(1, WORKERS) as usize;
        match &members.which {
            MemberSelector::All => (1..=count).for_each(|at| self.add_sync_point(what(first + at))),
            MemberSelector::At(at) if !at.is_random() => {
                let at = at.eval(self).floor().rem_euclid(count as f64) as usize;
                self.add_sync_point(what(first + at + 1));
            }
            // It is unknown which one, so nothing is certain about any of them.
            MemberSelector::At(_) | MemberSelector::AnyIdle => {
                let must = std::mem::replace(&mut self.is_unconditional, false);
                (1..=count).for_each(|at| self.add_sync_point(what(first + at)));
                self.is_unconditional = must;
            }
        }
    }

    fn add_sync_point(&mut self, what: SyncKind) {
        self.order.mark(self.worker, self.at, self.is_unconditional, what);
    }
}
