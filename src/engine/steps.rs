//! The steps of each family of primitives.

mod rwlock;
mod semaphore;
