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

/// Kills our children that carry this mark in their environment, and all they leave behind, and waits until they are gone.
/// Those are commands that left their process group, so that nothing else tells whose they are.
pub fn reap_marked(mark: u32) {
    let mark = format!("{}={mark}", super::command::MARK);
    let until = Instant::now() + GONE_WITHIN;
    while Instant::now() < until {
        let left: Vec<Pid> = children().filter(|pid| has_mark(*pid, mark.as_bytes())).collect();
        if left.is_empty() {
            return;
        }
        for pid in left {
            let _ = rustix::process::kill_process(pid, Signal::KILL);
            let _ = rustix::process::waitpid(Some(pid), WaitOptions::empty());
        }
    }
}

/// All processes whose parent we are.
fn children() -> impl Iterator<Item = Pid> {
    let us = getpid().as_raw_nonzero().get();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(move |pid| parent(*pid) == Some(us)).filter_map(Pid::from_raw)
}

/// The fourth field of `/proc/PID/stat`; the second is a name in parentheses that may have anything in it.
fn parent(pid: i32) -> Option<i32> {
    let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    let name_ends = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(&stat[name_ends + 1..]).ok()?;
    rest.split_whitespace().nth(1)?.parse().ok()
}

fn has_mark(pid: Pid, mark: &[u8]) -> bool {
    let environ = std::fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero())).unwrap_or_default();
    environ.split(|byte| *byte == 0).any(|entry| entry == mark)
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
