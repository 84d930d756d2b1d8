//! Starting helper processes that cannot outlive us.
#![expect(unsafe_code, reason = "arming the child between fork and exec")]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::PoisonError;

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitOptions, getpid, getppid, kill_process, set_parent_process_death_signal,
    setsid, waitid,
};

use super::image::helper;
use super::mark::MARK;
use super::place;
use super::process::{LAUNCHED, STARTING};

/// What to start.
#[derive(Debug)]
pub struct Launch<'a> {
    /// The program, if another than helpers are started from; by default that is the one that runs now, even if its file
    /// was replaced or deleted meanwhile.
    pub image: Option<PathBuf>,
    pub args: Vec<String>,
    /// Descriptors to hand over; they become 3, 4, 5... in the child.
    pub inherit: Vec<BorrowedFd<'a>>,
    /// A mark for it and all that descends from it, see [`super::new_mark`].
    pub mark: Option<&'a str>,
    /// Whether it leads a session of its own: the kernel then gives the session, not each thread, a fair share of CPU.
    pub own_session: bool,
    /// Whether its standard output and error are pipes to us; otherwise it has ours.
    pub captured: bool,
}

/// A started process. It dies when the thread that started it ends: start it from one that stays.
#[derive(Debug)]
pub struct Child {
    inner: std::process::Child,
}

/// The ends of a child's pipes that we hold. Closing `stdin` tells it to end.
#[derive(Debug)]
pub struct Pipes {
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
    /// Starts it. Two things end it with us, since each alone leaves orphans: the kernel's parent-death signal, armed
    /// before `exec` and checked against a parent that is already gone, and end-of-file on its standard input.
    ///
    /// # Errors
    /// What the system says when it cannot start another process.
    pub fn start(self) -> io::Result<(Child, Pipes)> {
        let mut command = helper(self.image.as_deref(), &self.args)?;
        command.stdin(Stdio::piped());
        if let Some(mark) = self.mark {
            command.env(MARK, mark);
        }
        if self.captured {
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
        }
        // Without anything to do between fork and exec the system can start it without copying our memory's tables,
        // which takes as long as we have memory. The child then arms itself: see `die_with`.
        if self.own_session || !self.inherit.is_empty() {
            self.prepare(&mut command);
        }
        let starting = STARTING.read().unwrap_or_else(PoisonError::into_inner);
        let mut launched = self.own_session.then(|| LAUNCHED.lock().unwrap_or_else(PoisonError::into_inner));
        let mut inner = command.spawn()?;
        if let Some(launched) = &mut launched {
            launched.insert(inner.id());
        }
        drop((starting, launched));
        let pipes = Pipes { stdin: inner.stdin.take(), stdout: inner.stdout.take(), stderr: inner.stderr.take() };
        Ok((Child { inner }, pipes))
    }

    /// What the child does between fork and exec.
    fn prepare(&self, command: &mut Command) {
        let parent = getpid();
        let own_session = self.own_session;
        let fds: Vec<RawFd> = self.inherit.iter().map(AsRawFd::as_raw_fd).collect();
        let mut spare: Vec<RawFd> = fds.clone();
        let fault = place::signal_at(if own_session { "launch" } else { "fork" });
        // SAFETY: between fork and exec only system calls are made, on memory that was made before; nothing allocates or
        // locks, as an error of the system is a number.
        unsafe {
            command.pre_exec(move || {
                fault.into_iter().for_each(place::take);
                die_with_parent(parent)?;
                if own_session {
                    setsid()?;
                }
                hand_over(&fds, &mut spare)
            });
        }
    }
}

/// The program that runs now: where the kernel shows it, even if its file was replaced or deleted meanwhile; else the file
/// that it was started from.
pub(super) fn running_image() -> io::Result<PathBuf> {
    const SHOWN: &str = "/proc/self/exe";
    if std::fs::exists(SHOWN).unwrap_or(false) {
        return Ok(PathBuf::from(SHOWN));
    }
    started_from().map_or_else(std::env::current_exe, Ok)
}

/// The path that was given to `execve`, which the kernel lays beside the arguments.
fn started_from() -> Option<PathBuf> {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::ffi::OsStrExt;
        // SAFETY: asks for a word of our own memory; 0 if there is none of this kind.
        let path = unsafe { libc::getauxval(libc::AT_EXECFN) } as *const libc::c_char;
        // SAFETY: not null, it is a string that ends in a zero, laid on the stack before the first instruction for as long
        // as the process lives.
        let path = (!path.is_null()).then(|| unsafe { std::ffi::CStr::from_ptr(path) })?;
        Some(PathBuf::from(std::ffi::OsStr::from_bytes(path.to_bytes())))
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// Has the kernel kill this process when the thread that started it ends. Between fork and exec.
pub(super) fn die_with_parent(parent: Pid) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // One that is gone already gives no signal any more.
    if getppid() == Some(parent) { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::ESRCH)) }
}

/// The same, for a child that was started with nothing done between fork and exec: first of all it does.
///
/// # Errors
/// If the parent is gone already.
pub fn die_with(parent: u32) -> io::Result<()> {
    die_with_parent(Pid::from_raw(parent as i32).ok_or(io::ErrorKind::InvalidInput)?)
}

/// Whether a child could open our descriptors anew, see [`of_parent`].
pub fn shows_descriptors() -> bool {
    std::fs::exists("/proc/self/fd").unwrap_or(false)
}

/// A descriptor of the parent's, opened anew: nothing has to be inherited for it.
///
/// # Errors
/// If the parent has no such descriptor, or is gone.
pub fn of_parent(parent: u32, fd: RawFd) -> io::Result<OwnedFd> {
    let path = format!("/proc/{parent}/fd/{fd}");
    Ok(std::fs::File::options().read(true).write(true).open(path)?.into())
}

/// Makes `fds` the descriptors 3, 4, 5... First all move out of the way, so that none overwrites another.
fn hand_over(fds: &[RawFd], spare: &mut [RawFd]) -> io::Result<()> {
    let clear = 3 + fds.len() as RawFd; // of all that they are to become
    for (from, to) in fds.iter().zip(spare.iter_mut()) {
        // SAFETY: a plain system call on a descriptor that the caller borrows for the child's sake.
        *to = unsafe { libc::fcntl(*from, libc::F_DUPFD_CLOEXEC, clear) };
        if *to < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    for (i, from) in spare.iter().enumerate() {
        // SAFETY: as above; dup2 clears close-on-exec on the copy.
        if unsafe { libc::dup2(*from, 3 + i as RawFd) } < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// The descriptor number `3 + index` that a parent handed over with [`Launch::inherit`].
///
/// # Errors
/// If no such descriptor is open.
pub fn inherited(index: usize) -> io::Result<OwnedFd> {
    let fd = 3 + index as RawFd;
    // SAFETY: F_SETFD on any number is harmless; it fails for one that is not open.
    if unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) } < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it is open. The parent handed this number over to be owned here, so nothing that was opened here has it, and
    // each is taken once.
    Ok(unsafe { std::os::fd::FromRawFd::from_raw_fd(fd) })
}

/// Makes a copy of this process, which does `child` and nothing else, and waits for its end. `made` is called as soon as
/// the copy exists.
///
/// The copy has one thread, and whatever locks the other threads held stay held for ever in it: `child` may allocate
/// nothing, lock nothing, and call only what is safe in a signal handler.
///
/// # Errors
/// What the system says when there can be no more processes.
pub fn fork_and_wait(child: impl FnOnce(), made: impl FnOnce()) -> io::Result<Exit> {
    // SAFETY: nothing is moved or freed by it; the child has memory and descriptors of its own, and leaves without any
    // destructor. A caller that breaks the promise above has a child that waits for ever, not one that does harm.
    let pid = unsafe { libc::fork() };
    match pid {
        ..0 => Err(io::Error::last_os_error()),
        0 => {
            child();
            crate::exit_now(0)
        }
        pid => {
            made();
            let pid = Pid::from_raw(pid);
            let status = rustix::io::retry_on_intr(|| rustix::process::waitpid(pid, WaitOptions::empty()))?;
            Ok(status.map_or(Exit::Code(-1), |(_, status)| match (status.exit_status(), status.terminating_signal()) {
                (Some(code), _) => Exit::Code(code),
                (None, signal) => Exit::Signal(signal.unwrap_or(0)),
            }))
        }
    }
}

impl Child {
    pub fn pid(&self) -> u32 {
        self.inner.id()
    }

    /// Waits until it has ended but leaves it to be reaped, so that its number is still its own.
    pub fn wait_unreaped(&self) {
        if let Some(pid) = Pid::from_raw(self.inner.id() as i32) {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            let _ = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(pid), options));
        }
    }

    /// Waits until it has ended, and reaps it.
    pub fn wait(&mut self) -> Exit {
        let exit = self.inner.wait().map_or(Exit::Code(-1), Exit::from);
        LAUNCHED.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.pid());
        exit
    }

    /// How it ended, if it has.
    pub fn try_wait(&mut self) -> Option<Exit> {
        self.inner.try_wait().ok().flatten().map(Exit::from)
    }

    /// Kills it. It may still be there for a moment: wait for it.
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
