//! CPU time of a run's processes, from measurement to measurement.

use std::collections::BTreeSet;

use contend_platform::{own_cpu_nanos, process_cpu_nanos, session_cpu_nanos};
use contend_trace::{RunMemory, Stamp};

/// The processes of a run.
#[derive(Debug, Clone, Copy)]
pub enum RunProcesses {
    /// The runner and its workers, whose process numbers are known.
    Known { runner: u32 },
    /// Also commands and all that they start: all processes of the runner's session.
    Session { runner: u32 },
}

/// Measures the CPU time of a run and of this program.
#[derive(Debug)]
pub struct CpuMeter {
    processes: RunProcesses,
    last: Option<(Stamp, u64, u64)>,
}

impl CpuMeter {
    pub const fn new(processes: RunProcesses) -> Self {
        Self { processes, last: None }
    }

    /// Returns the time of the last measurement, and the CPU time of the run and of this program since then, in
    /// nanoseconds. `None` at the first call, and where the system does not say.
    pub fn measure(&mut self, now: Stamp, run_memory: &RunMemory) -> Option<(Stamp, u64, u64)> {
        let (run, viewer) = (self.processes.cpu_time(run_memory)?, own_cpu_nanos());
        let (then, run_then, viewer_then) = self.last.unwrap_or((now, run, viewer));
        // The time of a reaped process is rounded down to the kernel's tick, so the sum may decrease.
        self.last = Some((now, run.max(run_then), viewer));
        (then < now).then(|| (then, run.saturating_sub(run_then), viewer.saturating_sub(viewer_then)))
    }
}

impl RunProcesses {
    fn cpu_time(self, run_memory: &RunMemory) -> Option<u64> {
        match self {
            Self::Session { runner } => session_cpu_nanos(runner),
            Self::Known { runner } => {
                let workers =
                    (0..run_memory.size().workers).filter_map(|worker| run_memory.ring(worker.into()).producer_ids());
                let others: BTreeSet<u32> = workers.map(|(pid, _)| pid).filter(|pid| *pid != runner).collect();
                Some(process_cpu_nanos(runner)? + others.into_iter().filter_map(process_cpu_nanos).sum::<u64>())
            }
        }
    }
}
