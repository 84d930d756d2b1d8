//! The `contend` program. It also serves as its own helper processes: runner, workers and guardian.

use std::process::ExitCode;

fn main() -> ExitCode {
    contend::helpers::run_if_helper();
    contend::cli::main()
}
