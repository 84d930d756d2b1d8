//! Helper processes: the runner of a scenario, its worker processes, and the guardian that cleans up after a crash.
//!
//! They run the same program again. A program that runs scenarios therefore calls [`run_if_helper`]
//! (`contend::helpers::run_if_helper`) first in `main`:
//!
//! ```no_run
//! contend_engine::helpers::run_if_helper();
//! // The program's own work follows.
//! ```
//!
//! A program that cannot do that sets the path of `contend` with [`set_helper_program`]. Without either, starting a run
//! is an error.

use std::path::PathBuf;

pub use crate::protocol::RUNNER_ARG;
use crate::protocol::WORKER_ARG;
use crate::runner::runner_main;
use crate::worker_process::worker_main;
use contend_platform::{
    GUARDIAN_ARG, enter_helper, exit_now, guardian_main, ignore_file_size_signal, set_process_name,
};

/// Runs the main function of a helper, and does not return, if this process was started as one. Otherwise returns at
/// once, and helpers can be started from this program from here on. Call it before `main` does anything else: a helper
/// must not use the terminal, the environment, or its arguments.
pub fn run_if_helper() {
    ignore_file_size_signal();
    let Some(args) = enter_helper() else { return };
    match args.first().map(String::as_str) {
        Some(RUNNER_ARG) => {
            set_process_name("contend: runner");
            runner_main()
        }
        Some(WORKER_ARG) => {
            set_process_name(args.get(1).map_or("contend: worker", String::as_str));
            worker_main()
        }
        Some(GUARDIAN_ARG) => guardian_main(args.get(1).and_then(|pid| pid.parse().ok())),
        _ => exit_now(2),
    }
}

/// Sets the program from which this process starts its helpers: `contend`, or one that calls [`run_if_helper`].
pub fn set_helper_program(path: impl Into<PathBuf>) {
    contend_platform::set_helper_program(path);
}
