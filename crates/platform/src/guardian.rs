//! The guardian: a small process that cleans up if this process dies by `SIGKILL`, a fault or an abort.
//!
//! It exists while the cleanup list is not empty. It receives each new version of the whole list through a pipe, and
//! cleans up if the pipe closes or this process dies while the list is not empty. It has a session of its own, so that
//! signals to everything on the terminal do not reach it, and job control does not keep it from restoring the terminal.
//! A guardian that is killed is replaced.
#![expect(unsafe_code, reason = "leaving the session between fork and exec, and ignoring signals")]

use std::ffi::OsStr;
use std::fs;
use std::io::{self, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, WaitId, WaitIdOptions, setsid, waitid};
use serde::{Deserialize, Serialize};

use super::guardian_channel::GuardianChannel;
use super::helper_program::helper_command;
use super::process::{LAUNCHED_PIDS, exit_now, set_process_name};
use super::process_tag::kill_tagged;
use super::tty::{TerminalModes, write_with_timeout};

/// The first argument of a guardian process; the second is the number of the process that it guards.
pub const GUARDIAN_ARG: &str = "guardian";

/// The guardian's process name, which differs from ours so that `pkill -9 contend` does not kill it.
const GUARDIAN_NAME: &str = "guardian";

/// How often a killed guardian is replaced.
const MAX_RESTARTS: u32 = 8;

/// How long a guardian waits for a terminal that does not read, or for a directory that is still in use.
const CLEANUP_TIMEOUT: Duration = Duration::from_secs(2);

/// The things to clean up after a violent death.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CleanupList {
    pub terminal: Option<TerminalRestore>,
    /// Tags of the runs whose processes to kill, see [`super::new_process_tag`].
    pub runs: Vec<String>,
    /// Directories to remove, as the bytes of their paths.
    pub directories: Vec<Vec<u8>>,
}

/// How to restore the terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalRestore {
    /// Its original modes, to be set on our standard input.
    pub modes: TerminalModes,
    /// Bytes to write to our standard output.
    pub exit_sequence: Vec<u8>,
}

impl CleanupList {
    const NONE: Self = Self { terminal: None, runs: Vec::new(), directories: Vec::new() };

    /// Sends the list to a guardian. If the guardian was just killed, its replacement gets the list.
    fn send(&self, pipe: &mut PipeWriter) {
        if let Ok(bytes) = postcard::to_stdvec(self) {
            let length = (bytes.len() as u32).to_le_bytes();
            let _ = pipe.write_all(&[&length[..], &bytes].concat());
        }
    }
}

/// The guardian of this process. There is one terminal, so there is one guardian.
struct GuardianState {
    cleanup: CleanupList,
    image: Option<PathBuf>,
    guardian: Option<(Child, PipeWriter)>,
    restarts: u32,
}

static GUARDIAN_STATE: Mutex<GuardianState> =
    Mutex::new(GuardianState { cleanup: CleanupList::NONE, image: None, guardian: None, restarts: 0 });

/// Changes the cleanup list. Starts the guardian if the list is no longer empty, ends it if the list is empty. `image`
/// is the program to start the guardian from, by default the one that all helpers are started from.
///
/// # Errors
/// If the system cannot start another process: then nothing is cleaned up after a violent death.
pub fn update_cleanup(image: Option<&Path>, change: impl FnOnce(&mut CleanupList)) -> io::Result<()> {
    let mut state = lock_state();
    change(&mut state.cleanup);
    if state.cleanup == CleanupList::NONE {
        state.stop_guardian();
        return Ok(());
    }
    if state.guardian.is_none() {
        state.image = image.map(Path::to_owned);
        return state.start_guardian();
    }
    let GuardianState { cleanup, guardian, .. } = &mut *state;
    if let Some((_, pipe)) = guardian {
        cleanup.send(pipe);
    }
    Ok(())
}

/// Returns whether everything would be cleaned up if this process were killed now.
pub fn is_guarded() -> bool {
    let state = lock_state();
    state.cleanup == CleanupList::NONE || state.guardian.is_some()
}

/// Locks the state. A poisoned lock is fine: nothing that could panic leaves the state half changed.
fn lock_state() -> MutexGuard<'static, GuardianState> {
    GUARDIAN_STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl GuardianState {
    fn start_guardian(&mut self) -> io::Result<()> {
        let mut command = helper_command(self.image.as_deref(), [GUARDIAN_ARG, &std::process::id().to_string()])?;
        let (reader, mut pipe) = io::pipe()?;
        self.cleanup.send(&mut pipe); // before the guardian starts, so that it always has a list
        let terminal = io::stdin().as_fd().try_clone_to_owned()?;
        // The guardian writes to the terminal on standard output, and sets its modes on standard error, which is our
        // input.
        command.stdin(reader).stderr(terminal);
        // SAFETY: between fork and exec there is one system call; nothing allocates or locks.
        unsafe { command.pre_exec(|| Ok(setsid().map(drop)?)) };
        let mut launched = LAUNCHED_PIDS.lock().unwrap_or_else(PoisonError::into_inner);
        let child = command.spawn()?;
        let pid = child.id();
        launched.insert(pid); // so that it does not count as left behind by a command
        drop(launched);
        self.guardian = Some((child, pipe));
        thread::Builder::new().name("guardian".into()).stack_size(64 << 10).spawn(move || replace_when_dead(pid))?;
        Ok(())
    }

    /// Ends the guardian and waits for it, which takes a fraction of a millisecond, so that nothing is left when we
    /// end.
    fn stop_guardian(&mut self) {
        if let Some((mut child, pipe)) = self.guardian.take() {
            let _ = child.kill();
            drop(pipe);
            let _ = child.wait();
            LAUNCHED_PIDS.lock().unwrap_or_else(PoisonError::into_inner).remove(&child.id());
        }
    }
}

/// Waits for the end of the guardian with this number. Starts a new one if another process killed it.
fn replace_when_dead(pid: u32) {
    if let Some(pid) = Pid::from_raw(pid as i32) {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let _ = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(pid), options));
    }
    let mut state = lock_state();
    if state.guardian.as_ref().is_some_and(|(child, _)| child.id() == pid) {
        state.stop_guardian();
        state.restarts += 1;
        if state.restarts <= MAX_RESTARTS {
            let _ = state.start_guardian();
        }
    }
}

/// Runs the guardian process. Never returns.
pub fn guardian_main(parent: Option<u32>) -> ! {
    for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM, libc::SIGTSTP, libc::SIGPIPE] {
        // SAFETY: sets a disposition, before any thread is started.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
    set_process_name(GUARDIAN_NAME);
    if let Ok(channel) = GuardianChannel::from_stdin(parent) {
        let mut cleanup = CleanupList::NONE;
        while channel.wait_for_message()
            && let Some(next) = receive(&channel.pipe)
        {
            cleanup = next;
        }
        channel.kill_copies();
        clean_up(&cleanup);
    }
    exit_now(0)
}

/// Receives the next list. `None` once the pipe is closed.
fn receive(mut from: impl Read) -> Option<CleanupList> {
    let mut length = [0; 4];
    from.read_exact(&mut length).ok()?;
    let mut bytes = Vec::new();
    let length = u64::from(u32::from_le_bytes(length));
    from.take(length).read_to_end(&mut bytes).ok()?;
    postcard::from_bytes(&bytes).ok()
}

fn clean_up(cleanup: &CleanupList) {
    if let Some(terminal) = &cleanup.terminal {
        let _ = terminal.modes.restore(io::stderr()); // first, since it cannot block
        let _ = write_with_timeout(io::stdout(), &terminal.exit_sequence, CLEANUP_TIMEOUT);
    }
    if !cleanup.runs.is_empty() {
        kill_tagged(&cleanup.runs);
    }
    for directory in &cleanup.directories {
        remove_run_directory(Path::new(OsStr::from_bytes(directory)));
    }
}

/// Removes a directory of a run. Repeats that, since processes that write there may take a moment to die.
fn remove_run_directory(directory: &Path) {
    let started = Instant::now();
    while !matches!(fs::remove_dir_all(directory), Err(error) if error.kind() == io::ErrorKind::NotFound)
        && started.elapsed() < CLEANUP_TIMEOUT
    {
        thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleanup_list_is_received_whole_or_not_at_all() {
        let cleanup = CleanupList {
            terminal: None,
            runs: vec!["7-7-7".into(), "8-8-8".into()],
            directories: vec![vec![b'/', 0xff]],
        };
        let bytes = postcard::to_stdvec(&cleanup).expect("plain data");
        let framed = [&(bytes.len() as u32).to_le_bytes()[..], &bytes].concat();
        assert_eq!(receive(framed.as_slice()), Some(cleanup));
        for cut in 0..framed.len() {
            assert_eq!(receive(&framed[..cut]), None, "cut at {cut}");
        }
    }
}
