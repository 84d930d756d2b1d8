//! Ending processes, and being sure that they ended.
#![expect(unsafe_code, reason = "resetting signal dispositions and leaving at once")]

use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{
    Pid, Resource, Rlimit, Signal, WaitOptions, getpid, getrlimit, kill_process_group, set_child_subreaper, setrlimit,
    waitpgid,
};

/// Orphans among our descendants become our children instead of init's, so that none is lost from sight.
pub fn become_subreaper() {
    let _ = set_child_subreaper(Some(getpid()));
}

/// Sends `SIGKILL` to a process. Nothing happens if it is gone.
pub fn kill_process(pid: u32) {
    if let Some(pid) = Pid::from_raw(pid as i32) {
        let _ = rustix::process::kill_process(pid, Signal::KILL);
    }
}

/// Sends a signal to every process of a group.
pub fn kill_group(leader: u32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(leader as i32) {
        let _ = kill_process_group(pid, signal);
    }
}

/// How long to wait for killed processes to be gone: only one stuck in the kernel takes longer than a moment.
const GONE_WITHIN: Duration = Duration::from_secs(2);

/// Kills the processes of `group` that became our children when their parent died, and waits until they are gone.
/// Returns how many there were.
pub fn reap_adopted(group: u32) -> usize {
    let Some(group) = Pid::from_raw(group as i32) else { return 0 };
    let _ = kill_process_group(group, Signal::KILL);
    let until = Instant::now() + GONE_WITHIN;
    let mut found = 0;
    loop {
        match waitpgid(group, WaitOptions::NOHANG) {
            Ok(Some(_)) => found += 1,
            Ok(None) if Instant::now() < until => std::thread::sleep(Duration::from_micros(200)),
            Ok(None) | Err(_) => return found, // an error: there is no such child any more
        }
    }
}

/// Leaves at once: no destructor runs, no buffer is flushed. For a process whose threads may be deadlocked.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: ends the process.
    unsafe { libc::_exit(code) }
}

/// Undoes what a parent may have left us: ignored or blocked signals.
pub fn reset_signals() {
    // SAFETY: sets default dispositions and an empty mask before any thread is started.
    unsafe {
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
        let mut none = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
    }
}

/// Lets this process open as many files as the system lets it: a thousand waits are a thousand descriptors.
pub fn allow_many_files() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// The kernel's number of the calling thread.
pub fn thread_id() -> u32 {
    rustix::thread::gettid().as_raw_nonzero().get() as u32
}

/// A pipe whose ends no child inherits by accident: (read end, write end).
///
/// # Errors
/// When there are no descriptors left.
pub fn close_on_exec_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(pipe_with(PipeFlags::CLOEXEC)?)
}
