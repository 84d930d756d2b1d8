//! Tests of the model through its public interface: messages in, answers out.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests may panic, and print what they measured")]

mod arrival_order;
mod churn;
mod cpu_accounting;
mod deadlocks;
mod event_loops;
mod findings;
mod hostile_names;
mod lanes;
mod lock_machine;
mod long_hold_lists;
mod long_run;
mod many_holders;
mod marks;
mod memory_budget;
mod open_programs;
mod open_registry;
#[path = "../../../../tests/support/plural.rs"]
mod plural;
mod program_findings;
mod resources;
mod script;
#[path = "../../../../tests/support/seeds.rs"]
mod seeds;
mod semaphores_and_rwlocks;
mod settings_change;
mod signals;
mod stall_pipes;
mod thresholds;
mod wait_anatomy;
#[path = "../../../../tests/support/whole.rs"]
mod whole;
