//! What workers do, one family of steps a file.

mod attempt;
mod choose;
mod command;
mod conditions;
mod counter;
mod event_loop;
mod failed_polls;
mod life;
mod loops;
mod memory;
mod mutex;
mod pipe;
mod pool;
mod queue;
mod real_work;
mod rwlock;
mod semaphore;
mod signal;
mod time;

pub use event_loop::POLL_BUDGET;
pub use failed_polls::FailedPolls;
pub use pool::PendingResults;
