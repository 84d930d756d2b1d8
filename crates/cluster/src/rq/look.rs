//! What Redis holds of RQ at one moment.

use std::collections::BTreeMap;

/// What Redis said at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Look {
    pub workers: BTreeMap<String, WorkerLook>,
    pub queues: BTreeMap<String, QueueLook>,
    pub jobs: BTreeMap<String, JobLook>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct WorkerLook {
    pub host: String,
    pub pid: String,
    pub succeeded: String,
    pub failed: String,
    /// Names of the queues that it serves, the first one first, with commas between them.
    pub queues: String,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct QueueLook {
    pub depth: u64,
    /// Ids of jobs that wait, the first ones.
    pub waiting: Vec<String>,
    /// Ids of jobs that run.
    pub running: Vec<String>,
    /// Ids of jobs that have ended, the newest first.
    pub ended: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct JobLook {
    pub queue: String,
    pub status: String,
    pub worker: String,
    pub description: String,
    pub enqueued: String,
    pub started: String,
    pub ended: String,
}
