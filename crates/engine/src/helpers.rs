//! Helper processes: the runner of a scenario, its worker processes, and the guardian that cleans up after a crash.
//!
//! They run the same program again. A program that runs scenarios therefore calls [`run_if_helper`] (`contend::helpers::run_if_helper`)
//! first in `main`:
//!
//! ```no_run
//! contend_engine::helpers::run_if_helper();
//! // The program's own work follows.
//! ```
//!
//! One that cannot do that names the path of `contend` with [`set_helper_program`]. Without either, starting a run is an error.

use std::path::PathBuf;

use super::runner::runner_main;
use super::worker_process::worker_main;
use contend_platform::{
    GUARDIAN_ARG, enter_helper, exit_now, guardian_main, ignore_file_size_signal, set_process_name,
};

/// First argument of a runner process; the second is the scenario's name.
pub const RUNNER_ARG: &str = "runner";
/// First argument of a worker process; the second is the worker's name.
pub(crate) const WORKER_ARG: &str = "worker";

/// Does a helper's work if this process was started as one, and does not return then. Otherwise returns at once, and
/// helpers can be started from this program from here on. Call it before `main` does anything else: a helper must not look
/// at the terminal, the environment, or its arguments.
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

/// Starts all helpers of this process from the program at `path`: `contend`, or one that calls [`run_if_helper`].
pub fn set_helper_program(path: impl Into<PathBuf>) {
    contend_platform::set_helper_program(path);
}
