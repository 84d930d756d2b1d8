//! Checks whether the system has room for a run before any of it is started: some limits abort the process instead of
//! returning an error.

use crate::plan::{Plan, WorkerRole};
use contend_platform::limits::{Headroom, max_threads, open_file_limit, tasks_left, usable_memory};
use contend_trace::WorkerKind;

/// Threads of the dashboard and the runner that every run has; the guardian of a run with processes and the thread that
/// waits for it; files that a runner opens in addition to those for its workers.
const SERVICE_THREADS: u64 = 8;
const GUARDIAN_TASKS: u64 = 2;
const RUNNER_FILES: u64 = 32;

/// Bytes of memory of a worker process, and in each for every lane of the run, measured with 500 and 1,500 lanes.
/// Unoptimised builds need more.
const DASK_WORKER_BYTES: u64 = 80 << 20; // an idle worker of distributed 2026.8 on Python 3.11
const PROCESS_BYTES: u64 = if cfg!(debug_assertions) { 1_280 << 10 } else { 640 << 10 };
const LANE_BYTES: u64 = 112;

/// The system resources that a run takes when it begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requirements {
    /// Threads and processes: everything that has a thread id.
    tasks: u64,
    /// Threads of the runner.
    threads: u64,
    /// Files that the runner opens.
    files: u64,
    /// Bytes of memory of worker processes.
    memory: u64,
}

impl Requirements {
    pub fn for_plan(plan: &Plan) -> Self {
        let first = SERVICE_THREADS + plan.loop_threads.map_or(0, u64::from);
        let guardian = if plan.has_processes() { GUARDIAN_TASKS } else { 0 };
        let mut requirements = Self { tasks: first + guardian, threads: first, files: RUNNER_FILES, memory: 0 };
        let process = PROCESS_BYTES + LANE_BYTES * plan.registry.workers.len() as u64;
        for (role, worker) in plan.roles.iter().zip(&plan.registry.workers) {
            let in_pool = match role {
                // Spawned later, if at all.
                WorkerRole::GroupMember { group, .. } if plan.spawned_groups.contains(group) => continue,
                WorkerRole::PoolWorker { pool, index } if *index >= plan.registry.pools[*pool].size => continue,
                WorkerRole::PoolWorker { .. } => 1,
                _ => 0,
            };
            match worker.kind {
                WorkerKind::Async => {}
                // The driver of a cluster starts them.
                WorkerKind::Dask => requirements.memory += DASK_WORKER_BYTES,
                // The process, its lifeline and its reaper; in a pool, also its proxy.
                WorkerKind::Process => {
                    requirements.tasks += 3 + in_pool;
                    requirements.threads += 1 + in_pool;
                    requirements.files += 1 + 2 * in_pool;
                    requirements.memory += process;
                }
                WorkerKind::Thread | WorkerKind::Service => {
                    requirements.tasks += 1;
                    requirements.threads += 1;
                }
            }
        }
        requirements
    }

    /// Returns why the system lacks room for the run, if it does.
    pub fn describe_shortage(self) -> Option<String> {
        let lacks = |need: u64, what: &str, room: Headroom| {
            let Headroom { remaining, reason } = room;
            (need > remaining)
                .then(|| format!("this run needs {need} {what}, but there is room for only {remaining}: {reason}"))
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
    fn run_without_room_is_refused() {
        let huge = Requirements { memory: u64::MAX, ..Requirements::default() };
        let shortage = huge.describe_shortage().expect("no system has as much");
        assert!(shortage.contains("MiB of memory, but there is room for only"), "{shortage}");
        assert_eq!(Requirements::default().describe_shortage(), None);
    }
}
