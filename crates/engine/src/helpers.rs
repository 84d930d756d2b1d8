//! Helper processes: the runner of a scenario, its worker processes, and the guardian that cleans up after a crash.
//!
//! They run the same program again. A program that runs scenarios therefore calls [`enter`] (`contend::helpers::enter`)
//! first in `main`:
//!
//! ```no_run
//! contend_engine::helpers::enter();
//! // The program's own work follows.
//! ```
//!
//! One that cannot do that names the path of `contend` with [`start_from`]. Without either, starting a run is an error.

use std::path::PathBuf;

use super::process::worker_main;
use super::runner::runner_main;
use contend_platform::{
    GUARDIAN, exit_now, fail_beyond_file_limit, guardian_main, hand_over, show_as, start_helpers_from,
};

/// First argument of a runner process; the second is the scenario's name.
pub const RUNNER: &str = "runner";
/// First argument of a worker process; the second is the worker's name.
pub(crate) const WORKER: &str = "worker";

/// Does a helper's work if this process was started as one, and does not return then. Otherwise returns at once, and
/// helpers can be started from this program from here on. Call it before `main` does anything else: a helper must not look
/// at the terminal, the environment, or its arguments.
pub fn enter() {
    fail_beyond_file_limit();
    let Some(args) = hand_over() else { return };
    match args.first().map(String::as_str) {
        Some(RUNNER) => {
            show_as("contend: runner");
            runner_main()
        }
        Some(WORKER) => {
            show_as(args.get(1).map_or("contend: worker", String::as_str));
            worker_main()
        }
        Some(GUARDIAN) => guardian_main(args.get(1).and_then(|pid| pid.parse().ok())),
        _ => exit_now(2),
    }
}

/// Starts all helpers of this process from the program at `path`: `contend`, or one that calls [`enter`].
pub fn start_from(path: impl Into<PathBuf>) {
    start_helpers_from(path);
}
