//! Finding and ending processes, and settings of this process.
#![expect(unsafe_code, reason = "signal dispositions and masks, and `_exit`")]

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

/// Makes orphans among our descendants our children instead of init's, so that we can find and wait for them.
pub fn become_subreaper() {
    let _ = set_child_subreaper(Some(getpid()));
}

/// Sends `SIGKILL` to a process, if it exists.
pub fn kill_process(pid: u32) {
    if let Some(pid) = Pid::from_raw(pid as i32) {
        let _ = rustix::process::kill_process(pid, Signal::KILL);
    }
}

/// Sends `SIGKILL` to a process of this session, which is that of one run. Another process has the number by chance:
/// the one that had it has ended.
pub fn kill_process_of_session(pid: u32) {
    let session = |pid| session_of(pid).filter(|session| *session != 0);
    let is_own = |pid: &Pid| session(*pid).is_some_and(|of| Some(of) == session(getpid()));
    if Pid::from_raw(pid as i32).as_ref().is_some_and(is_own) {
        kill_process(pid);
    }
}

/// Sends a signal to every process of a group.
pub fn kill_group(leader: u32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(leader as i32) {
        let _ = kill_process_group(pid, signal);
    }
}

/// How long to wait for killed processes, and to look for those that they leave behind. Only one that is stuck in the
/// kernel takes longer: on a machine with hundreds of computing threads, a killed process dies within a second or two.
pub(super) const KILL_TIMEOUT: Duration = Duration::from_secs(20);

/// Kills the processes of `group` that became our children when their parent died, and waits until they are gone.
/// Returns their number. Ignores a group without a child of ours: the number may come from memory that a broken process
/// wrote to.
pub fn kill_adopted_group(group: u32) -> usize {
    let Some(group) = i32::try_from(group).ok().and_then(Pid::from_raw) else { return 0 };
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    if waitid(WaitId::Pgid(Some(group)), look).is_err() {
        return 0;
    }
    let _ = kill_process_group(group, Signal::KILL);
    let until = Instant::now() + KILL_TIMEOUT;
    let mut found = 0;
    loop {
        match waitpgid(group, WaitOptions::NOHANG) {
            Ok(Some(_)) => found += 1,
            Ok(None) if Instant::now() < until => std::thread::sleep(Duration::from_micros(200)),
            Ok(None) | Err(_) => return found, // an error: no such child is left
        }
    }
}

/// Kills the children that we adopted, and what they leave behind, and waits until they are gone. Adopted children are
/// those in other sessions that this process did not launch and that are no older than `since` on
/// [`process_start_time`]'s clock.
///
/// They are the remains of commands that tried to escape: a process can start its own session, let its parent die and
/// clear its environment, but it cannot choose its new parent.
pub fn kill_escaped_children(since: u64) {
    let our_session = session_of(getpid());
    kill_children(|launched, child| {
        let is_foreign = session_of(child) != our_session;
        is_foreign
            && !launched.contains(&pid_number(child))
            && process_start_time(pid_number(child)).is_some_and(|at| at >= since)
    });
}

/// Kills all our descendants, in a process that is about to end. Nothing can be started here afterwards, and a second
/// call blocks forever: the first caller ends the process.
pub fn kill_descendants() {
    become_subreaper();
    let never_released = START_LOCK.write().unwrap_or_else(PoisonError::into_inner);
    std::mem::forget(never_released);
    kill_children(|_, _| true);
}

/// Kills our children that match, given the launched processes, and waits until two searches in a row find none. One is
/// not enough: during the search, a process behind it may die and leave us a child that it has passed already.
fn kill_children(matches: impl Fn(&BTreeSet<u32>, Pid) -> bool) {
    let until = Instant::now() + KILL_TIMEOUT;
    let mut empty_searches = 0;
    while empty_searches < 2 && Instant::now() < until {
        let left: Vec<Pid> = {
            let launched = LAUNCHED_PIDS.lock().unwrap_or_else(PoisonError::into_inner);
            children().filter(|child| matches(&launched, *child)).collect()
        };
        empty_searches = if left.is_empty() { empty_searches + 1 } else { 0 };
        for pid in left {
            let _ = rustix::process::kill_process(pid, Signal::KILL);
            let _ = rustix::process::waitpid(Some(pid), WaitOptions::empty());
        }
    }
}

/// Held for reading while a process is started; [`kill_descendants`] keeps the write lock.
pub(super) static START_LOCK: RwLock<()> = RwLock::new(());

/// Processes that we started in their own sessions and have not reaped.
pub(super) static LAUNCHED_PIDS: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Lists all processes.
pub(super) fn processes() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Lists our child processes.
fn children() -> impl Iterator<Item = Pid> {
    let parent = u64::from(pid_number(getpid()));
    processes().filter(move |pid| stat_field(*pid, PARENT) == Some(parent)).filter_map(|pid| Pid::from_raw(pid as i32))
}

/// Returns a process and its descendants, parents before their children. Empty once the process is gone.
pub fn process_tree(root: u32) -> Vec<u32> {
    let parents: Vec<(u32, u64)> = processes().filter_map(|pid| Some((pid, stat_field(pid, PARENT)?))).collect();
    let mut tree: Vec<u32> = parents.iter().map(|(pid, _)| *pid).filter(|pid| *pid == root).collect();
    let mut next = 0;
    while let Some(parent) = tree.get(next).copied() {
        let children = parents.iter().filter(|(_, of)| *of == u64::from(parent)).map(|(pid, _)| *pid);
        // A number that was given again while the list was read must not make a ring.
        let new: Vec<u32> = children.filter(|pid| !tree.contains(pid)).collect();
        tree.extend(new);
        next += 1;
    }
    tree
}

/// Returns whether `/proc` shows processes. Without it, what a command leaves behind cannot be found.
pub fn has_proc() -> bool {
    process_start_time(std::process::id()).is_some()
}

/// Returns whether the process exists, even if `/proc` does not show it.
pub fn process_exists(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| test_kill_process(pid) != Err(Errno::SRCH))
}

/// Returns when a process was started, in clock ticks since boot.
pub fn process_start_time(pid: u32) -> Option<u64> {
    stat_field(pid, STARTED)
}

/// Returns whether the process is in the middle of `exec`: it has memory of its own, but no environment in it yet.
pub(super) fn is_in_exec(pid: u32) -> bool {
    let field = |at| stat_field(pid, at);
    field(FLAGS).is_some_and(|flags| flags & (KERNEL_THREAD | EXITING) == 0) && field(ENVIRONMENT_END) == Some(0)
}

/// Indices of fields in `/proc/PID/stat`, counted from the field behind the name.
const PARENT: usize = 1;
const FLAGS: usize = 6;
const STARTED: usize = 19;
const ENVIRONMENT_END: usize = 48;

/// Bits of [`FLAGS`].
const EXITING: u64 = 0x0000_0004;
const KERNEL_THREAD: u64 = 0x0020_0000;

/// Reads a field of `/proc/PID/stat` behind the name, which is in parentheses and may contain any character.
fn stat_field(pid: u32, at: usize) -> Option<u64> {
    let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    let name_ends = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(&stat[name_ends + 1..]).ok()?;
    rest.split_whitespace().nth(at)?.parse().ok()
}

fn pid_number(pid: Pid) -> u32 {
    pid.as_raw_nonzero().get() as u32
}

/// Makes the kernel send `SIGTERM` instead of `SIGKILL` when our parent dies, and kills all our descendants before
/// `SIGTERM` ends this process. To be called by the first thread.
///
/// # Errors
/// If the system has no room for another thread.
pub fn terminate_with_parent() -> io::Result<()> {
    let mut signals = signal_hook::iterator::Signals::new([SIGTERM])?;
    std::thread::Builder::new().name("end".into()).spawn(move || {
        for signal in signals.forever() {
            kill_descendants();
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    })?;
    set_parent_process_death_signal(Some(Signal::TERM))?;
    Ok(())
}

/// Exits at once, without running destructors or flushing buffers. For a process whose threads may be deadlocked.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: ends the process.
    unsafe { libc::_exit(code) }
}

/// Makes a write beyond the file size limit fail instead of killing this process.
pub fn ignore_file_size_signal() {
    // SAFETY: sets a disposition, installs no handler.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// Resets ignored and blocked signals that this process inherited from its parent.
pub fn reset_signals() {
    // SAFETY: sets default dispositions and an empty mask before any thread is started.
    unsafe {
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
        libc::signal(super::END_SIGNAL, libc::SIG_DFL);
        let mut none = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
    }
}

/// Raises the limit of open files to the maximum: a thousand waits need a thousand descriptors.
pub fn allow_many_files() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// Sets the short name of this process that process lists show, at most 15 bytes.
pub fn set_process_name(name: &str) {
    let end = name.floor_char_boundary(15);
    if let Ok(name) = std::ffi::CString::new(&name[..end]) {
        let _ = rustix::thread::set_name(&name);
    }
}

/// Creates a pipe whose ends close on `exec`. Returns the read end and the write end.
///
/// # Errors
/// If there are no descriptors left.
pub fn close_on_exec_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(pipe_with(PipeFlags::CLOEXEC)?)
}
