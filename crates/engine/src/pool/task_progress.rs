//! The progress of a worker process with its chunk of tasks: one word beside its ring, which survives the process. The
//! notes about tasks that it runs itself have the same form, see `nested_notes`.
//!
//! ```text
//! bits 0-2   the stage
//! bits 4-5   the outcome of the task
//! bits 8-31  finished tasks of the chunk
//! bits 32-63 the number of events in the ring when this was noted, the lower half of it
//! ```
//!
//! The end of a task takes several steps, and its worker may be killed between any two. So the worker notes each step
//! before taking it. The number of events in the ring shows whether it was taken, because nothing else writes to the
//! ring meanwhile. The runner, when it finds the worker dead, takes the missing steps and none of them twice.

use super::task::TaskOutcomeKind;
use contend_trace::Ring;

/// The position of a worker in its chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskProgress {
    /// Finished tasks.
    pub finished: u32,
    /// The stage of the next task.
    pub stage: TaskStage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskStage {
    NotBegun,
    /// The steps run. It is not known how far: the whole task must be repeated.
    Begun,
    /// The steps are done; next the end is recorded.
    Ending(TaskOutcomeKind),
    /// The end is recorded; next the result is made available.
    Resolving(TaskOutcomeKind),
}

const OUTCOME_KINDS: [TaskOutcomeKind; 3] = [TaskOutcomeKind::Done, TaskOutcomeKind::Failed, TaskOutcomeKind::CutOff];
const MAX_FINISHED: u32 = (1 << 24) - 1;

impl TaskProgress {
    pub const NONE: Self = Self { finished: 0, stage: TaskStage::NotBegun };

    /// Notes the progress beside the ring.
    pub fn note(self, ring: Ring<'_>) {
        ring.set_progress(self.to_noted_word(ring.event_total()));
    }

    /// Returns the word to note when the ring has had `event_total` events.
    pub fn to_noted_word(self, event_total: u64) -> u64 {
        self.to_word() | event_total << 32
    }

    /// Returns the progress noted last, and whether an event was recorded since. An invalid word is read as no
    /// progress.
    pub fn read_from(ring: Ring<'_>) -> (Self, bool) {
        let word = ring.progress();
        (Self::from_word(word as u32), ring.event_total() as u32 != (word >> 32) as u32)
    }

    fn to_word(self) -> u64 {
        let (stage, end) = match self.stage {
            TaskStage::NotBegun => (0, 0),
            TaskStage::Begun => (1, 0),
            TaskStage::Ending(end) => (2, end as u64),
            TaskStage::Resolving(end) => (3, end as u64),
        };
        u64::from(self.finished.min(MAX_FINISHED)) << 8 | end << 4 | stage
    }

    pub fn from_word(word: u32) -> Self {
        let end = OUTCOME_KINDS.get((word >> 4 & 3) as usize).copied();
        let stage = match (word & 7, end) {
            (1, _) => TaskStage::Begun,
            (2, Some(end)) => TaskStage::Ending(end),
            (3, Some(end)) => TaskStage::Resolving(end),
            _ => TaskStage::NotBegun,
        };
        Self { finished: word >> 8, stage }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_survives_encoding() {
        let stages = OUTCOME_KINDS.into_iter().flat_map(|end| [TaskStage::Ending(end), TaskStage::Resolving(end)]);
        for stage in stages.chain([TaskStage::NotBegun, TaskStage::Begun]) {
            for finished in [0, 1, 7, 1_000_000, MAX_FINISHED] {
                let progress = TaskProgress { finished, stage };
                assert_eq!(TaskProgress::from_word(progress.to_word() as u32), progress);
            }
        }
    }

    #[test]
    fn any_word_is_read_as_some_progress() {
        let mut random = fastrand::Rng::with_seed(5);
        for _ in 0..10_000 {
            let progress = TaskProgress::from_word(random.u32(..));
            assert_eq!(TaskProgress::from_word(progress.to_word() as u32), progress);
        }
    }
}
