//! What workers do, one family of steps a file.

mod again;
mod attempt;
mod chance;
mod counter;
mod event_loop;
mod exec;
mod life;
mod memory;
mod mutex;
mod pipe;
mod polls;
mod pool;
mod question;
mod queue;
mod real;
mod rwlock;
mod semaphore;
mod signal;
mod time;

pub use event_loop::BUDGET;
pub use polls::Polls;
pub use pool::Promises;
