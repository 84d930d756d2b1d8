//! The guardian's end of the pipe through which it gets its cleanup list.
//!
//! The pipe closes when the last process with the other end is gone. That may be later than the death of the sender: a
//! forked copy of it, stopped before `exec`, would keep the pipe open forever. So the guardian also watches the
//! sender's process, and kills its copies.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, getppid, kill_process, pidfd_open};

use super::process::processes;

/// The pipe and the process that writes to it.
pub(super) struct GuardianChannel {
    pub(super) pipe: File,
    sender: Sender,
}

/// The process that writes to the pipe.
enum Sender {
    /// Its pidfd, readable when it is dead.
    Watched(OwnedFd),
    Gone,
    /// The system refused a pidfd: only the end of the pipe shows its death.
    Unwatched,
}

impl GuardianChannel {
    /// Opens the channel on standard input, with the parent of this number as sender.
    ///
    /// # Errors
    /// If there is no standard input.
    pub(super) fn from_stdin(parent: Option<u32>) -> io::Result<Self> {
        let pipe = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        Ok(Self { pipe, sender: parent.map_or(Sender::Unwatched, Sender::watch) })
    }

    /// Waits until the pipe is readable or closed, or the sender is dead. Returns whether the pipe is readable or
    /// closed.
    pub(super) fn wait_for_message(&self) -> bool {
        let mut fds = vec![PollFd::new(&self.pipe, PollFlags::IN)];
        let timeout = match &self.sender {
            Sender::Watched(process) => {
                fds.push(PollFd::new(process, PollFlags::IN));
                None
            }
            Sender::Gone => Some(&Timespec { tv_sec: 0, tv_nsec: 0 }),
            Sender::Unwatched => None,
        };
        let waited = rustix::io::retry_on_intr(|| poll(&mut fds, timeout));
        waited.is_err() || !fds[0].revents().is_empty()
    }

    /// Kills all processes that have the other end of the pipe, once the sender is gone.
    pub(super) fn kill_copies(&self) {
        let Ok(pipe) = rustix::fs::fstat(&self.pipe).map(|stat| format!("pipe:[{}]", stat.st_ino)) else { return };
        let others = processes().filter(|pid| *pid != std::process::id());
        for pid in others.filter(|pid| has_open(*pid, &pipe)).filter_map(|pid| Pid::from_raw(pid as i32)) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

impl Sender {
    /// Watches our parent, if this is its number. If it is not, the sender is gone and we have been adopted.
    fn watch(parent: u32) -> Self {
        let Some(parent) = Pid::from_raw(parent as i32) else { return Self::Unwatched };
        let handle = pidfd_open(parent, PidfdFlags::empty());
        match handle {
            _ if getppid() != Some(parent) => Self::Gone,
            Ok(handle) => Self::Watched(handle),
            Err(_) => Self::Unwatched,
        }
    }
}

fn has_open(pid: u32, file: &str) -> bool {
    let open = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    open.filter_map(|fd| fs::read_link(fd.path()).ok()).any(|link| link == Path::new(file))
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn process_with_the_pipe_open_is_found() {
        let (ours, theirs) = io::pipe().expect("a pipe");
        let name = format!("pipe:[{}]", rustix::fs::fstat(&ours).expect("it is open").st_ino);
        let start = |out| Command::new("sleep").arg("1000").stdout(out).spawn().expect("a command");
        let (mut with, mut without) = (start(theirs.into()), start(Stdio::null()));
        let found: Vec<bool> = [with.id(), without.id()].iter().map(|pid| has_open(*pid, &name)).collect();
        for child in [&mut with, &mut without] {
            child.kill().expect("it is still there");
            child.wait().expect("it was killed");
        }
        assert_eq!(found, [true, false]);
    }
}
