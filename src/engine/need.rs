//! Whether the system has room for a run: asked before anything of it is started, because not every limit fails, some
//! abort.

use super::plan::{Part, Plan};
use crate::platform::limits::{Room, most_threads, open_files, tasks_left};
use crate::trace::WorkerKind;

/// Threads of the dashboard and the runner that look after a run; the guardian of one that has processes, and who waits for
/// that; files that a runner has open beside its workers'.
const ATTENDANTS: u64 = 8;
const GUARDIAN: u64 = 2;
const FILES: u64 = 32;

/// What a run takes of the system when it begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Need {
    /// Threads and processes, all that have a number of the kernel's.
    tasks: u64,
    /// Threads of the runner.
    threads: u64,
    /// Files that the runner has open.
    files: u64,
}

impl Need {
    pub fn of(plan: &Plan) -> Self {
        let first = ATTENDANTS + plan.loop_threads.map_or(0, u64::from);
        let guardian = if plan.has_processes() { GUARDIAN } else { 0 };
        let mut need = Self { tasks: first + guardian, threads: first, files: FILES };
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
    }
}
