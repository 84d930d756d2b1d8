//! Writes whole frames to the terminal.
//!
//! A terminal that stops reading (a stalled connection, Ctrl-S) blocks its writer after a few kilobytes. The event loop
//! writes only what the terminal takes at once. The `screen` thread writes the rest and may block; the event loop
//! continues, skips frames meanwhile and can still quit.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::stdio::stdout;

/// Begin and end of a synchronized update (mode 2026): the terminal shows the frame at once, without tearing.
const BEGIN_SYNC: &[u8] = b"\x1b[?2026h";
const END_SYNC: &[u8] = b"\x1b[?2026l";

/// How long leaving waits for a terminal that does not read.
const LEAVE_TIMEOUT: Duration = Duration::from_millis(300);

/// The exchange between the event loop and the writing thread. There is one terminal, so there is one of these.
struct Mailbox {
    frame: Option<Vec<u8>>,
    writing: bool,
    failed: Option<Errno>,
    closed: bool,
}

static MAILBOX: Mutex<Mailbox> = Mutex::new(Mailbox { frame: None, writing: false, failed: None, closed: true });
static MAILBOX_CHANGED: Condvar = Condvar::new();

/// The output of a frame until the frame is complete.
#[derive(Debug)]
pub(in crate::tui) struct FrameBuffer {
    /// Begins with [`BEGIN_SYNC`].
    bytes: Vec<u8>,
    /// The terminal, for writing as much as it takes at once; `None` where it cannot be opened again.
    direct: Option<File>,
}

impl FrameBuffer {
    /// Whether the previous frame was written. Until then, drawing another would only add to the delay.
    pub(in crate::tui) fn is_ready() -> bool {
        let mailbox = lock_mailbox();
        mailbox.frame.is_none() && !mailbox.writing
    }

    /// Adds an escape sequence to the next frame.
    pub(in crate::tui) fn push(&mut self, sequence: &[u8]) {
        self.bytes.extend_from_slice(sequence);
    }

    /// Returns the place for the bytes of the next frame.
    pub(in crate::tui) const fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Sends everything added since the last call as one frame; nothing if nothing was added. What the terminal does
    /// not take at once is left to the writing thread.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(in crate::tui) fn present(&mut self) -> io::Result<()> {
        let mut mailbox = lock_mailbox();
        if let Some(errno) = mailbox.failed {
            return Err(errno.into());
        }
        if self.bytes.len() == BEGIN_SYNC.len() {
            return Ok(());
        }
        self.bytes.extend_from_slice(END_SYNC);
        let mut rest = &self.bytes[..];
        if mailbox.frame.is_none() && !mailbox.writing {
            rest = self.direct.as_ref().map_or(Ok(rest), |terminal| write_available(terminal, rest))?;
        }
        if !rest.is_empty() {
            mailbox.frame.get_or_insert_default().extend_from_slice(rest);
            MAILBOX_CHANGED.notify_all();
        }
        self.bytes.truncate(BEGIN_SYNC.len());
        Ok(())
    }
}

/// Writes what the terminal takes at once; returns the rest.
fn write_available<'a>(terminal: &File, mut bytes: &'a [u8]) -> Result<&'a [u8], Errno> {
    while !bytes.is_empty() {
        match rustix::io::write(terminal, bytes) {
            Ok(0) => return Err(Errno::IO),
            Ok(n) => bytes = bytes.get(n..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => break,
            Err(errno) => return Err(errno),
        }
    }
    Ok(bytes)
}

/// Opens the terminal again: another program may share the open file of standard output, which must stay blocking.
fn open_again() -> Option<File> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32;
    OpenOptions::new().write(true).custom_flags(flags).open("/proc/self/fd/1").ok()
}

/// Starts the writing thread.
///
/// # Errors
/// When the system refuses another thread.
pub(super) fn start_writer() -> io::Result<FrameBuffer> {
    *lock_mailbox() = Mailbox { frame: None, writing: false, failed: None, closed: false };
    thread::Builder::new().name("screen".into()).spawn(write_frames)?;
    Ok(FrameBuffer { bytes: BEGIN_SYNC.to_vec(), direct: open_again() })
}

/// Ends the writing thread without waiting for it: the terminal may never take its last bytes.
pub(super) fn stop_writer() {
    let mut mailbox = lock_mailbox();
    mailbox.closed = true;
    mailbox.frame = None;
    MAILBOX_CHANGED.notify_all();
}

/// Writes at once after the frame that is being written, and drops any other.
///
/// # Errors
/// When the terminal is gone or has not taken anything for a while.
pub(super) fn write_now(bytes: &[u8]) -> io::Result<()> {
    let mut mailbox = lock_mailbox();
    mailbox.frame = None;
    let (mut mailbox, waited) = MAILBOX_CHANGED
        .wait_timeout_while(mailbox, LEAVE_TIMEOUT, |m| m.writing)
        .unwrap_or_else(PoisonError::into_inner);
    mailbox.frame = None;
    if waited.timed_out() || !wait_writable(LEAVE_TIMEOUT)? {
        return Err(io::ErrorKind::TimedOut.into());
    }
    write_all(bytes).map_err(io::Error::from)
}

fn write_frames() {
    let mut mailbox = lock_mailbox();
    loop {
        mailbox = MAILBOX_CHANGED
            .wait_while(mailbox, |m| m.frame.is_none() && !m.closed)
            .unwrap_or_else(PoisonError::into_inner);
        let Some(frame) = mailbox.frame.take() else { return };
        mailbox.writing = true;
        drop(mailbox);
        let written = write_all(&frame);
        mailbox = lock_mailbox();
        mailbox.writing = false;
        mailbox.failed = written.err();
        MAILBOX_CHANGED.notify_all();
    }
}

fn write_all(mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match rustix::io::write(stdout(), bytes) {
            Ok(0) => return Err(Errno::IO),
            Ok(n) => bytes = bytes.get(n..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => drop(wait_writable(LEAVE_TIMEOUT)?), // another program made it non-blocking
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// Waits until the terminal takes bytes; returns false if it did not within `patience`.
fn wait_writable(patience: Duration) -> Result<bool, Errno> {
    let output = stdout();
    let mut fds = [PollFd::new(&output, PollFlags::OUT)];
    let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(patience.subsec_nanos()) };
    match poll(&mut fds, Some(&timeout)) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::INTR) => Ok(true),
        Err(errno) => Err(errno),
    }
}

/// Locks the mailbox. A thread that panicked with the lock left it consistent: every change is a single assignment.
fn lock_mailbox() -> MutexGuard<'static, Mailbox> {
    MAILBOX.lock().unwrap_or_else(PoisonError::into_inner)
}
