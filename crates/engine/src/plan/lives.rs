//! Lives: what others wait for when they wait for a worker's end.

use super::{Plan, PlanError, WorkerRole, check_limit};
use contend_scenario::Scenario;
use contend_trace::{LaneRange, ResourceId, ResourceInfo, ResourceKind, Wakers, WorkerId};

impl Plan {
    /// Gives a life to each worker of a group that is spawned or joined. The workers stand in the table already.
    pub(super) fn add_lives(&mut self, scenario: &Scenario) -> Result<(), PlanError> {
        let joined = scenario.joined_groups();
        for (at, part) in self.roles.iter().enumerate() {
            let WorkerRole::GroupMember { group, .. } = *part else { continue };
            let has_life = joined.contains(&group) || self.spawned_groups.contains(&group);
            let life = has_life.then(|| ResourceId::from(self.cast.resources.len()));
            if has_life {
                let name = format!("end of {}", self.cast.workers[at].name);
                let kind = ResourceKind::Life { worker: WorkerId::from(at) };
                self.cast.resources.push(ResourceInfo { name, kind });
            }
            self.lives.push(life);
        }
        check_limit("resources and workers that are waited for", self.cast.resources.len() as u64)
    }

    /// The life of a worker that others spawn or join.
    pub fn life(&self, worker: WorkerId) -> Option<ResourceId> {
        self.lives.get(worker.index()).copied().flatten()
    }

    /// Whether the worker waits for somebody to spawn it.
    pub fn is_spawned(&self, worker: WorkerId) -> bool {
        matches!(self.roles.get(worker.index()), Some(WorkerRole::GroupMember { group, .. }) if self.spawned_groups.contains(group))
    }

    /// Whether the worker's process is a copy of the one that spawns it.
    pub fn is_forked(&self, worker: WorkerId) -> bool {
        matches!(self.roles.get(worker.index()), Some(WorkerRole::GroupMember { group, .. }) if self.forked_groups.contains(group))
    }

    /// The workers of a group.
    pub fn group_lanes(&self, wanted: usize) -> LaneRange {
        self.lanes_of_role(|part| matches!(part, WorkerRole::GroupMember { group, .. } if *group == wanted))
    }

    /// Who could begin each life anew, in the order of the lives.
    pub(super) fn life_wakers(&self, spawners: &[Vec<LaneRange>]) -> Vec<Wakers> {
        let alive = self.roles.iter().zip(&self.lives).filter(|(_, life)| life.is_some());
        let givers = alive.filter_map(|(part, _)| match part {
            WorkerRole::GroupMember { group, .. } => Some(spawners[*group].clone()),
            _ => None,
        });
        givers.map(|givers| Wakers { givers, ..Wakers::default() }).collect()
    }
}
