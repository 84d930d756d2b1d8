//! Running somebody else's command, and being sure that nothing of it is left.
#![expect(unsafe_code, reason = "arming the child between fork and exec, and what it took from the kernel")]

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, getpid, kill_process_group, pidfd_open};

use super::child::{Exit, die_with_parent};
use super::process::{STARTING, become_subreaper};

/// How much of what a command prints is kept: its end.
const KEPT: usize = 4096;

/// How often it is looked whether the command shall go on.
const LOOK: Duration = Duration::from_millis(50);

/// How long to wait until those that a command left behind are gone: only one stuck in the kernel takes longer.
const GONE_WITHIN: Duration = Duration::from_secs(2);

/// What came of a command.
#[derive(Debug)]
pub struct Ran {
    pub exit: Exit,
    /// CPU time that it and its children took, in nanoseconds.
    pub cpu: u64,
    /// The end of what it printed.
    pub printed: Vec<u8>,
    /// It was ended because its time was over.
    pub too_long: bool,
}

/// How a command is run.
#[derive(Debug)]
pub struct Running<G, S> {
    /// How long it may take.
    pub limit: Option<Duration>,
    /// Gets the number of its process group when it has started, and nothing when it has ended: whoever kills us in
    /// between can end the group.
    pub tell: G,
    /// Whether to end it before its time.
    pub enough: S,
}

/// Runs a command without a shell: its program, found as a shell finds it, and its arguments. It has a process group of its
/// own and no input. When it ends, or its time is over, everyone left in its group is killed.
///
/// # Errors
/// What the system says when it cannot start it.
pub fn run_command<G: Fn(Option<u32>), S: Fn() -> bool>(words: &[OsString], how: &Running<G, S>) -> io::Result<Ran> {
    let Some((program, args)) = words.split_first() else { return Err(io::ErrorKind::InvalidInput.into()) };
    become_subreaper(); // whoever it leaves behind becomes our child, so that we can wait for it
    let (from, to) = io::pipe()?;
    let mut command = Command::new(program);
    command.args(args);
    command.stdin(Stdio::null()).stdout(to.try_clone()?).stderr(to).process_group(0);
    let parent = getpid();
    // SAFETY: between fork and exec only system calls are made; nothing allocates or locks.
    unsafe {
        command.pre_exec(move || {
            libc::signal(libc::SIGXFSZ, libc::SIG_DFL); // which we ignore, and others do not expect to be ignored
            die_with_parent(parent)
        });
    }
    let starting = STARTING.read().unwrap_or_else(PoisonError::into_inner);
    let child = command.spawn()?;
    drop((starting, command)); // and with it our own copies of the pipe's other end
    let group = child.id();
    (how.tell)(Some(group));
    let watched = watch(group, from, how);
    if let Some(pid) = Pid::from_raw(group as i32) {
        let _ = kill_process_group(pid, Signal::KILL);
    }
    let (mut pipe, mut printed, too_long) = match watched {
        Ok((pipe, printed, too_long)) => (Some(pipe), printed, too_long),
        Err(_) => (None, Vec::new(), false), // it cannot be watched: it was ended at once
    };
    (how.tell)(None); // until it is reaped below, its number is nobody else's
    let (exit, cpu) = reap(group);
    if let Some(pipe) = &mut pipe {
        let _ = rustix::io::ioctl_fionbio(&*pipe, true); // one that left the group may hold the other end
        while read_some(pipe, &mut printed) {}
    }
    Ok(Ran { exit, cpu, printed, too_long })
}

/// Reads what a command prints until it ends or its time is over.
fn watch<G, S: Fn() -> bool>(
    group: u32,
    mut from: io::PipeReader,
    how: &Running<G, S>,
) -> io::Result<(io::PipeReader, Vec<u8>, bool)> {
    let pid = Pid::from_raw(group as i32).ok_or(io::ErrorKind::NotFound)?;
    let ended: OwnedFd = pidfd_open(pid, PidfdFlags::empty())?;
    let until = how.limit.and_then(|limit| Instant::now().checked_add(limit));
    let mut printed = Vec::new();
    let mut open = true;
    loop {
        let left = until.map_or(LOOK, |until| until.saturating_duration_since(Instant::now()));
        if left.is_zero() || (how.enough)() {
            return Ok((from, printed, left.is_zero()));
        }
        let wait = Timespec { tv_sec: 0, tv_nsec: i64::from(left.min(LOOK).subsec_nanos()) };
        let mut fds = [
            PollFd::from_borrowed_fd(ended.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(from.as_fd(), PollFlags::IN),
        ];
        let asked = if open { &mut fds[..] } else { &mut fds[..1] };
        match poll(asked, Some(&wait)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(e) => return Err(e.into()),
        }
        let (has_ended, prints) = (!fds[0].revents().is_empty(), open && !fds[1].revents().is_empty());
        if prints {
            open = read_some(&mut from, &mut printed);
        }
        if has_ended {
            return Ok((from, printed, false));
        }
    }
}

/// Reads what is there and keeps the end of it. Whether there may be more.
fn read_some(from: &mut io::PipeReader, printed: &mut Vec<u8>) -> bool {
    let mut piece = [0; KEPT];
    match from.read(&mut piece) {
        Ok(0) => false,
        Ok(n) => {
            printed.extend_from_slice(&piece[..n]);
            printed.drain(..printed.len().saturating_sub(KEPT));
            true
        }
        Err(e) => e.kind() == io::ErrorKind::Interrupted,
    }
}

/// Waits for all of a killed group that are our children, its leader among them; how that one ended, and the CPU time of
/// them all.
fn reap(group: u32) -> (Exit, u64) {
    let until = Instant::now() + GONE_WITHIN;
    let (mut exit, mut cpu) = (Exit::Code(-1), 0_u64);
    loop {
        let mut status = 0;
        // SAFETY: plain data for the call to fill in.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: a plain call with pointers to the two above.
        let pid = unsafe { libc::wait4(-(group as i32), &raw mut status, libc::WNOHANG, &raw mut usage) };
        match pid {
            0 if Instant::now() < until => std::thread::sleep(Duration::from_micros(100)),
            ..=0 => return (exit, cpu), // nobody is left, or one does not go
            _ => {
                cpu = cpu.saturating_add(nanos(usage.ru_utime)).saturating_add(nanos(usage.ru_stime));
                if pid as u32 == group {
                    exit = if libc::WIFEXITED(status) {
                        Exit::Code(libc::WEXITSTATUS(status))
                    } else {
                        Exit::Signal(libc::WTERMSIG(status))
                    };
                }
            }
        }
    }
}

const fn nanos(time: libc::timeval) -> u64 {
    time.tv_sec as u64 * 1_000_000_000 + time.tv_usec as u64 * 1_000
}
