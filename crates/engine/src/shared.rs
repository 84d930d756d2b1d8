//! Synchronisation primitives in shared memory: the same code serves threads, processes and tasks.
//!
//! Each uses the 16 words that the run memory has for a resource. Waiting functions are async. For threads and
//! processes every wait inside them blocks, so they return when they are done; for tasks a wait gives the thread back
//! to the loop.

pub mod async_mutex;
pub mod availability;
pub mod barrier;
pub mod event_flag;
pub mod item_queue;
pub mod life;
pub mod monitor;
pub mod ordered_cell;
pub mod pipe;
pub mod rwlock;
pub mod rwlock_line;
pub mod select_wait;
pub mod semaphore;
pub mod signal_waiters;
pub mod stored_items;
pub mod wait_group;
pub mod wait_queue;
pub mod wake_counter;
