//! The mutexes that a scenario can compare, and the locks that a worker holds.

pub mod any_mutex;
pub mod held_lock;
