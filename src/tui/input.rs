//! Keys, mouse and pasted text, read by a thread of their own; and whether the terminal is still there.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use crossterm::event::{self, Event};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::stdio::stdin;

use crate::platform::be_prompt;

/// Events read at one go, and waiting for the loop: a flood of them waits in the terminal, not in memory.
const BURST: usize = 256;

/// The reading side.
pub(super) struct Input {
    pub(super) events: Receiver<Typed>,
    gate: Arc<Mutex<()>>,
}

/// What comes from the terminal.
#[derive(Debug)]
pub(super) enum Typed {
    Event(Event),
    /// Closed, or the connection to it lost.
    Gone,
}

impl Input {
    /// Starts reading standard input.
    ///
    /// # Errors
    /// When the system refuses another thread.
    pub(super) fn start() -> io::Result<Self> {
        let (sender, events) = bounded(BURST);
        let gate = Arc::new(Mutex::new(()));
        let held = Arc::clone(&gate);
        thread::Builder::new().name("input".into()).spawn(move || {
            be_prompt();
            let _ = read(&sender, &held);
            let _ = sender.send(Typed::Gone);
        })?;
        Ok(Self { events, gate })
    }

    /// Reads nothing as long as the guard lives: what is typed belongs to another program.
    pub(super) fn pause(&self) -> MutexGuard<'_, ()> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads until the terminal is gone or nobody listens. Waits in `poll` of its own, because crossterm's does not notice
/// a terminal that hangs up.
fn read(events: &Sender<Typed>, gate: &Mutex<()>) -> io::Result<()> {
    let mut batch = Vec::with_capacity(BURST);
    loop {
        wait_for_bytes()?;
        {
            let _open = gate.lock().unwrap_or_else(PoisonError::into_inner);
            while batch.len() < BURST && event::poll(Duration::ZERO)? {
                batch.push(event::read()?);
            }
        }
        for event in batch.drain(..) {
            if events.send(Typed::Event(event)).is_err() {
                return Ok(());
            }
        }
    }
}

fn wait_for_bytes() -> io::Result<()> {
    let terminal = stdin();
    let mut fds = [PollFd::new(&terminal, PollFlags::IN)];
    loop {
        match poll(&mut fds, None) {
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
            Ok(_) if fds[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) => {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Ok(_) => return Ok(()),
        }
    }
}
