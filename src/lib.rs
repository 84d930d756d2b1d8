//! See threads and processes contend, live, in a terminal.
//!
//! The modules are layers: platform, trace, scenario, model, engine, source, report, tui, cli. Each may import those
//! before it, never one after. `ARCHITECTURE.md` says what each is for, and `tests/layers.rs` holds the rule.

pub mod cli;
pub mod engine;
pub mod model;
pub mod platform;
pub mod report;
pub mod scenario;
pub mod source;
pub mod trace;
pub mod tui;
pub mod tune;

pub use engine::helpers;
