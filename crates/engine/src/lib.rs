//! Runs a checked scenario on real threads and real processes, and records what they do.
//!
//! The runner is a process of its own: a deadlock in it can be a real one, ended by ending the process. It gets the
//! checked scenario, never a path to one.

mod any_mutex;
mod block_on;
mod capacity_check;
mod context;
mod counter_server;
mod cpu_work;
mod dead_waiter;
mod event_loop;
mod feeder;
mod held_lock;
pub mod helpers;
mod http_client;
mod http_server;
mod input_items;
mod local_queues;
mod nested_tasks;
mod payload;
mod picture;
mod pipe_ends;
mod plan;
mod pool;
mod process_pool;
mod protocol;
mod recorder;
mod result_store;
mod runner;
mod scheduling;
mod shared;
mod sieve;
mod step_runner;
mod steps;
mod task_progress;
mod task_queue;
mod template;
mod wakeups;
mod worker_process;
mod worker_thread;

pub use any_mutex::{AnyMutex, MutexGrant};
pub use capacity_check::Requirements;
pub use input_items::{InputError, InputItems};
pub use plan::{Plan, PlanError, WorkerRole};
pub use protocol::{RunnerCommand, RunnerMessage, StartRequest};
pub use recorder::Recorder;
pub use shared::availability::{checkable_resources, unavailable_state};
