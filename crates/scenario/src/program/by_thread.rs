//! Steps that nothing but a thread can wait for: no event loop is told when a file has been read, or a command has ended.

use super::{Choice, LifeStep, LoopStep, Real, ResourceSpec, Scenario, Step, What};
use crate::turn::SettingError;
use contend_trace::Memory;

impl Scenario {
    /// The word of such a step among these, unless a block hands it to a thread.
    pub fn by_thread(&self, steps: &[Step]) -> Option<&'static str> {
        steps.iter().find_map(|step| match step {
            Step::Loop(LoopStep::Blocking(_) | LoopStep::ToThread(_)) => None,
            Step::Thumbnail { .. } => Some("thumbnail"),
            Step::Real(Real::ReadFile) => Some("read-file"),
            Step::Real(Real::WriteFile(_)) => Some("write-file"),
            Step::Real(Real::Hash(None)) => Some("hash"),
            Step::Real(Real::Grayscale) => Some("grayscale"),
            Step::Attempt(attempt) if matches!(attempt.what, What::Exec { .. }) => Some("exec"),
            // One step deep: what it runs, runs nobody.
            Step::Life(LifeStep::Run { group }) => self.by_thread(&self.workers.get(*group)?.steps).map(|_| "run"),
            _ => step.bodies().find_map(|body| self.by_thread(body)),
        })
    }

    /// Whether all groups and pools can be made of tasks.
    ///
    /// # Errors
    /// What stands against it.
    pub(crate) fn can_be_tasks(&self) -> Result<(), SettingError> {
        for resource in &self.resources {
            let what = match resource.spec {
                ResourceSpec::Pipe { .. } => "is a pipe",
                ResourceSpec::Counter { memory: Choice::Fixed(Memory::Manager), .. } => "is kept by a manager",
                _ => continue,
            };
            let what = format!("{what}, and nothing but a thread can wait for that");
            return Err(SettingError::NoTasks { name: resource.name.clone(), what });
        }
        let groups = self.workers.iter().map(|group| (&group.name, &group.seat, &group.steps));
        for (name, seat, steps) in groups.chain(self.pools.iter().map(|pool| (&pool.name, &pool.seat, &pool.task))) {
            let what = match self.by_thread(steps) {
                Some(step) => format!("does `{step}`, and nothing but a thread can wait for that"),
                None if seat.core.is_some() => "stays on a core, and a task has no thread of its own".to_owned(),
                None if seat.nice.is_some() => "stands back for others, and a task has no thread of its own".to_owned(),
                None => continue,
            };
            return Err(SettingError::NoTasks { name: name.clone(), what });
        }
        Ok(())
    }
}
