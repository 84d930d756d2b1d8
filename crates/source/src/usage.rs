//! CPU time of a run's processes, from look to look.

use std::collections::BTreeSet;

use contend_platform::{own_cpu, process_cpu, session_cpu};
use contend_trace::{Board, Stamp};

/// Which processes belong to the run.
#[derive(Debug, Clone, Copy)]
pub enum Crew {
    /// The runner and the workers: all of them are known by their numbers.
    Known { runner: u32 },
    /// Its commands too, with all that they start: the whole session is searched.
    Session { runner: u32 },
}

/// What was counted at the last look.
#[derive(Debug)]
pub struct Usage {
    crew: Crew,
    last: Option<(Stamp, u64, u64)>,
}

impl Usage {
    pub const fn new(crew: Crew) -> Self {
        Self { crew, last: None }
    }

    /// CPU time of the run and of this program since the look before: from when, and how much. `None` at the first look, and
    /// where the system does not say.
    pub fn look(&mut self, now: Stamp, board: &Board) -> Option<(Stamp, u64, u64)> {
        let (run, viewer) = (self.crew.cpu(board)?, own_cpu());
        let (then, run_then, viewer_then) = self.last.unwrap_or((now, run, viewer));
        // A process that is reaped has its time rounded down to the kernel's tick.
        self.last = Some((now, run.max(run_then), viewer));
        (then < now).then(|| (then, run.saturating_sub(run_then), viewer.saturating_sub(viewer_then)))
    }
}

impl Crew {
    fn cpu(self, board: &Board) -> Option<u64> {
        match self {
            Self::Session { runner } => session_cpu(runner),
            Self::Known { runner } => {
                let workers = (0..board.size().workers).filter_map(|worker| board.ring(worker.into()).who());
                let others: BTreeSet<u32> = workers.map(|(pid, _)| pid).filter(|pid| *pid != runner).collect();
                Some(process_cpu(runner)? + others.into_iter().filter_map(process_cpu).sum::<u64>())
            }
        }
    }
}
