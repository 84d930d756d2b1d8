//! What workers do, one family of steps a file.

mod chance;
mod question;
mod queue;
mod real;
mod rwlock;
mod semaphore;
mod signal;
