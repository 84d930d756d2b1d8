//! The program. Runner, worker and guardian processes are this same binary, told by their first argument.

use std::process::ExitCode;

fn main() -> ExitCode {
    // First of all: a process of a run must not look at the terminal, the environment or the rest of its arguments.
    let mut args = std::env::args_os().skip(1).map(|arg| arg.into_string().unwrap_or_default()); // ours are text
    match (args.next().as_deref(), args.next()) {
        (Some(contend::engine::RUNNER), _) => contend::engine::runner_main(),
        (Some(contend::engine::WORKER), Some(lane)) => contend::engine::worker_main(&lane, args.next().as_deref()),
        (Some(contend::platform::GUARDIAN), _) => contend::platform::guardian_main(),
        _ => contend::cli::main(),
    }
}
