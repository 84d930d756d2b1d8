//! Adds lives to the plan: the resources that other workers wait for when they join a worker.

use super::values::check_limit;
use super::{Plan, PlanError, WorkerRole};
use contend_scenario::Scenario;
use contend_trace::{LaneRange, ResourceId, ResourceInfo, ResourceKind, Wakers, WorkerId};

impl Plan {
    /// Adds a life for each worker of a group that is spawned or joined. The workers are in the plan already.
    pub(super) fn add_lives(&mut self, scenario: &Scenario) -> Result<(), PlanError> {
        let joined = scenario.joined_groups();
        for (index, role) in self.roles.iter().enumerate() {
            let WorkerRole::GroupMember { group, .. } = *role else { continue };
            let has_life = joined.contains(&group) || self.spawned_groups.contains(&group);
            let life = has_life.then(|| ResourceId::from(self.registry.resources.len()));
            if has_life {
                let name = format!("end of {}", self.registry.workers[index].name);
                let kind = ResourceKind::Life { worker: WorkerId::from(index) };
                self.registry.resources.push(ResourceInfo { name, kind });
            }
            self.lives.push(life);
        }
        check_limit("resources and joined workers", self.registry.resources.len() as u64)
    }

    /// Returns the life of a worker that others spawn or join.
    pub fn life(&self, worker: WorkerId) -> Option<ResourceId> {
        self.lives.get(worker.index()).copied().flatten()
    }

    /// Whether the worker runs only when another worker spawns it.
    pub fn is_spawned(&self, worker: WorkerId) -> bool {
        self.group_of(worker).is_some_and(|group| self.spawned_groups.contains(&group))
    }

    /// Whether the worker's process is forked from the one that spawns it.
    pub fn is_forked(&self, worker: WorkerId) -> bool {
        self.group_of(worker).is_some_and(|group| self.forked_groups.contains(&group))
    }

    fn group_of(&self, worker: WorkerId) -> Option<usize> {
        match self.roles.get(worker.index()) {
            Some(WorkerRole::GroupMember { group, .. }) => Some(*group),
            _ => None,
        }
    }

    /// Returns the lanes of a group.
    pub fn group_lanes(&self, wanted: usize) -> LaneRange {
        self.lanes_of_role(|role| matches!(role, WorkerRole::GroupMember { group, .. } if *group == wanted))
    }

    /// Returns the workers that could begin each life, in the order of the lives.
    pub(super) fn life_wakers(&self, spawners: &[Vec<LaneRange>]) -> Vec<Wakers> {
        let alive = self.roles.iter().zip(&self.lives).filter(|(_, life)| life.is_some());
        let givers = alive.filter_map(|(role, _)| match role {
            WorkerRole::GroupMember { group, .. } => Some(spawners[*group].clone()),
            _ => None,
        });
        givers.map(|givers| Wakers { givers, ..Wakers::default() }).collect()
    }
}
