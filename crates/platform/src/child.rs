//! Starting helper processes that cannot outlive their parent.
#![expect(unsafe_code, reason = "preparing the child between fork and exec, and `fork` itself")]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::PoisonError;

use rustix::io::{Errno, FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitOptions, getpid, getppid, kill_process, set_parent_process_death_signal,
    setsid, waitid,
};

use super::fail_point;
use super::helper_program::helper_command;
use super::process::{LAUNCHED_PIDS, START_LOCK};
use super::process_tag::TAG_VAR;

/// A helper process to start.
#[derive(Debug)]
pub struct Launch<'a> {
    /// The program; by default the running one, even if its file was replaced or deleted.
    pub program: Option<PathBuf>,
    pub args: Vec<String>,
    /// Descriptors for the child to inherit as 3, 4, 5...
    pub inherited_fds: Vec<BorrowedFd<'a>>,
    /// A tag for the process and all its descendants, see [`super::new_process_tag`].
    pub process_tag: Option<&'a str>,
    /// Whether it leads a session of its own. The kernel may then share CPU time fairly among sessions instead of
    /// threads.
    pub own_session: bool,
    /// Whether its standard output and error are pipes to this process; otherwise it inherits ours.
    pub captures_output: bool,
}

/// A started process. The kernel kills it when the thread that started it ends, so that thread must outlive it.
#[derive(Debug)]
pub struct Child {
    inner: std::process::Child,
}

/// Our ends of a child's pipes. Closing `stdin` asks the child to end.
#[derive(Debug)]
pub struct ChildPipes {
    pub stdin: Option<ChildStdin>,
    pub stdout: Option<ChildStdout>,
    pub stderr: Option<ChildStderr>,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Code(i32),
    Signal(i32),
}

impl Launch<'_> {
    /// Starts the process. Two mechanisms end it with its parent, since each alone leaves orphans: the kernel's
    /// parent-death signal, armed before `exec` and checked against a parent that is already gone, and end-of-file on
    /// its standard input.
    ///
    /// # Errors
    /// If the system cannot start another process.
    pub fn start(self) -> io::Result<(Child, ChildPipes)> {
        let mut command = helper_command(self.program.as_deref(), &self.args)?;
        command.stdin(Stdio::piped());
        if let Some(tag) = self.process_tag {
            command.env(TAG_VAR, tag);
        }
        if self.captures_output {
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
        }
        // Without work between fork and exec, the standard library can start it without copying our page tables, which
        // takes longer the more memory we have. The child then arms itself: see `kill_when_parent_dies`.
        if self.own_session || !self.inherited_fds.is_empty() {
            self.arm_child(&mut command);
        }
        let starting = START_LOCK.read().unwrap_or_else(PoisonError::into_inner);
        let mut launched = self.own_session.then(|| LAUNCHED_PIDS.lock().unwrap_or_else(PoisonError::into_inner));
        let mut inner = command.spawn()?;
        if let Some(launched) = &mut launched {
            launched.insert(inner.id());
        }
        drop((starting, launched));
        let pipes = ChildPipes { stdin: inner.stdin.take(), stdout: inner.stdout.take(), stderr: inner.stderr.take() };
        Ok((Child { inner }, pipes))
    }

    /// Sets up what the child does between fork and exec.
    fn arm_child(&self, command: &mut Command) {
        let parent = getpid();
        let own_session = self.own_session;
        let fds: Vec<RawFd> = self.inherited_fds.iter().map(AsRawFd::as_raw_fd).collect();
        let mut spare: Vec<RawFd> = fds.clone();
        let fault = fail_point::signal_at(if own_session { "launch" } else { "fork" });
        // SAFETY: between fork and exec only system calls are made, on memory that was allocated before; nothing
        // allocates or locks, and an error is only a number.
        unsafe {
            command.pre_exec(move || {
                fault.into_iter().for_each(fail_point::raise_signal);
                arm_parent_death_signal(parent)?;
                if own_session {
                    setsid()?;
                }
                place_inherited_fds(&fds, &mut spare)
            });
        }
    }
}

/// Makes the kernel kill this process when the thread that started it ends. Safe between fork and exec.
pub(super) fn arm_parent_death_signal(parent: Pid) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // A parent that is already gone sends no signal.
    if getppid() == Some(parent) { Ok(()) } else { Err(Errno::SRCH.into()) }
}

/// Makes the kernel kill this process when its parent dies. To be called first by a child that was started without work
/// between fork and exec.
///
/// # Errors
/// If the parent is already gone.
pub fn kill_when_parent_dies(parent: u32) -> io::Result<()> {
    arm_parent_death_signal(Pid::from_raw(parent as i32).ok_or(io::ErrorKind::InvalidInput)?)
}

/// Returns whether a child can open our descriptors with [`reopen_parent_fd`].
pub fn has_proc_fds() -> bool {
    std::fs::exists("/proc/self/fd").unwrap_or(false)
}

/// Opens a descriptor of the parent through `/proc`, without inheriting it.
///
/// # Errors
/// If the parent has no such descriptor, or is gone.
pub fn reopen_parent_fd(parent: u32, fd: RawFd) -> io::Result<OwnedFd> {
    let path = format!("/proc/{parent}/fd/{fd}");
    Ok(std::fs::File::options().read(true).write(true).open(path)?.into())
}

/// Makes `fds` the descriptors 3, 4, 5... Moves all out of the way first, so that none overwrites another.
fn place_inherited_fds(fds: &[RawFd], spare: &mut [RawFd]) -> io::Result<()> {
    let first_free = 3 + fds.len() as RawFd;
    for (from, to) in fds.iter().zip(spare.iter_mut()) {
        // SAFETY: the caller keeps the descriptor open until the child has started.
        let from = unsafe { BorrowedFd::borrow_raw(*from) };
        *to = fcntl_dupfd_cloexec(from, first_free)?.into_raw_fd(); // `exec` closes it
    }
    for (i, from) in spare.iter().enumerate() {
        // SAFETY: both are numbers in the child; dup2 clears close-on-exec on the copy. rustix would need an open
        // target.
        if unsafe { libc::dup2(*from, 3 + i as RawFd) } < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Takes the descriptor `3 + index` that the parent passed with [`Launch::inherited_fds`].
///
/// # Errors
/// If no such descriptor is open.
pub fn take_inherited_fd(index: usize) -> io::Result<OwnedFd> {
    let fd = 3 + index as RawFd;
    // SAFETY: a number above 0; the call fails if it is not open, which does no harm.
    fcntl_setfd(unsafe { BorrowedFd::borrow_raw(fd) }, FdFlags::CLOEXEC)?;
    // SAFETY: it is open. The parent passed this number to be owned here, so no other descriptor of this process has
    // it, and each is taken once.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Forks a copy of this process that only runs `child`, and waits for its end. Calls `made` in this process as soon as
/// the copy exists. Both get `held`, such as the guard of a lock that must be free in both processes.
///
/// The copy has one thread, and locks that other threads held stay locked in it forever, except those of the C
/// library's allocator, which guards itself. So `child` may lock only what `held` guards and what no other thread
/// locks, or what it is meant to be stuck at.
///
/// # Errors
/// If the system cannot start another process.
pub fn fork_and_wait<G>(held: G, child: impl FnOnce(G), made: impl FnOnce(G)) -> io::Result<Exit> {
    // SAFETY: moves and frees nothing; the child has memory and descriptors of its own, and exits without destructors.
    // A caller that breaks the rule above gets a child that waits forever, but no undefined behaviour.
    let pid = unsafe { libc::fork() };
    match pid {
        ..0 => Err(io::Error::last_os_error()),
        0 => {
            child(held);
            crate::exit_now(0)
        }
        pid => {
            made(held);
            let pid = Pid::from_raw(pid);
            let status = rustix::io::retry_on_intr(|| rustix::process::waitpid(pid, WaitOptions::empty()))?;
            Ok(status.map_or(Exit::Code(-1), |(_, status)| match (status.exit_status(), status.terminating_signal()) {
                (Some(code), _) => Exit::Code(code),
                (None, signal) => Exit::Signal(signal.unwrap_or(0)),
            }))
        }
    }
}

/// Prepares a forked copy of the process `parent` for a life of its own: the kernel kills it when the thread that
/// forked it ends, and it closes all inherited descriptors but the standard ones and `kept`. The copy of a pipe's end
/// would keep the pipe open.
///
/// The copy must use nothing that contains one of the closed descriptors.
///
/// # Errors
/// If the parent is already gone.
pub fn detach_forked_copy(parent: u32, kept: BorrowedFd<'_>) -> io::Result<()> {
    kill_when_parent_dies(parent)?;
    let kept = kept.as_raw_fd().max(2) as libc::c_uint;
    close_descriptors(3, kept.saturating_sub(1));
    close_descriptors(kept + 1, libc::c_uint::MAX);
    Ok(())
}

/// Closes the descriptors from `first` to `last`.
fn close_descriptors(first: libc::c_uint, last: libc::c_uint) {
    if first > last {
        return;
    }
    // SAFETY: takes numbers only. The caller uses none of the descriptors again.
    if unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) } == 0 {
        return;
    }
    // A kernel before Linux 5.9.
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(1 << 16);
    for fd in first..=last.min(u32::try_from(limit).unwrap_or(1 << 16).min(1 << 16)) {
        // SAFETY: as above; closing a number that is not open fails.
        unsafe { libc::close(fd as RawFd) };
    }
}

impl Child {
    /// Takes over a process that [`LAUNCHED_PIDS`] knows.
    pub(super) const fn from_std(inner: std::process::Child) -> Self {
        Self { inner }
    }

    pub fn pid(&self) -> u32 {
        self.inner.id()
    }

    /// Waits until the child has ended, without reaping it, so that its number is not reused.
    pub fn wait_unreaped(&self) {
        if let Some(pid) = Pid::from_raw(self.inner.id() as i32) {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            let _ = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(pid), options));
        }
    }

    /// Waits until the child has ended, and reaps it.
    pub fn wait(&mut self) -> Exit {
        let exit = self.inner.wait().map_or(Exit::Code(-1), Exit::from);
        LAUNCHED_PIDS.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.pid());
        exit
    }

    /// Returns how the child ended, if it has.
    pub fn try_wait(&mut self) -> Option<Exit> {
        self.inner.try_wait().ok().flatten().map(Exit::from)
    }

    /// Kills the child. It exists until [`Self::wait`] returns.
    pub fn kill(&self) {
        if let Some(pid) = Pid::from_raw(self.inner.id() as i32) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

impl From<std::process::ExitStatus> for Exit {
    fn from(status: std::process::ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Code(code),
            (None, signal) => Self::Signal(signal.unwrap_or(0)),
        }
    }
}
