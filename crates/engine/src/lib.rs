//! Runs a checked scenario on real threads and real processes, and records what they do.
//!
//! The runner is a process of its own: a deadlock in it can be a real one, ended by ending the process. It gets the
//! checked scenario, never a path to one.

mod actor;
mod birth;
mod block_on;
mod dead_waiter;
mod deal;
mod ends;
mod event_loop;
mod feeder;
mod files;
mod fill;
mod handover;
pub mod helpers;
mod hold;
mod http;
mod lock;
mod manager;
mod need;
mod nested;
mod payload;
mod picture;
mod plan;
mod pool;
mod process;
mod progress;
mod pulse;
mod queue;
mod recorder;
mod results;
mod run;
mod runner;
mod seat;
mod server;
mod shared;
mod sieve;
mod steps;
mod wire;
mod work;

pub use files::{Job, JobError};
pub use lock::{Held, Lock};
pub use need::Need;
pub use plan::{Part, Plan, PlanError};
pub use recorder::Recorder;
pub use shared::lacking::{can_lack, lacking};
pub use wire::{Down, Start, Up};
