//! The program that helper processes (runner, worker, guardian) are started from.
//!
//! A helper runs the same program again. That is safe only if the program's `main` first calls the helper's code.
//! Otherwise each helper would do the program's own work again, start helpers for it, and so on without end. So helpers
//! start only after the program has called [`enter_helper`], or from the path of a program that does. Two more checks
//! prevent endless starts: a process that was started as a helper but did not act as one starts nothing, and each
//! helper counts the helpers above it.
#![expect(unsafe_code, reason = "reading the path that the program was started from")]

use std::ffi::{CStr, OsStr};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// `argv[0]` of every helper: with the arguments behind it, a process list shows `contend: runner deadlock`.
const HELPER: &str = "contend:";

/// The environment variable with the number of helpers above a process.
const DEPTH: &str = "CONTEND_DEPTH";

/// A runner is at depth 1, its workers at depth 2, and a command that they run may be `contend` again.
const MAX_DEPTH: u32 = 4;

/// Whether `main` called [`enter_helper`].
static ENTERS_HELPERS: AtomicBool = AtomicBool::new(false);

/// The program that helpers are started from, if not the running one.
static PROGRAM: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Declares that `main` runs helpers before anything else. Returns the arguments of a helper, its role and a name to
/// show, and `None` in a process that is not a helper.
pub fn enter_helper() -> Option<Vec<String>> {
    ENTERS_HELPERS.store(true, Ordering::Release);
    is_helper().then(|| std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect())
}

/// Sets the program that helpers are started from: `contend`, or one whose `main` runs helpers first.
pub fn set_helper_program(path: impl Into<PathBuf>) {
    *PROGRAM.lock().unwrap_or_else(PoisonError::into_inner) = Some(path.into());
}

/// Returns whether this process was started as a helper.
fn is_helper() -> bool {
    std::env::args_os().next().is_some_and(|name| name == HELPER)
}

/// Returns the command that starts a helper with these arguments, from `image` or the program that helpers are started
/// from.
///
/// # Errors
/// If this program does not run helpers and no other program is set, or if too many helpers are above this process.
pub(super) fn helper_command(
    image: Option<&Path>,
    args: impl IntoIterator<Item = impl AsRef<OsStr>>,
) -> io::Result<Command> {
    let enters_helpers = ENTERS_HELPERS.load(Ordering::Acquire);
    if is_helper() && !enters_helpers {
        return Err(io::Error::other(
            "this process was started as a helper of contend, but its `main` does not call \
             `contend::helpers::run_if_helper()`",
        ));
    }
    let depth = next_depth(std::env::var(DEPTH).ok().as_deref())?;
    let set = || PROGRAM.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let image = match image.map(Path::to_owned).or_else(set) {
        Some(image) => image,
        None if enters_helpers => running_image()?,
        None => {
            return Err(io::Error::other(
                "helpers cannot be started from this program, because its `main` does not run them: call \
                 `contend::helpers::run_if_helper()` first in `main`, or `contend::helpers::set_helper_program` with \
                 the path of `contend`",
            ));
        }
    };
    let mut command = Command::new(image);
    command.arg0(HELPER).args(args).env(DEPTH, depth.to_string());
    Ok(command)
}

/// Returns the depth of a helper whose parent has this depth.
fn next_depth(ours: Option<&str>) -> io::Result<u32> {
    let depth = ours.map_or(Some(0), |depth| depth.parse::<u32>().ok()).unwrap_or(u32::MAX);
    if depth >= MAX_DEPTH {
        let text = format!("contend runs inside of contend, nested too deeply ({DEPTH} is {MAX_DEPTH} or more)");
        return Err(io::Error::other(text));
    }
    Ok(depth + 1)
}

/// Returns a path to the running program: `/proc/self/exe`, which works even if the file was replaced or deleted, or
/// without `/proc` the path it was started from.
fn running_image() -> io::Result<PathBuf> {
    const EXE_LINK: &str = "/proc/self/exe";
    if std::fs::exists(EXE_LINK).unwrap_or(false) {
        return Ok(PathBuf::from(EXE_LINK));
    }
    exec_path().map_or_else(std::env::current_exe, Ok)
}

/// Returns the path that was passed to `execve`, which the kernel stores beside the arguments.
///
/// Not by rustix's `linux_execfn`: before Linux 6.4 that needs `/proc`.
fn exec_path() -> Option<PathBuf> {
    // SAFETY: reads a word of our own memory; 0 if there is no such entry.
    let path = unsafe { libc::getauxval(libc::AT_EXECFN) } as *const libc::c_char;
    // SAFETY: not null, it is a string that ends in a zero, placed on the stack before the first instruction for as
    // long as the process lives.
    let path = (!path.is_null()).then(|| unsafe { CStr::from_ptr(path) })?;
    Some(PathBuf::from(OsStr::from_bytes(path.to_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_and_limited() {
        assert_eq!(next_depth(None).ok(), Some(1));
        assert_eq!(next_depth(Some("3")).ok(), Some(4));
        for too_deep in ["4", "5", "4294967295", "99999999999", "-1", "x", ""] {
            let error = next_depth(Some(too_deep)).expect_err(too_deep);
            assert!(error.to_string().contains("nested too deeply"), "{error}");
        }
    }

    /// The `main` of a test program is that of the test harness, which runs no helpers.
    #[test]
    fn program_that_does_not_run_helpers_starts_none() {
        let error = helper_command(None, ["runner"]).expect_err("no program was given");
        assert!(error.to_string().contains("contend::helpers::run_if_helper()"), "{error}");
        let given = helper_command(Some(Path::new("/bin/true")), ["runner"]).expect("a path was given");
        assert_eq!(given.get_program(), "/bin/true");
    }
}
