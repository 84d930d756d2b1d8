//! Hands tasks to worker processes.
//!
//! In the runner a proxy thread stands for each worker process: it takes tasks from the queue and sends them in chunks.
//! Proxy and process both write to the ring of the worker's lane, strictly in turns: the side that has the tasks
//! writes.

mod crash_recovery;
pub mod proxy;
pub mod serve_chunks;
