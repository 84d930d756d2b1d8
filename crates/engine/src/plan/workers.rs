//! Adds the workers of groups and the servers to the plan.

use super::values::{check_limit, eval_count, numbered_name};
use super::{Plan, PlanError, WorkerRole};
use contend_scenario::{ResourceSpec, Scenario, Settings, WorkerGroup};
use contend_trace::{LaneRange, WorkerId, WorkerInfo, WorkerKind};

impl Plan {
    pub(super) fn add_group(
        &mut self,
        index: usize,
        group: &WorkerGroup,
        settings: &Settings,
    ) -> Result<(), PlanError> {
        let count = eval_count(&group.count, settings);
        check_limit("workers", self.registry.workers.len() as u64 + count)?;
        if count == 0 {
            return Err(PlanError::NoWorkers { group: group.name.clone() });
        }
        for i in 0..count {
            self.add_worker(
                WorkerInfo {
                    name: numbered_name(&group.name, i, &group.count),
                    group: group.name.clone(),
                    kind: settings.effective_kind(group.kind),
                    pool: None,
                },
                WorkerRole::GroupMember { group: index, index: i as u32, group_size: count as u32 },
            );
        }
        Ok(())
    }

    /// Adds the servers: each is a resource and a process with a lane of the same name.
    pub(super) fn add_servers(&mut self, scenario: &Scenario) -> Result<(), PlanError> {
        for (index, resource) in scenario.resources.iter().enumerate() {
            if let ResourceSpec::Server(_) = resource.spec {
                check_limit("workers", self.registry.workers.len() as u64 + 1)?;
                let (name, group) = (resource.name.clone(), resource.name.clone());
                let info = WorkerInfo { name, group, kind: WorkerKind::Process, pool: None };
                self.add_worker(info, WorkerRole::HttpServer { resource: index });
            }
        }
        Ok(())
    }

    pub(super) fn add_worker(&mut self, info: WorkerInfo, role: WorkerRole) -> WorkerId {
        self.registry.workers.push(info);
        self.roles.push(role);
        WorkerId::from(self.roles.len() - 1)
    }

    /// Returns the lanes with such a role. They are consecutive.
    pub(super) fn lanes_of_role(&self, is_wanted: impl Fn(&WorkerRole) -> bool) -> LaneRange {
        let first = self.roles.iter().position(&is_wanted).unwrap_or_default();
        let count = self.roles[first..].iter().take_while(|role| is_wanted(role)).count();
        LaneRange { first: WorkerId::from(first), count: count as u32 }
    }
}
