//! Whether the system has room for a run: asked before anything of it is started, because not every limit fails, some
//! abort.

use super::plan::{Part, Plan};
use contend_platform::limits::{Room, memory_left, most_threads, open_files, tasks_left};
use contend_trace::WorkerKind;

/// Threads of the dashboard and the runner that look after a run; the guardian of one that has processes, and who waits for
/// that; files that a runner has open beside its workers'.
const ATTENDANTS: u64 = 8;
const GUARDIAN: u64 = 2;
const FILES: u64 = 32;

/// Bytes of memory that a worker process takes for itself, and for each lane of the run, as it knows them all: measured with
/// 500 and 1,500 of them. Without optimisation it is larger.
const PROCESS: u64 = if cfg!(debug_assertions) { 1_280 << 10 } else { 640 << 10 };
const LANE: u64 = 112;

/// What a run takes of the system when it begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Need {
    /// Threads and processes, all that have a number of the kernel's.
    tasks: u64,
    /// Threads of the runner.
    threads: u64,
    /// Files that the runner has open.
    files: u64,
    /// Bytes of memory that its processes have.
    memory: u64,
}

impl Need {
    pub fn of(plan: &Plan) -> Self {
        let first = ATTENDANTS + plan.loop_threads.map_or(0, u64::from);
        let guardian = if plan.has_processes() { GUARDIAN } else { 0 };
        let mut need = Self { tasks: first + guardian, threads: first, files: FILES, memory: 0 };
        let process = PROCESS + LANE * plan.cast.workers.len() as u64;
        for (part, worker) in plan.parts.iter().zip(&plan.cast.workers) {
            let in_pool = match part {
                Part::Member { group, .. } if plan.spawned.contains(group) => continue, // comes later, if at all
                Part::PoolWorker { pool, place } if *place >= plan.cast.pools[*pool].size => continue,
                Part::PoolWorker { .. } => 1,
                _ => 0,
            };
            match worker.kind {
                WorkerKind::Async => {}
                // Itself and its lifeline; who reaps it; in a pool, who hands its tasks over.
                WorkerKind::Process => {
                    need.tasks += 3 + in_pool;
                    need.threads += 1 + in_pool;
                    need.files += 1 + 2 * in_pool;
                    need.memory += process;
                }
                WorkerKind::Thread => {
                    need.tasks += 1;
                    need.threads += 1;
                }
            }
        }
        need
    }

    /// Why there is no room for it, if there is none.
    pub fn refusal(self) -> Option<String> {
        let lacks = |need: u64, what: &str, room: Room| {
            let Room { left, because } = room;
            (need > left).then(|| format!("this run takes {need} {what}, and there is room for {left}: {because}"))
        };
        lacks(self.threads, "threads in one process", most_threads())
            .or_else(|| lacks(self.files, "open files", open_files()))
            .or_else(|| lacks(self.tasks, "threads and processes", tasks_left()?))
            .or_else(|| lacks(self.memory >> 20, "MiB of memory", memory_left()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_nowhere_is_refused_and_what_takes_nothing_is_not() {
        let much = Need { memory: u64::MAX, ..Need::default() };
        let told = much.refusal().expect("nobody has as much");
        assert!(told.contains("MiB of memory, and there is room for"), "{told}");
        assert_eq!(Need::default().refusal(), None);
    }
}
