//! The data of a pool in shared memory: its tasks, their queue, their results, and the progress of worker processes.

pub mod local_queues;
pub mod nested_notes;
pub mod open_work;
pub mod result_store;
pub mod task;
pub mod task_progress;
pub mod task_queue;
