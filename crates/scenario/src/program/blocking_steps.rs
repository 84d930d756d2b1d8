//! Steps that nothing but a thread can wait for: no event loop is told when a file has been read, or a command has ended.

use super::{AttemptKind, Choice, LifeStep, LoopStep, RealWork, ResourceSpec, Scenario, Step};
use crate::knob_values::SettingError;
use contend_trace::CounterMemory;

impl Scenario {
    /// The word of such a step among these, unless a block hands it to a thread.
    pub fn blocking_step(&self, steps: &[Step]) -> Option<&'static str> {
        steps.iter().find_map(|step| match step {
            Step::Loop(LoopStep::Blocking(_) | LoopStep::ToThread(_)) => None,
            Step::Thumbnail { .. } => Some("thumbnail"),
            Step::RealWork(RealWork::ReadFile) => Some("read-file"),
            Step::RealWork(RealWork::WriteFile(_)) => Some("write-file"),
            Step::RealWork(RealWork::Hash(None)) => Some("hash"),
            Step::RealWork(RealWork::Grayscale) => Some("grayscale"),
            Step::Attempt(attempt) if matches!(attempt.kind, AttemptKind::Exec { .. }) => Some("exec"),
            // One step deep: what it runs, runs nobody.
            Step::Life(LifeStep::RunInline { group }) => {
                self.blocking_step(&self.groups.get(*group)?.steps).map(|_| "run")
            }
            _ => step.bodies().find_map(|body| self.blocking_step(body)),
        })
    }

    /// Whether all groups and pools can be made of tasks.
    ///
    /// # Errors
    /// What stands against it.
    pub(crate) fn check_tasks_possible(&self) -> Result<(), SettingError> {
        for resource in &self.resources {
            let what = match resource.spec {
                ResourceSpec::Pipe { .. } => "is a pipe",
                ResourceSpec::Counter { memory: Choice::Fixed(CounterMemory::Manager), .. } => "is kept by a manager",
                _ => continue,
            };
            let what = format!("{what}, and nothing but a thread can wait for that");
            return Err(SettingError::TasksImpossible { name: resource.name.clone(), what });
        }
        let groups = self.groups.iter().map(|group| (&group.name, &group.scheduling, &group.steps));
        for (name, seat, steps) in
            groups.chain(self.pools.iter().map(|pool| (&pool.name, &pool.scheduling, &pool.task)))
        {
            let what = match self.blocking_step(steps) {
                Some(step) => format!("does `{step}`, and nothing but a thread can wait for that"),
                None if seat.core.is_some() => "stays on a core, and a task has no thread of its own".to_owned(),
                None if seat.nice.is_some() => "stands back for others, and a task has no thread of its own".to_owned(),
                None => continue,
            };
            return Err(SettingError::TasksImpossible { name: name.clone(), what });
        }
        Ok(())
    }
}
