//! Adds copies of mutexes to the plan: a forked process has a copy of each mutex in the memory of its origin.

use std::collections::BTreeSet;

use super::values::check_limit;
use super::{Plan, PlanError, WorkerRole};
use contend_scenario::{ResourceSpec, Scenario};
use contend_trace::{LockCopy, ResourceId, ResourceInfo, ResourceKind, WorkerId, WorkerKind};

impl Plan {
    /// Adds a copy of each mutex that a forked worker uses. They are the last resources.
    pub(super) fn add_lock_copies(&mut self, scenario: &Scenario) -> Result<(), PlanError> {
        for worker in (0..self.roles.len()).map(WorkerId::from) {
            let WorkerRole::GroupMember { group, .. } = self.roles[worker.index()] else { continue };
            if self.registry.workers[worker.index()].kind != WorkerKind::Process || !self.is_forked(worker) {
                continue;
            }
            for original in self.mutexes_used(scenario, group) {
                let info = &self.registry.resources[original.index()];
                let name = format!("{} in {}", info.name, self.registry.worker_name(worker));
                let copy = ResourceId::from(self.registry.resources.len());
                let kind = info.kind.clone();
                self.registry.resources.push(ResourceInfo { name, kind });
                self.registry.lock_copies.push(LockCopy { copy, original, worker });
            }
        }
        check_limit("resources", self.registry.resources.len() as u64)
    }

    /// Returns the mutexes that a group's steps name and that are in the memory of one process.
    fn mutexes_used(&self, scenario: &Scenario, group: usize) -> BTreeSet<ResourceId> {
        let mut declared = BTreeSet::new();
        for step in &scenario.groups[group].steps {
            step.for_each_step(&mut |step| declared.extend(step.target().map(|target| target.resource)));
        }
        let is_mutex = |at: &usize| matches!(scenario.resources[*at].spec, ResourceSpec::Mutex { .. });
        let members = declared.into_iter().filter(is_mutex).flat_map(|at| {
            let (first, count) = self.arrays[at];
            (first.0..first.0 + count).map(ResourceId)
        });
        let is_copied = |id: &ResourceId| match self.registry.resources[id.index()].kind {
            ResourceKind::Mutex { kind } => kind.is_of_one_process(),
            _ => false,
        };
        members.filter(is_copied).collect()
    }

    /// Returns the copies of locks that a forked worker has.
    pub fn lock_copies_of(&self, worker: WorkerId) -> &[LockCopy] {
        let all = &self.registry.lock_copies;
        let first = all.partition_point(|copy| copy.worker < worker);
        let end = all.partition_point(|copy| copy.worker <= worker);
        &all[first..end]
    }
}
