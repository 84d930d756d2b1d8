//! What workers do, one family of steps a file.

mod again;
mod attempt;
mod chance;
mod counter;
mod exec;
mod life;
mod memory;
mod mutex;
mod pool;
mod question;
mod queue;
mod real;
mod rwlock;
mod semaphore;
mod signal;

pub use pool::Promises;
