//! See threads and processes contend, live, in a terminal.
//!
//! The modules are layers: platform, trace, scenario, model, engine, source, recording, playback, demo, report, tune,
//! diff, tui, export, cli. Each may import those before it, never one after. `ARCHITECTURE.md` says what each is for,
//! and `tests/interface/layers.rs` holds the rule.

pub mod catalogue;
pub mod cli;
pub mod config;
pub mod demo;
pub mod diff;
pub use contend_engine as engine;
pub use contend_model as model;
pub use contend_platform as platform;
pub use contend_playback as playback;
pub mod export;
pub mod report;
pub use contend_recording as recording;
pub use contend_scenario as scenario;
pub use contend_source as source;
pub use contend_trace as trace;
pub mod tui;
pub mod tune;

pub use engine::helpers;
