//! A small process beside this one that tidies up after a death nobody inside can answer: `SIGKILL`, a fault, an abort.
//!
//! It exists as long as there is something to tidy up. It is told what over a pipe, always the whole of it, and acts when
//! the pipe ends, or whoever writes there, without that having become nothing. It has a session of its own: what ends or stops everyone on the
//! terminal does not reach it, and no job control forbids it to set the terminal right. One that is killed is replaced.
#![expect(unsafe_code, reason = "leaving the session between fork and exec, and ignoring signals")]

use std::ffi::OsStr;
use std::fs;
use std::io::{self, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, WaitId, WaitIdOptions, setsid, waitid};
use serde::{Deserialize, Serialize};

use super::image::helper;
use super::mark::end_marked;
use super::orders::Orders;
use super::process::{LAUNCHED, exit_now, show_as};
use super::tty::{Modes, write_if_it_reads};

/// First argument of a guardian process; the second is the number of the process it guards.
pub const GUARDIAN: &str = "guardian";

/// Its name as the kernel knows it: another than ours, so that `pkill -9 contend` does not mean it.
const NAME: &str = "guardian";

/// How often one that was killed is replaced.
const REPLACED: u32 = 8;

/// How long it waits for a terminal that does not read.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is to be tidied up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duty {
    /// Our terminal.
    pub terminal: Option<Restore>,
    /// Marks of runs of which nothing is to be left, see [`super::new_mark`].
    pub runs: Vec<String>,
    /// Directories to be removed, as the bytes of their paths.
    pub directories: Vec<Vec<u8>>,
}

/// How to give the terminal back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restore {
    /// Its modes before ours, to be set on our standard input.
    pub before: Modes,
    /// What to write to our standard output.
    pub leave: Vec<u8>,
}

impl Duty {
    const NONE: Self = Self { terminal: None, runs: Vec::new(), directories: Vec::new() };

    /// Tells a guardian. If it was killed just now, the next one is told.
    fn send(&self, pipe: &mut PipeWriter) {
        if let Ok(bytes) = postcard::to_stdvec(self) {
            let length = (bytes.len() as u32).to_le_bytes();
            let _ = pipe.write_all(&[&length[..], &bytes].concat());
        }
    }
}

/// Our side of it. There is one terminal, so there is one guardian.
struct Post {
    duty: Duty,
    image: Option<PathBuf>,
    guardian: Option<(Child, PipeWriter)>,
    replaced: u32,
}

static POST: Mutex<Post> = Mutex::new(Post { duty: Duty::NONE, image: None, guardian: None, replaced: 0 });

/// Changes what is to be tidied up. Starts the guardian when there is something, ends it when there is nothing left.
/// `image` is the program it is started from, by default the one that all helpers are started from.
///
/// # Errors
/// What the system says when it cannot start another process: then nobody tidies up after a violent death.
pub fn guard(image: Option<&Path>, change: impl FnOnce(&mut Duty)) -> io::Result<()> {
    let mut post = lock();
    change(&mut post.duty);
    if post.duty == Duty::NONE {
        post.dismiss();
        return Ok(());
    }
    if post.guardian.is_none() {
        post.image = image.map(Path::to_owned);
        return post.start();
    }
    let Post { duty, guardian, .. } = &mut *post;
    if let Some((_, pipe)) = guardian {
        duty.send(pipe);
    }
    Ok(())
}

/// Whether somebody tidies up should we be killed now, if there is anything to tidy up.
pub fn is_guarded() -> bool {
    let post = lock();
    post.duty == Duty::NONE || post.guardian.is_some()
}

/// A thread that panicked while it held this left it whole: nothing in between panics.
fn lock() -> MutexGuard<'static, Post> {
    POST.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Post {
    fn start(&mut self) -> io::Result<()> {
        let mut command = helper(self.image.as_deref(), [GUARDIAN, &std::process::id().to_string()])?;
        let (orders, mut pipe) = io::pipe()?;
        self.duty.send(&mut pipe); // before there is anyone to read it: it is never without
        let terminal = io::stdin().as_fd().try_clone_to_owned()?;
        // Its standard output and error are the terminal's two sides: ours to write to and ours to read from.
        command.stdin(orders).stderr(terminal);
        // SAFETY: between fork and exec there is one system call; nothing allocates or locks.
        unsafe { command.pre_exec(|| Ok(setsid().map(drop)?)) };
        let mut launched = LAUNCHED.lock().unwrap_or_else(PoisonError::into_inner);
        let child = command.spawn()?;
        let pid = child.id();
        launched.insert(pid); // no command left it behind
        drop(launched);
        self.guardian = Some((child, pipe));
        thread::Builder::new().name("guardian".into()).stack_size(64 << 10).spawn(move || replace(pid))?;
        Ok(())
    }

    /// Waits until it is gone, which takes a fraction of a millisecond: nothing of us is left when we end.
    fn dismiss(&mut self) {
        if let Some((mut child, pipe)) = self.guardian.take() {
            let _ = child.kill();
            drop(pipe);
            let _ = child.wait();
            LAUNCHED.lock().unwrap_or_else(PoisonError::into_inner).remove(&child.id());
        }
    }
}

/// Waits for the end of the guardian with this number. Somebody else's doing, and there is a new one.
fn replace(pid: u32) {
    if let Some(pid) = Pid::from_raw(pid as i32) {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let _ = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(pid), options));
    }
    let mut post = lock();
    if post.guardian.as_ref().is_some_and(|(child, _)| child.id() == pid) {
        post.dismiss();
        post.replaced += 1;
        if post.replaced <= REPLACED {
            let _ = post.start();
        }
    }
}

/// Runs the guardian process. Never returns.
pub fn guardian_main(parent: Option<u32>) -> ! {
    for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM, libc::SIGTSTP, libc::SIGPIPE] {
        // SAFETY: a plain disposition, before any thread is started.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
    show_as(NAME);
    if let Ok(orders) = Orders::from_stdin(parent) {
        let mut duty = Duty::NONE;
        while orders.come()
            && let Some(next) = receive(&orders.pipe)
        {
            duty = next;
        }
        orders.end_copies();
        tidy_up(&duty);
    }
    exit_now(0)
}

/// The next duty; `None` when whoever told it is gone.
fn receive(mut from: impl Read) -> Option<Duty> {
    let mut length = [0; 4];
    from.read_exact(&mut length).ok()?;
    let mut bytes = Vec::new();
    let length = u64::from(u32::from_le_bytes(length));
    from.take(length).read_to_end(&mut bytes).ok()?;
    postcard::from_bytes(&bytes).ok()
}

fn tidy_up(duty: &Duty) {
    if let Some(terminal) = &duty.terminal {
        let _ = terminal.before.put_back(io::stderr()); // first: it cannot block
        let _ = write_if_it_reads(io::stdout(), &terminal.leave, PATIENCE);
    }
    if !duty.runs.is_empty() {
        end_marked(&duty.runs);
    }
    for directory in &duty.directories {
        remove(Path::new(OsStr::from_bytes(directory)));
    }
}

/// Removes a directory of a run. Who writes there dies with us, which may take a moment.
fn remove(directory: &Path) {
    let begun = Instant::now();
    while !matches!(fs::remove_dir_all(directory), Err(error) if error.kind() == io::ErrorKind::NotFound)
        && begun.elapsed() < PATIENCE
    {
        thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duty_arrives_whole_or_not_at_all() {
        let duty =
            Duty { terminal: None, runs: vec!["7-7-7".into(), "8-8-8".into()], directories: vec![vec![b'/', 0xff]] };
        let bytes = postcard::to_stdvec(&duty).expect("a duty is plain data");
        let framed = [&(bytes.len() as u32).to_le_bytes()[..], &bytes].concat();
        assert_eq!(receive(framed.as_slice()), Some(duty));
        for cut in 0..framed.len() {
            assert_eq!(receive(&framed[..cut]), None, "cut at {cut}");
        }
    }
}
