//! What a guardian is told, over a pipe that ends with the last who has its other end.
//!
//! That is not always the one who died: a copy of it that was about to become another program may have been stopped before
//! that, and is stopped for ever. So a guardian looks at the process as well, and ends its copies.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};

use super::process::processes;

/// The guardian's side.
pub(super) struct Orders {
    pub(super) pipe: File,
    told_by: Teller,
}

/// Whoever tells a guardian.
enum Teller {
    /// Readable when it is dead.
    Watched(OwnedFd),
    Gone,
    /// The system has no such thing: the pipe alone tells.
    Unwatched,
}

impl Orders {
    /// What comes at standard input, from our parent, which has this number.
    ///
    /// # Errors
    /// When there is no standard input.
    pub(super) fn from_stdin(parent: Option<u32>) -> io::Result<Self> {
        let pipe = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        Ok(Self { pipe, told_by: parent.map_or(Teller::Unwatched, Teller::with) })
    }

    /// Waits until there is something to read, be it the end, or whoever could write is dead. Whether there is.
    pub(super) fn come(&self) -> bool {
        let mut both = vec![PollFd::new(&self.pipe, PollFlags::IN)];
        let patience = match &self.told_by {
            Teller::Watched(process) => {
                both.push(PollFd::new(process, PollFlags::IN));
                None
            }
            Teller::Gone => Some(&Timespec { tv_sec: 0, tv_nsec: 0 }),
            Teller::Unwatched => None,
        };
        let waited = rustix::io::retry_on_intr(|| poll(&mut both, patience));
        waited.is_err() || !both[0].revents().is_empty()
    }

    /// Ends all who have the other end of the pipe, once whoever wrote there is gone.
    pub(super) fn end_copies(&self) {
        let Ok(pipe) = rustix::fs::fstat(&self.pipe).map(|stat| format!("pipe:[{}]", stat.st_ino)) else { return };
        let others = processes().filter(|pid| *pid != std::process::id());
        for pid in others.filter(|pid| has_open(*pid, &pipe)).filter_map(|pid| Pid::from_raw(pid as i32)) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

impl Teller {
    /// Our parent, if this is its number. If it is not, that one is gone, and we were given another.
    #[cfg(target_os = "linux")]
    fn with(parent: u32) -> Self {
        use rustix::process::{PidfdFlags, getppid, pidfd_open};
        let Some(parent) = Pid::from_raw(parent as i32) else { return Self::Unwatched };
        let handle = pidfd_open(parent, PidfdFlags::empty());
        match handle {
            _ if getppid() != Some(parent) => Self::Gone,
            Ok(handle) => Self::Watched(handle),
            Err(_) => Self::Unwatched,
        }
    }

    #[cfg(not(target_os = "linux"))]
    const fn with(_: u32) -> Self {
        Self::Unwatched
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
    fn who_has_a_pipe_open_is_known() {
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
