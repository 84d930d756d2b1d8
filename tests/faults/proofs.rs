//! Deadlocks and stalls that must be found.
