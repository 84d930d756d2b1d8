//! What workers wait for, in shared memory: the very same primitive for threads and for processes.
//!
//! Each lies in the sixteen words that the board has for a resource. They are written as async functions: where threads
//! and processes use them every wait blocks, and the function is over when it returns; where tasks do, a wait gives the
//! thread back.

pub mod barrier;
pub mod flag;
pub mod lacking;
pub mod life;
pub mod monitor;
pub mod pipe;
pub mod queue;
pub mod rwlock;
pub mod semaphore;
pub mod sleepers;
pub mod turns;
pub mod waiters;
