//! Starting a user's program, with its output on a terminal of its own or in a pipe.
#![expect(unsafe_code, reason = "preparing the child between fork and exec")]

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::PoisonError;

use rustix::process::{getpid, ioctl_tiocsctty, setsid};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, OutputModes, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

use super::child::{Child, arm_parent_death_signal};
use super::process::{LAUNCHED_PIDS, START_LOCK};
use super::process_tag::TAG_VAR;

/// The size that a program finds its terminal to have.
const SCREEN: Winsize = Winsize { ws_row: 40, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0 };

/// Where the output of a program goes. Standard output and error are one stream, so that their lines keep their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgramOutput {
    /// A terminal of its own: the program writes each line at once, as for a person.
    Terminal,
    /// A pipe, as to another program.
    Pipe,
}

/// A program to start.
#[derive(Debug)]
pub struct ProgramLaunch<'a> {
    /// The program, searched for in `PATH`, and its arguments.
    pub words: &'a [OsString],
    pub environment: Vec<(OsString, OsString)>,
    /// A tag for the process and all its descendants, see [`super::new_process_tag`].
    pub process_tag: Option<&'a str>,
    pub output: ProgramOutput,
    /// Whether it may read the standard input of this process. Otherwise it has none.
    pub inherits_input: bool,
}

impl ProgramLaunch<'_> {
    /// Starts the program in a session of its own; the kernel kills it when the thread that started it ends. Returns
    /// it with the other end of its output.
    ///
    /// # Errors
    /// If the system cannot start it, or has no terminal for it.
    pub fn start(self) -> io::Result<(Child, File)> {
        let Some((program, args)) = self.words.split_first() else { return Err(io::ErrorKind::InvalidInput.into()) };
        let (from, to) = open_output(self.output)?;
        let mut command = Command::new(program);
        command.args(args).envs(self.environment);
        if let Some(tag) = self.process_tag {
            command.env(TAG_VAR, tag);
        }
        command.stdin(if self.inherits_input { Stdio::inherit() } else { Stdio::null() });
        command.stdout(Stdio::from(to.try_clone()?)).stderr(Stdio::from(to.try_clone()?));
        let terminal = (self.output == ProgramOutput::Terminal).then(|| to.as_raw_fd());
        let parent = getpid();
        // SAFETY: between fork and exec only system calls are made; nothing allocates or locks. The terminal is open:
        // `to` lives until the child has started, and closes on `exec`.
        unsafe {
            command.pre_exec(move || {
                libc::signal(libc::SIGXFSZ, libc::SIG_DFL); // contend ignores it; the program must not inherit that
                libc::signal(libc::SIGPIPE, libc::SIG_DFL);
                arm_parent_death_signal(parent)?;
                setsid()?;
                if let Some(terminal) = terminal {
                    ioctl_tiocsctty(std::os::fd::BorrowedFd::borrow_raw(terminal))?;
                }
                Ok(())
            });
        }
        let starting = START_LOCK.read().unwrap_or_else(PoisonError::into_inner);
        let mut launched = LAUNCHED_PIDS.lock().unwrap_or_else(PoisonError::into_inner);
        let child = command.spawn()?;
        launched.insert(child.id());
        drop((starting, launched, command, to));
        Ok((Child::from_std(child), File::from(from)))
    }
}

/// Returns the end to read from, and the end to write to.
fn open_output(output: ProgramOutput) -> io::Result<(OwnedFd, OwnedFd)> {
    if output == ProgramOutput::Pipe {
        return super::close_on_exec_pipe();
    }
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&ours)?;
    unlockpt(&ours)?;
    let name = ptsname(&ours, Vec::new())?;
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::CLOEXEC;
    let theirs = rustix::fs::open(OsStr::from_bytes(name.to_bytes()), flags, rustix::fs::Mode::empty())?;
    let mut modes = tcgetattr(&theirs)?;
    modes.output_modes.remove(OutputModes::ONLCR); // lines end as the program ends them
    tcsetattr(&theirs, OptionalActions::Now, &modes)?;
    tcsetwinsize(theirs.as_fd(), SCREEN)?;
    Ok((ours, theirs))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::Exit;

    fn run(script: &str, output: ProgramOutput) -> (Exit, String) {
        let words = ["sh", "-c", script].map(OsString::from);
        let launch = ProgramLaunch {
            words: &words,
            environment: vec![("WORD".into(), "hello".into())],
            process_tag: None,
            output,
            inherits_input: false,
        };
        let (mut child, mut from) = launch.start().expect("a shell");
        let mut text = Vec::new();
        let _ = from.read_to_end(&mut text); // a terminal without a writer is an error
        (child.wait(), String::from_utf8_lossy(&text).into_owned())
    }

    #[test]
    fn output_comes_from_a_terminal_or_a_pipe_and_the_exit_code_is_kept() {
        let script = "echo $WORD; test -t 1 && echo terminal >&2; cat; exit 3";
        assert_eq!(run(script, ProgramOutput::Terminal), (Exit::Code(3), "hello\nterminal\n".to_owned()));
        assert_eq!(run(script, ProgramOutput::Pipe), (Exit::Code(3), "hello\n".to_owned()));
    }

    #[test]
    fn program_that_does_not_exist_is_an_error() {
        let words = [OsString::from("/no/such/program")];
        let launch = ProgramLaunch {
            words: &words,
            environment: Vec::new(),
            process_tag: None,
            output: ProgramOutput::Pipe,
            inherits_input: false,
        };
        assert_eq!(launch.start().expect_err("no program").kind(), io::ErrorKind::NotFound);
    }
}
