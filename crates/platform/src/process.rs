//! Ending processes, and being sure that they ended.
#![expect(unsafe_code, reason = "resetting signal dispositions and leaving at once")]

use std::collections::BTreeSet;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{
    Pid, Resource, Rlimit, Signal, WaitId, WaitIdOptions, WaitOptions, getpid, getrlimit, kill_process_group,
    set_child_subreaper, set_parent_process_death_signal, setrlimit, test_kill_process, waitid, waitpgid,
};
use signal_hook::consts::SIGTERM;

use super::session::session_of;

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
/// Returns how many there were. A group without a child of ours is let alone: its number may come from memory that a
/// broken process wrote to.
pub fn reap_adopted(group: u32) -> usize {
    let Some(group) = i32::try_from(group).ok().and_then(Pid::from_raw) else { return 0 };
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    if waitid(WaitId::Pgid(Some(group)), look).is_err() {
        return 0;
    }
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

/// Kills our children that came to us from another one, when it died: those in sessions other than ours that nobody
/// launched, and that are no older than `since` on [`started`]'s clock. And all they leave behind. Waits until they are gone.
///
/// Those are what commands left who did all to get away: who starts a session of its own, lets its parent die and forgets
/// its environment still cannot choose whose child it becomes.
pub fn reap_strangers(since: u64) {
    let us = session_of(getpid());
    end_children(|launched, child| {
        let ours = session_of(child) == us;
        !ours && !launched.contains(&number(child)) && started(number(child)).is_some_and(|at| at >= since)
    });
}

/// Ends all that descends from us, for a process that is about to end: nothing is started here any more. Whoever calls it
/// while another thread is at it waits for ever: the first one ends the process.
pub fn end_descendants() {
    become_subreaper();
    let closed = STARTING.write().unwrap_or_else(PoisonError::into_inner);
    std::mem::forget(closed);
    end_children(|_, _| true);
}

/// Kills those of our children that are meant, and waits until there are none.
fn end_children(meant: impl Fn(&BTreeSet<u32>, Pid) -> bool) {
    let until = Instant::now() + GONE_WITHIN;
    while Instant::now() < until {
        let left: Vec<Pid> = {
            let launched = LAUNCHED.lock().unwrap_or_else(PoisonError::into_inner);
            children().filter(|child| meant(&launched, *child)).collect()
        };
        if left.is_empty() {
            return;
        }
        for pid in left {
            let _ = rustix::process::kill_process(pid, Signal::KILL);
            let _ = rustix::process::waitpid(Some(pid), WaitOptions::empty());
        }
    }
}

/// Held while something is started.
pub(super) static STARTING: RwLock<()> = RwLock::new(());

/// Processes that were started in sessions of their own and that have not been waited for.
pub(super) static LAUNCHED: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// All processes there are.
pub(super) fn processes() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// All processes whose parent we are.
fn children() -> impl Iterator<Item = Pid> {
    let us = u64::from(number(getpid()));
    processes().filter(move |pid| field(*pid, PARENT) == Some(us)).filter_map(|pid| Pid::from_raw(pid as i32))
}

/// Whether the system shows its processes: without that nobody finds what a command has left behind.
pub fn shows_processes() -> bool {
    started(std::process::id()).is_some()
}

/// Whether there is such a process, seen or not.
pub fn exists(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| test_kill_process(pid) != Err(Errno::SRCH))
}

/// When a process was started, in ticks of the system since it was booted.
pub fn started(pid: u32) -> Option<u64> {
    field(pid, STARTED)
}

/// Fields of `/proc/PID/stat`, counted from the one behind the name.
const PARENT: usize = 1;
const STARTED: usize = 19;

/// The second field is a name in parentheses that may have anything in it.
fn field(pid: u32, at: usize) -> Option<u64> {
    let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    let name_ends = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(&stat[name_ends + 1..]).ok()?;
    rest.split_whitespace().nth(at)?.parse().ok()
}

fn number(pid: Pid) -> u32 {
    pid.as_raw_nonzero().get() as u32
}

/// Has the system send `SIGTERM` instead of killing us when our parent dies, and ends all that descends from us before
/// that ends us. To be called by the first thread.
///
/// # Errors
/// If the system has no room for another thread.
pub fn end_with_parent_cleanly() -> io::Result<()> {
    let mut signals = signal_hook::iterator::Signals::new([SIGTERM])?;
    std::thread::Builder::new().name("end".into()).spawn(move || {
        for signal in signals.forever() {
            end_descendants();
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    })?;
    set_parent_process_death_signal(Some(Signal::TERM))?;
    Ok(())
}

/// Leaves at once: no destructor runs, no buffer is flushed. For a process whose threads may be deadlocked.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: ends the process.
    unsafe { libc::_exit(code) }
}

/// Has a write beyond the limit of a file's size fail, instead of ending this process without a word.
pub fn fail_beyond_file_limit() {
    // SAFETY: a plain disposition.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
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

/// Names this process in lists that show the kernel's short name: its first 15 bytes.
pub fn show_as(name: &str) {
    let end = name.floor_char_boundary(15);
    if let Ok(name) = std::ffi::CString::new(&name[..end]) {
        let _ = rustix::thread::set_name(&name);
    }
}

/// A pipe whose ends no child inherits by accident: (read end, write end).
///
/// # Errors
/// When there are no descriptors left.
pub fn close_on_exec_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(pipe_with(PipeFlags::CLOEXEC)?)
}
