//! Running an external command without leaving processes behind.
#![expect(unsafe_code, reason = "preparing the child between fork and exec, and `wait4` for resource usage")]

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, getpid, kill_process_group, pidfd_open};

use super::child::{Exit, arm_parent_death_signal};
use super::process::{START_LOCK, become_subreaper};

/// Bytes of a command's output that are kept, counted from the end.
const OUTPUT_KEPT: usize = 4096;

/// Time between two checks whether the command should be stopped.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// How long to wait for the killed processes of a group: only one that is stuck in the kernel takes longer.
const REAP_TIMEOUT: Duration = Duration::from_secs(2);

/// The result of a command.
#[derive(Debug)]
pub struct CommandResult {
    pub exit: Exit,
    /// CPU time of the command and its children, in nanoseconds.
    pub cpu_nanos: u64,
    /// The end of its output.
    pub output_tail: Vec<u8>,
    /// Whether it was killed at its time limit.
    pub timed_out: bool,
}

/// How a command is run.
#[derive(Debug)]
pub struct CommandOptions<G, S> {
    /// Time limit.
    pub timeout: Option<Duration>,
    /// Receives the number of the process group after the start, and `None` after the end, so that another process can
    /// kill the group if this one dies in between.
    pub on_group_change: G,
    /// Returns whether to kill the command before its time limit.
    pub should_stop: S,
}

/// Runs a program, searched for in `PATH`, with arguments and without a shell, in a process group of its own and
/// without input. Kills the rest of the group when the command ends or its time is over.
///
/// # Errors
/// If the system cannot start the command.
pub fn run_command<G: Fn(Option<u32>), S: Fn() -> bool>(
    words: &[OsString],
    options: &CommandOptions<G, S>,
) -> io::Result<CommandResult> {
    let Some((program, args)) = words.split_first() else { return Err(io::ErrorKind::InvalidInput.into()) };
    become_subreaper(); // its orphans become our children, so that we can wait for them
    let (from, to) = io::pipe()?;
    let mut command = Command::new(program);
    command.args(args);
    command.stdin(Stdio::null()).stdout(to.try_clone()?).stderr(to).process_group(0);
    let parent = getpid();
    // SAFETY: between fork and exec only system calls are made; nothing allocates or locks.
    unsafe {
        command.pre_exec(move || {
            libc::signal(libc::SIGXFSZ, libc::SIG_DFL); // contend ignores it; the command must not inherit that
            arm_parent_death_signal(parent)
        });
    }
    let starting = START_LOCK.read().unwrap_or_else(PoisonError::into_inner);
    let child = command.spawn()?;
    drop((starting, command)); // `command` holds our copies of the pipe's other end
    let group = child.id();
    (options.on_group_change)(Some(group));
    let watched = read_until_exit(group, from, options);
    if let Some(pid) = Pid::from_raw(group as i32) {
        let _ = kill_process_group(pid, Signal::KILL);
    }
    let (mut pipe, mut output, timed_out) = match watched {
        Ok((pipe, output, timed_out)) => (Some(pipe), output, timed_out),
        Err(_) => (None, Vec::new(), false), // it could not be watched and was killed at once
    };
    (options.on_group_change)(None); // the number cannot be reused before the group is reaped below
    let (exit, cpu) = reap_group(group);
    if let Some(pipe) = &mut pipe {
        let _ = rustix::io::ioctl_fionbio(&*pipe, true); // a process that left the group may hold the other end
        while read_tail(pipe, &mut output) {}
    }
    Ok(CommandResult { exit, cpu_nanos: cpu, output_tail: output, timed_out })
}

/// Reads the output of a command until it ends or its time is over. Returns the pipe, the output and whether time ran
/// out.
fn read_until_exit<G, S: Fn() -> bool>(
    group: u32,
    mut from: io::PipeReader,
    options: &CommandOptions<G, S>,
) -> io::Result<(io::PipeReader, Vec<u8>, bool)> {
    let pid = Pid::from_raw(group as i32).ok_or(io::ErrorKind::NotFound)?;
    let ended: OwnedFd = pidfd_open(pid, PidfdFlags::empty())?;
    let until = options.timeout.and_then(|limit| Instant::now().checked_add(limit));
    let mut output = Vec::new();
    let mut open = true;
    loop {
        let left = until.map_or(POLL_INTERVAL, |until| until.saturating_duration_since(Instant::now()));
        if left.is_zero() || (options.should_stop)() {
            return Ok((from, output, left.is_zero()));
        }
        let wait = Timespec { tv_sec: 0, tv_nsec: i64::from(left.min(POLL_INTERVAL).subsec_nanos()) };
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
            open = read_tail(&mut from, &mut output);
        }
        if has_ended {
            return Ok((from, output, false));
        }
    }
}

/// Reads available output and keeps the end. Returns whether there may be more.
fn read_tail(from: &mut io::PipeReader, output: &mut Vec<u8>) -> bool {
    let mut piece = [0; OUTPUT_KEPT];
    match from.read(&mut piece) {
        Ok(0) => false,
        Ok(n) => {
            output.extend_from_slice(&piece[..n]);
            output.drain(..output.len().saturating_sub(OUTPUT_KEPT));
            true
        }
        Err(e) => e.kind() == io::ErrorKind::Interrupted,
    }
}

/// Waits for those processes of a killed group that are our children, the leader included. Returns how the leader ended
/// and the CPU time of all of them.
fn reap_group(group: u32) -> (Exit, u64) {
    let until = Instant::now() + REAP_TIMEOUT;
    let (mut exit, mut cpu) = (Exit::Code(-1), 0_u64);
    loop {
        let mut status = 0;
        // SAFETY: plain data for the call to fill in.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: a plain call with pointers to the two above.
        let pid = unsafe { libc::wait4(-(group as i32), &raw mut status, libc::WNOHANG, &raw mut usage) };
        match pid {
            0 if Instant::now() < until => std::thread::sleep(Duration::from_micros(100)),
            ..=0 => return (exit, cpu), // no child is left, or one does not end in time
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
