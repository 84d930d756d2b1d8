//! What workers do, one family of steps a file.

mod chance;
mod real;
mod rwlock;
mod semaphore;
