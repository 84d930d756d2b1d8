//! Runs a checked scenario on real threads and processes and records what they do.
//!
//! The runner is a process of its own, so a scenario can deadlock for real: the dashboard ends the runner, and the
//! deadlock with it. The runner receives the checked scenario, never a path to one.
//!
//! Each module imports only modules above it in this table:
//!
//! | module | contents |
//! |---|---|
//! | `block_on` | runs a future on a plain thread; catches panics |
//! | `interrupt` | whether the worker of a thread was cancelled |
//! | `time_limit` | the end of a process at the run's time limit |
//! | `recorder` | writes the events of one worker to its ring |
//! | `work` | CPU time, primes, pictures, text templates |
//! | `shared` | semaphores, queues, pipes and other primitives in shared memory |
//! | `locks` | the mutexes a scenario can compare; the locks a worker holds |
//! | `pool` | tasks, the queue and the results of a pool, in shared memory |
//! | `input_items` | the files a run works on |
//! | `http_client` | requests of threads and of tasks |
//! | `protocol` | messages between the processes of a run |
//! | `plan` | workers, resources and pools of a run, numbered |
//! | `capacity_check` | whether the system has room for a run |
//! | `pipe_ends` | descriptors of pipes and connections |
//! | `context` | everything that the workers of one process share |
//! | `step_runner` | the state of one worker |
//! | `tasks` | submits and runs tasks of a pool |
//! | `cleanup` | finishes what a dead worker left unfinished |
//! | `workers` | threads and event-loop tasks that run workers |
//! | `steps` | every step of the scenario language |
//! | `process_pool` | hands tasks to worker processes |
//! | `worker_process` | the main function of a worker process; counter server, HTTP server |
//! | `feeder` | puts tasks into a pool |
//! | `runner` | the runner process |
//! | `helpers` | starts the main function of a helper process |
//!
//! One call goes up: `step_runner` calls `StepRunner::run_step` and `perform_joined_accesses`, which `steps` defines,
//! because a step can submit a task or spawn a worker that runs steps again.

mod block_on;
mod capacity_check;
mod cleanup;
mod context;
mod feeder;
pub mod helpers;
#[cfg(feature = "net")]
mod http_client;
mod input_items;
mod interrupt;
mod locks;
#[cfg(test)]
mod module_order;
mod pipe_ends;
mod plan;
mod pool;
mod process_pool;
mod protocol;
mod recorder;
mod runner;
mod shared;
mod step_runner;
mod steps;
mod tasks;
mod time_limit;
mod work;
mod worker_process;
mod workers;

pub use capacity_check::Requirements;
pub use input_items::{InputError, InputItems, Request, RequestTrace, TraceError};
pub use locks::any_mutex::{AnyMutex, MutexGrant};
pub use plan::{Plan, PlanError, WorkerRole};
pub use protocol::{Build, RunnerCommand, RunnerMessage, StartRequest};
pub use recorder::Recorder;
pub use shared::availability::{checkable_resources, unavailable_states};
