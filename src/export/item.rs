//! The parts of a run that exports are made of.

use crate::trace::{Grant, PoolId, ResourceId, Stamp, State, WorkerId};

/// A part of a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A worker was in a state.
    State { worker: WorkerId, state: State, on: Option<ResourceId>, from: Stamp, to: Stamp },
    /// A worker held a lock. Holds of one `slot` do not overlap: a mutex needs one slot, a semaphore more.
    Hold {
        lock: ResourceId,
        slot: usize,
        worker: WorkerId,
        grant: Grant,
        from: Stamp,
        to: Stamp,
        /// The hold that ended when this one began, if the worker had waited for it.
        after: Option<Handover>,
    },
    /// A worker executed a task. Tasks that a task runs itself lie inside it, one `depth` below.
    Task { pool: PoolId, worker: WorkerId, number: Option<u64>, ok: bool, depth: usize, from: Stamp, to: Stamp },
    /// The number of items in a queue, or of bytes in a pipe.
    Depth { queue: ResourceId, at: Stamp, depth: u64 },
    /// The value of a counter.
    Value { counter: ResourceId, at: Stamp, value: i64 },
    /// The load of a core, 0 to 1.
    CoreLoad { core: usize, at: Stamp, load: f32 },
    /// The number of workers of a pool.
    PoolSize { pool: PoolId, at: Stamp, workers: u32 },
    /// A notice or a finding.
    Moment { at: Stamp, name: String, detail: String },
    /// A mark, set by a worker or by the user.
    Mark { at: Stamp, text: String, worker: Option<WorkerId> },
}

/// The end of a hold that let another worker in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handover {
    pub grant: Grant,
    pub slot: usize,
    pub at: Stamp,
}

/// How much was exported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExportCounts {
    pub states: u64,
    pub holds: u64,
    pub handovers: u64,
    pub tasks: u64,
    pub depths: u64,
    pub values: u64,
    pub loads: u64,
    pub moments: u64,
    pub marks: u64,
}

impl ExportCounts {
    pub(super) fn count(&mut self, item: &Item) {
        match item {
            Item::State { .. } => self.states += 1,
            Item::Hold { after, .. } => {
                self.holds += 1;
                self.handovers += u64::from(after.is_some());
            }
            Item::Task { .. } => self.tasks += 1,
            Item::Depth { .. } => self.depths += 1,
            Item::Value { .. } | Item::PoolSize { .. } => self.values += 1,
            Item::CoreLoad { .. } => self.loads += 1,
            Item::Moment { .. } => self.moments += 1,
            Item::Mark { .. } => self.marks += 1,
        }
    }
}

impl Item {
    /// Returns when it ended; for a moment, when it was.
    pub(super) fn end(&self) -> Stamp {
        match self {
            Item::State { to, .. } | Item::Hold { to, .. } | Item::Task { to, .. } => *to,
            other => other.start(),
        }
    }

    /// Returns when it began; for a moment, when it was.
    pub(super) fn start(&self) -> Stamp {
        match self {
            Item::State { from, .. } | Item::Hold { from, .. } | Item::Task { from, .. } => *from,
            Item::Depth { at, .. }
            | Item::Value { at, .. }
            | Item::CoreLoad { at, .. }
            | Item::PoolSize { at, .. }
            | Item::Moment { at, .. }
            | Item::Mark { at, .. } => *at,
        }
    }
}
