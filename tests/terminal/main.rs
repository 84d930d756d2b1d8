//! Tests of the dashboard in a pseudo-terminal: keys, bursts of input, and every way to end.

#[path = "../support/mod.rs"]
mod support;

mod bursts;
mod dashboard;
mod deaths;
