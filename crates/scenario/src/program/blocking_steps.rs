//! Steps that need a thread to wait: an event loop is not notified when a file has been read or a command has ended.

use super::{AttemptKind, Block, LifeStep, LoopStep, RealWork, ResourceSpec, Scenario, SourceSpan, Step};
use crate::choice::Choice;
use crate::knob_values::SettingError;
use contend_trace::CounterMemory;

impl Scenario {
    /// Finds the first such step that is not handed to a thread. Returns its word and its place in the file.
    pub(crate) fn blocking_step(&self, block: &Block) -> Option<(&'static str, SourceSpan)> {
        block.with_spans().find_map(|(step, span)| match step {
            Step::Loop(LoopStep::Blocking(_) | LoopStep::ToThread(_)) => None,
            Step::Thumbnail { .. } => Some(("thumbnail", span)),
            Step::RealWork(RealWork::ReadFile) => Some(("read-file", span)),
            Step::RealWork(RealWork::WriteFile(_)) => Some(("write-file", span)),
            Step::RealWork(RealWork::Hash(None)) => Some(("hash", span)),
            Step::RealWork(RealWork::Grayscale) => Some(("grayscale", span)),
            Step::Spin(_) => Some(("spin", span)),
            Step::Attempt(attempt) if matches!(attempt.kind, AttemptKind::Exec { .. }) => Some(("exec", span)),
            // The steps of the group contain no `run` of their own.
            Step::Life(LifeStep::RunInline { group }) => {
                self.blocking_step(&self.groups.get(*group)?.steps).map(|_| ("run", span))
            }
            _ => step.bodies().find_map(|body| self.blocking_step(body)),
        })
    }

    /// Checks that all groups and pools can consist of async tasks.
    ///
    /// # Errors
    /// The first resource, group or pool that makes it impossible.
    pub(crate) fn check_tasks_possible(&self) -> Result<(), SettingError> {
        for resource in &self.resources {
            let what = match resource.spec {
                ResourceSpec::Pipe { .. } => "is a pipe",
                ResourceSpec::Counter { memory: Choice::Fixed(CounterMemory::Manager), .. } => "is held by a manager",
                _ => continue,
            };
            let what = format!("{what}, and only a thread can wait for that");
            return Err(SettingError::TasksImpossible { name: resource.name.clone(), what });
        }
        let groups = self.groups.iter().map(|group| (&group.name, &group.scheduling, &group.steps));
        for (name, seat, steps) in
            groups.chain(self.pools.iter().map(|pool| (&pool.name, &pool.scheduling, &pool.task)))
        {
            let what = match self.blocking_step(steps) {
                Some((step, _)) => format!("runs `{step}`, and only a thread can wait for that"),
                None if seat.core.is_some() => "is pinned to a core, and a task has no thread of its own".to_owned(),
                None if seat.nice.is_some() => "has a niceness, and a task has no thread of its own".to_owned(),
                None => continue,
            };
            return Err(SettingError::TasksImpossible { name: name.clone(), what });
        }
        Ok(())
    }
}
