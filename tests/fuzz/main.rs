//! Fuzz tests of every reader of outside input: shared memory, runner messages, scenarios and recordings.
//!
//! Keys are fuzzed beside the dashboard, in `src/tui/tests/typing.rs`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a test says what it did")]

mod drive;
mod events;
mod frames;
mod memory;
mod recordings;
mod scenarios;
