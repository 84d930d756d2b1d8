//! Finishes what a dead worker left unfinished, in its name and in its ring.

pub mod dead_waiter;
pub mod nested_tasks;
