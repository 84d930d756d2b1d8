//! What workers wait for, in shared memory: the very same primitive for threads and for processes.
//!
//! Each lies in the sixteen words that the board has for a resource.

pub mod barrier;
pub mod flag;
pub mod life;
pub mod monitor;
pub mod queue;
pub mod rwlock;
pub mod semaphore;
pub mod waiters;
