//! The program that helper processes (runner, worker, guardian) are started from.
//!
//! A helper runs the same program again. That is safe only if the program's `main` hands over to the helper before it does
//! anything else: one that does not would do its own work again in each helper, start helpers for that, and so on without
//! end. So nothing is started unless the program has shown that it hands over, see [`hand_over`], or the path of one that
//! does was given. Two more checks stand behind this one: a process that was started as a helper and did not act as one starts
//! nothing, and each level of helpers knows its depth.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::child::running_image;

/// `argv[0]` of every helper: with the role behind it, a list of processes shows `contend: runner deadlock`.
const HELPER: &str = "contend:";

/// The environment variable with the number of helpers above a process.
const DEPTH: &str = "CONTEND_DEPTH";

/// A runner is at depth 1, its workers are at depth 2, and a command of theirs may run another scenario.
const DEEPEST: u32 = 4;

/// Whether `main` hands over to helpers.
static HANDS_OVER: AtomicBool = AtomicBool::new(false);

/// A program that helpers are to be started from instead of the running one.
static PROGRAM: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Declares that `main` does what a helper's arguments ask before it does anything else, and returns these arguments: the
/// role, and the name to show behind it. `None` in a process that is no helper.
pub fn hand_over() -> Option<Vec<String>> {
    HANDS_OVER.store(true, Ordering::Release);
    is_helper().then(|| std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect())
}

/// Has helpers started from the program at `path`, which must be `contend` or hand over as `contend` does.
pub fn start_helpers_from(path: impl Into<PathBuf>) {
    *PROGRAM.lock().unwrap_or_else(PoisonError::into_inner) = Some(path.into());
}

/// Whether this process was started as a helper.
fn is_helper() -> bool {
    std::env::args_os().next().is_some_and(|name| name == HELPER)
}

/// The command that starts a helper in this role, from `image` or the program that helpers are started from.
///
/// # Errors
/// If no program has shown that it hands over to helpers, or too many helpers are above this process.
pub(super) fn helper(image: Option<&Path>, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> io::Result<Command> {
    let hands_over = HANDS_OVER.load(Ordering::Acquire);
    if is_helper() && !hands_over {
        return Err(io::Error::other(
            "this process was started as a helper of contend, but its `main` does not call `contend::helpers::enter()`",
        ));
    }
    let depth = depth_below(std::env::var(DEPTH).ok().as_deref())?;
    let set = || PROGRAM.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let image = match image.map(Path::to_owned).or_else(set) {
        Some(image) => image,
        None if hands_over => running_image()?,
        None => {
            return Err(io::Error::other(
                "this program would be started again as a helper, but its `main` does not hand over to helpers: call \
                 `contend::helpers::enter()` first in `main`, or `contend::helpers::start_from` with the path of \
                 `contend`",
            ));
        }
    };
    let mut command = Command::new(image);
    command.arg0(HELPER).args(args).env(DEPTH, depth.to_string());
    Ok(command)
}

/// The depth of a helper of a process with this depth.
fn depth_below(ours: Option<&str>) -> io::Result<u32> {
    let depth = ours.map_or(Some(0), |depth| depth.parse::<u32>().ok()).unwrap_or(u32::MAX);
    if depth >= DEEPEST {
        let text =
            format!("contend runs inside contend inside contend, and goes no deeper ({DEPTH} is {DEEPEST} or more)");
        return Err(io::Error::other(text));
    }
    Ok(depth + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_and_refused_beyond_a_run_inside_a_run() {
        assert_eq!(depth_below(None).ok(), Some(1));
        assert_eq!(depth_below(Some("3")).ok(), Some(4));
        for too_deep in ["4", "5", "4294967295", "99999999999", "-1", "x", ""] {
            let error = depth_below(Some(too_deep)).expect_err(too_deep);
            assert!(error.to_string().contains("goes no deeper"), "{error}");
        }
    }

    /// The test program's own `main` is the one of the test harness.
    #[test]
    fn a_program_that_does_not_hand_over_starts_no_helper() {
        let error = helper(None, ["runner"]).expect_err("no program was given");
        assert!(error.to_string().contains("contend::helpers::enter()"), "{error}");
        let given = helper(Some(Path::new("/bin/true")), ["runner"]).expect("a path was given");
        assert_eq!(given.get_program(), "/bin/true");
    }
}
