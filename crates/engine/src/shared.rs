//! What workers wait for, in shared memory: the very same primitive for threads and for processes.
//!
//! Each lies in the sixteen words that the board has for a resource. They are written as async functions: where threads
//! and processes use them every wait blocks, and the function is over when it returns; where tasks do, a wait gives the
//! thread back.

pub mod async_mutex;
pub mod availability;
pub mod barrier;
pub mod event_flag;
pub mod item_queue;
pub mod life;
pub mod monitor;
pub mod pipe;
pub mod rwlock;
pub mod semaphore;
pub mod signal_waiters;
pub mod wait_queue;
pub mod wake_counter;
