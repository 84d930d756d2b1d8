//! How far a worker process is with the tasks it was handed: one word beside its ring, which survives it. And with those
//! that it does for itself, see `nested.rs`.
//!
//! ```text
//! bits 0-2   the stage
//! bits 4-5   how the task ended
//! bits 8-31  tasks of the chunk that are over
//! bits 32-63 how much its ring had told when this was noted, the lower half of that number
//! ```
//!
//! The end of a task takes several steps, and its worker may be killed between any two. So each is noted before it is
//! taken, and whether it was taken is seen in what the ring has told since: nothing else writes there meanwhile. Then
//! whoever finds the worker dead takes those that are left, none of them twice.

use super::task::TaskOutcomeKind;
use contend_trace::Ring;

/// Where a worker is in its chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskProgress {
    /// Tasks that are over.
    pub finished: u32,
    /// How it is with the next one.
    pub stage: TaskStage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskStage {
    NotBegun,
    /// At its steps. Nobody knows how far: all of it has to be done again.
    Begun,
    /// Its steps are done, and next its end is told.
    Ending(TaskOutcomeKind),
    /// Its end is told, and next its result is made known.
    Resolving(TaskOutcomeKind),
}

const OUTCOME_KINDS: [TaskOutcomeKind; 3] = [TaskOutcomeKind::Done, TaskOutcomeKind::Failed, TaskOutcomeKind::CutOff];
const MAX_FINISHED: u32 = (1 << 24) - 1;

impl TaskProgress {
    pub const NONE: Self = Self { finished: 0, stage: TaskStage::NotBegun };

    /// Notes it.
    pub fn note(self, ring: Ring<'_>) {
        ring.set_progress(self.to_noted_word(ring.event_total()));
    }

    /// The word to note when the ring has told so much.
    pub fn to_noted_word(self, event_total: u64) -> u64 {
        self.to_word() | event_total << 32
    }

    /// What was noted last, and whether anything was told since. A word of no meaning is the beginning.
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
    fn what_is_noted_is_read() {
        let stages = OUTCOME_KINDS.into_iter().flat_map(|end| [TaskStage::Ending(end), TaskStage::Resolving(end)]);
        for stage in stages.chain([TaskStage::NotBegun, TaskStage::Begun]) {
            for over in [0, 1, 7, 1_000_000, MAX_FINISHED] {
                let progress = TaskProgress { finished: over, stage };
                assert_eq!(TaskProgress::from_word(progress.to_word() as u32), progress);
            }
        }
    }

    #[test]
    fn any_word_is_read_as_something() {
        let mut dice = fastrand::Rng::with_seed(5);
        for _ in 0..10_000 {
            let progress = TaskProgress::from_word(dice.u32(..));
            assert_eq!(TaskProgress::from_word(progress.to_word() as u32), progress);
        }
    }
}
