//! A broken or hostile producer: whatever the rings hold or the pipe delivers, the viewer continues, keeps its memory
//! limit, and accounts for all it saw.
//!
//! The ignored test (`cargo test --test reliability hostile -- --ignored --nocapture`) runs ten million inputs of each
//! kind.
#![allow(clippy::print_stdout, reason = "the figures of the long form")]

mod fed;
use crate::support::program;
mod rings;
mod runner;
mod streams;

/// Number of inputs of each kind, in the default and in the ignored tests.
const FEW: usize = 40_000;
const MANY: usize = 10_000_000;

#[test]
#[ignore = "ten million inputs take minutes"]
fn ten_million_hostile_inputs_of_each_kind_are_survived() {
    rings::hostile(MANY);
    streams::damaged(MANY);
}
