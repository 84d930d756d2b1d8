//! The program. Runner, worker and guardian processes are this same binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    contend::helpers::run_if_helper();
    contend::cli::main()
}
