//! Inputs that nobody wrote, for all that reads what comes from outside: shared memory, the runner's messages, scenarios.
//! What is typed is tried beside the screen, in `src/tui/tests/typing.rs`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a test says what it did")]

mod drive;
mod events;
mod frames;
mod memory;
mod scenarios;
