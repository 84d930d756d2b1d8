//! Tests of the model through its public interface: messages in, answers out.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may fail, and says what it counted")]

mod accounting;
mod change;
mod deadlocks;
mod findings;
mod lanes;
mod load;
mod loops;
mod many;
mod merge;
mod resources;
mod script;
mod shared;
mod signals;
mod stall_pipes;
