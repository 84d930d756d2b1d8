//! Lives: what others wait for when they wait for a worker's end.

use super::{Part, Plan, PlanError, limit};
use contend_scenario::Scenario;
use contend_trace::{Lanes, ResourceId, ResourceInfo, ResourceKind, Wakers, WorkerId};

impl Plan {
    /// Gives a life to each worker of a group that is spawned or joined. The workers stand in the table already.
    pub(super) fn add_lives(&mut self, scenario: &Scenario) -> Result<(), PlanError> {
        let joined = scenario.joined();
        for (at, part) in self.parts.iter().enumerate() {
            let Part::Member { group, .. } = *part else { continue };
            let has_life = joined.contains(&group) || self.spawned.contains(&group);
            let life = has_life.then(|| ResourceId::from(self.cast.resources.len()));
            if has_life {
                let name = format!("end of {}", self.cast.workers[at].name);
                let kind = ResourceKind::Life { of: WorkerId::from(at) };
                self.cast.resources.push(ResourceInfo { name, kind });
            }
            self.lives.push(life);
        }
        limit("resources and workers that are waited for", self.cast.resources.len() as u64)
    }

    /// The life of a worker that others spawn or join.
    pub fn life(&self, worker: WorkerId) -> Option<ResourceId> {
        self.lives.get(worker.index()).copied().flatten()
    }

    /// Whether the worker waits for somebody to spawn it.
    pub fn is_spawned(&self, worker: WorkerId) -> bool {
        matches!(self.parts.get(worker.index()), Some(Part::Member { group, .. }) if self.spawned.contains(group))
    }

    /// Whether the worker's process is a copy of the one that spawns it.
    pub fn is_forked(&self, worker: WorkerId) -> bool {
        matches!(self.parts.get(worker.index()), Some(Part::Member { group, .. }) if self.forked.contains(group))
    }

    /// The workers of a group.
    pub fn members(&self, wanted: usize) -> Lanes {
        self.lanes(|part| matches!(part, Part::Member { group, .. } if *group == wanted))
    }

    /// Who could begin each life anew, in the order of the lives.
    pub(super) fn wakers_of_lives(&self, spawners: &[Vec<Lanes>]) -> Vec<Wakers> {
        let alive = self.parts.iter().zip(&self.lives).filter(|(_, life)| life.is_some());
        let givers = alive.filter_map(|(part, _)| match part {
            Part::Member { group, .. } => Some(spawners[*group].clone()),
            _ => None,
        });
        givers.map(|givers| Wakers { givers, ..Wakers::default() }).collect()
    }
}
