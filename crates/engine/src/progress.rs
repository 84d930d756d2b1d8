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

use crate::pool::End;
use contend_trace::Ring;

/// Where a worker is in its chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Tasks that are over.
    pub over: u32,
    /// How it is with the next one.
    pub stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Unbegun,
    /// At its steps. Nobody knows how far: all of it has to be done again.
    Begun,
    /// Its steps are done, and next its end is told.
    Ending(End),
    /// Its end is told, and next its result is made known.
    Resolving(End),
}

const ENDS: [End; 3] = [End::Done, End::Failed, End::CutOff];
const MOST: u32 = (1 << 24) - 1;

impl Progress {
    pub const NONE: Self = Self { over: 0, stage: Stage::Unbegun };

    /// Notes it.
    pub fn note(self, ring: Ring<'_>) {
        ring.set_progress(self.noted(ring.told()));
    }

    /// The word to note when the ring has told so much.
    pub fn noted(self, told: u64) -> u64 {
        self.word() | told << 32
    }

    /// What was noted last, and whether anything was told since. A word of no meaning is the beginning.
    pub fn of(ring: Ring<'_>) -> (Self, bool) {
        let word = ring.progress();
        (Self::from_word(word as u32), ring.told() as u32 != (word >> 32) as u32)
    }

    fn word(self) -> u64 {
        let (stage, end) = match self.stage {
            Stage::Unbegun => (0, 0),
            Stage::Begun => (1, 0),
            Stage::Ending(end) => (2, end as u64),
            Stage::Resolving(end) => (3, end as u64),
        };
        u64::from(self.over.min(MOST)) << 8 | end << 4 | stage
    }

    pub fn from_word(word: u32) -> Self {
        let end = ENDS.get((word >> 4 & 3) as usize).copied();
        let stage = match (word & 7, end) {
            (1, _) => Stage::Begun,
            (2, Some(end)) => Stage::Ending(end),
            (3, Some(end)) => Stage::Resolving(end),
            _ => Stage::Unbegun,
        };
        Self { over: word >> 8, stage }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_read() {
        let stages = ENDS.into_iter().flat_map(|end| [Stage::Ending(end), Stage::Resolving(end)]);
        for stage in stages.chain([Stage::Unbegun, Stage::Begun]) {
            for over in [0, 1, 7, 1_000_000, MOST] {
                let progress = Progress { over, stage };
                assert_eq!(Progress::from_word(progress.word() as u32), progress);
            }
        }
    }

    #[test]
    fn any_word_is_read_as_something() {
        let mut dice = fastrand::Rng::with_seed(5);
        for _ in 0..10_000 {
            let progress = Progress::from_word(dice.u32(..));
            assert_eq!(Progress::from_word(progress.word() as u32), progress);
        }
    }
}
