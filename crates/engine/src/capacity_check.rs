//! Whether the system has room for a run: asked before anything of it is started, because not every limit fails, some
//! abort.

use crate::plan::{Plan, WorkerRole};
use contend_platform::limits::{Headroom, max_threads, open_file_limit, tasks_left, usable_memory};
use contend_trace::WorkerKind;

/// Threads of the dashboard and the runner that look after a run; the guardian of one that has processes, and who waits for
/// that; files that a runner has open beside its workers'.
const SERVICE_THREADS: u64 = 8;
const GUARDIAN_TASKS: u64 = 2;
const RUNNER_FILES: u64 = 32;

/// Bytes of memory that a worker process takes for itself, and for each lane of the run, as it knows them all: measured with
/// 500 and 1,500 of them. Without optimisation it is larger.
const PROCESS_BYTES: u64 = if cfg!(debug_assertions) { 1_280 << 10 } else { 640 << 10 };
const LANE_BYTES: u64 = 112;

/// What a run takes of the system when it begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requirements {
    /// Threads and processes, all that have a number of the kernel's.
    tasks: u64,
    /// Threads of the runner.
    threads: u64,
    /// Files that the runner has open.
    files: u64,
    /// Bytes of memory that its processes have.
    memory: u64,
}

impl Requirements {
    pub fn for_plan(plan: &Plan) -> Self {
        let first = SERVICE_THREADS + plan.loop_threads.map_or(0, u64::from);
        let guardian = if plan.has_processes() { GUARDIAN_TASKS } else { 0 };
        let mut requirements = Self { tasks: first + guardian, threads: first, files: RUNNER_FILES, memory: 0 };
        let process = PROCESS_BYTES + LANE_BYTES * plan.cast.workers.len() as u64;
        for (part, worker) in plan.roles.iter().zip(&plan.cast.workers) {
            let in_pool = match part {
                WorkerRole::GroupMember { group, .. } if plan.spawned_groups.contains(group) => continue, // comes later, if at all
                WorkerRole::PoolWorker { pool, index: place } if *place >= plan.cast.pools[*pool].size => continue,
                WorkerRole::PoolWorker { .. } => 1,
                _ => 0,
            };
            match worker.kind {
                WorkerKind::Async => {}
                // Itself and its lifeline; who reaps it; in a pool, who hands its tasks over.
                WorkerKind::Process => {
                    requirements.tasks += 3 + in_pool;
                    requirements.threads += 1 + in_pool;
                    requirements.files += 1 + 2 * in_pool;
                    requirements.memory += process;
                }
                WorkerKind::Thread => {
                    requirements.tasks += 1;
                    requirements.threads += 1;
                }
            }
        }
        requirements
    }

    /// Why there is no room for it, if there is none.
    pub fn describe_shortage(self) -> Option<String> {
        let lacks = |need: u64, what: &str, room: Headroom| {
            let Headroom { remaining: left, reason: because } = room;
            (need > left).then(|| format!("this run takes {need} {what}, and there is room for {left}: {because}"))
        };
        lacks(self.threads, "threads in one process", max_threads())
            .or_else(|| lacks(self.files, "open files", open_file_limit()))
            .or_else(|| lacks(self.tasks, "threads and processes", tasks_left()?))
            .or_else(|| lacks(self.memory >> 20, "MiB of memory", usable_memory()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_nowhere_is_refused_and_what_takes_nothing_is_not() {
        let much = Requirements { memory: u64::MAX, ..Requirements::default() };
        let told = much.describe_shortage().expect("nobody has as much");
        assert!(told.contains("MiB of memory, and there is room for"), "{told}");
        assert_eq!(Requirements::default().describe_shortage(), None);
    }
}
