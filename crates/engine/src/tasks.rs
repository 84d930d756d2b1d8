//! Tasks of a pool: submitting them, running them, settling their results.

pub mod help;
pub mod nested_tasks;
pub mod run_tasks;
pub mod settle;
pub mod submit;
