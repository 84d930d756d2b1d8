//! Tests of the dashboard in a pseudo-terminal: keys, bursts of input, and every way to end.

#[path = "../support/mod.rs"]
mod support;

mod bursts;
mod dashboard;
mod deaths;
mod demo;

use portable_pty::CommandBuilder;
use support::pty::Pty;

/// Starts bash, and in it a dashboard, which shows a run.
fn dashboard_in_shell() -> Pty {
    let mut shell = CommandBuilder::new("bash");
    shell.args(["--norc", "--noprofile", "-i"]);
    shell.env("PS1", "shell> ");
    let mut tty = Pty::start(shell, 24, 100);
    tty.wait_for_text("shell>");
    tty.type_keys(&format!("{} run --no-ask lock-contention\r", env!("CARGO_BIN_EXE_contend")));
    tty.wait_for_text("teller-3");
    tty
}
