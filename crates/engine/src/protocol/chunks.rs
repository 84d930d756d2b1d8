//! Tasks that the runner sends to a worker process of a pool, and the replies.

use serde::{Deserialize, Serialize};

pub use super::payload::Payload;

/// From the runner to a worker process.
#[derive(Debug, Serialize, Deserialize)]
pub struct TaskChunk {
    /// Number and due time of each task, and its promise as a word; 0 for none.
    pub tasks: Vec<(u64, u64, u64)>,
    pub payload: Payload,
}

/// From a worker process to the runner.
#[derive(Debug, Serialize, Deserialize)]
pub enum WorkerReply {
    /// The process is up and waits for tasks.
    Ready,
    /// The chunk is done.
    Done { payload: Payload },
}
