//! A producer that is broken or means harm: whatever stands in the rings or comes over the pipe, the viewer goes on, takes no
//! more memory than it would, and accounts for what it saw.
//!
//! The long form (`cargo test --test reliability hostile -- --ignored --nocapture`) has ten million inputs of each sort.
#![allow(clippy::print_stdout, reason = "the figures of the long form")]

mod fed;
use crate::support::program;
mod rings;
mod runner;
mod streams;

/// Inputs of one sort in the short form, and in the long.
const FEW: usize = 40_000;
const MANY: usize = 10_000_000;

#[test]
#[ignore = "ten million inputs take minutes"]
fn ten_million_of_each() {
    rings::hostile(MANY);
    streams::damaged(MANY);
}
