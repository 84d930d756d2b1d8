//! See threads and processes contend, live, in a terminal.
//!
//! The modules below are layers: each may import those above it, never one below. `ARCHITECTURE.md` says what each is
//! for, and `tests/layers.rs` holds the rule.

pub mod engine;
pub mod model;
pub mod platform;
pub mod scenario;
pub mod source;
pub mod trace;
