//! Reads keys, mouse events and pasted text in a thread of its own, and notices when the terminal is gone.
//!
//! The thread reads from the terminal only when `poll` reports bytes, and keeps none of them back: bytes of a burst
//! that are still unread make the next `poll` return at once. (The reader of crossterm waits for an edge, which a burst
//! longer than its buffer has already had.)

mod decode;

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use crossterm::event::Event;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::stdio::stdin;

use self::decode::InputDecoder;
use crate::platform::request_short_slices;

/// Events waiting for the loop. More of them wait in the terminal, not in memory.
const EVENT_CAPACITY: usize = 256;

/// Bytes per read.
const READ_SIZE: usize = 4 << 10;

/// Time in which the rest of an escape sequence arrives, even over a slow line. After that, the escape was the key.
const ESCAPE_TIMEOUT: Duration = Duration::from_millis(50);

/// The reading thread. Dropping this ends it.
pub(super) struct Input {
    pub(super) events: Receiver<InputEvent>,
    gate: Arc<Mutex<()>>,
    /// Its other end hangs up when this is dropped, which ends the thread.
    _stop: OwnedFd,
}

/// An event of the terminal, or its end.
#[derive(Debug)]
pub(super) enum InputEvent {
    Event(Event),
    /// The terminal was closed, or the connection to it lost.
    Closed,
}

/// Why a wait ended.
enum PollResult {
    Bytes,
    /// No bytes arrived in time.
    TimedOut,
    /// The [`Input`] was dropped.
    Stopped,
}

impl Input {
    /// Starts reading standard input, of which these bytes have been read already.
    ///
    /// # Errors
    /// When the system refuses another thread or a pipe.
    pub(super) fn start(already_read: Vec<u8>) -> io::Result<Self> {
        Self::read_after(already_read, stdin())
    }

    #[cfg(test)]
    fn read_from(terminal: impl AsFd + Send + 'static) -> io::Result<Self> {
        Self::read_after(Vec::new(), terminal)
    }

    fn read_after(already_read: Vec<u8>, terminal: impl AsFd + Send + 'static) -> io::Result<Self> {
        let (sender, events) = bounded(EVENT_CAPACITY);
        let (stopped, stop) = pipe_with(PipeFlags::CLOEXEC)?;
        let gate = Arc::new(Mutex::new(()));
        let reader = InputReader { terminal, stopped, gate: Arc::clone(&gate), events: sender };
        thread::Builder::new().name("input".into()).spawn(move || {
            request_short_slices();
            if reader.run(&already_read).is_err() {
                let _ = reader.events.send(InputEvent::Closed);
            }
        })?;
        Ok(Self { events, gate, _stop: stop })
    }

    /// Stops reading as long as the guard lives, because another program has the terminal.
    pub(super) fn pause(&self) -> MutexGuard<'_, ()> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct InputReader<T> {
    terminal: T,
    stopped: OwnedFd,
    gate: Arc<Mutex<()>>,
    events: Sender<InputEvent>,
}

impl<T: AsFd> InputReader<T> {
    /// Reads until the receiver is gone; returns an error when the terminal is gone.
    fn run(&self, already_read: &[u8]) -> io::Result<()> {
        let (mut decoder, mut decoded) = (InputDecoder::default(), Vec::new());
        let mut bytes = [0; READ_SIZE];
        decoder.feed(already_read, &mut decoded);
        loop {
            for event in decoded.drain(..) {
                if self.events.send(InputEvent::Event(event)).is_err() {
                    return Ok(());
                }
            }
            match self.poll_terminal(decoder.is_partial().then_some(ESCAPE_TIMEOUT))? {
                PollResult::Bytes => decoder.feed(self.read_available(&mut bytes)?, &mut decoded),
                PollResult::TimedOut => decoder.flush(&mut decoded),
                PollResult::Stopped => return Ok(()),
            }
        }
    }

    /// Reads the available bytes; none if another program, which had the terminal meanwhile, has read them.
    fn read_available<'a>(&self, bytes: &'a mut [u8]) -> io::Result<&'a [u8]> {
        let _open = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(self.poll_terminal(Some(Duration::ZERO))?, PollResult::Bytes) {
            return Ok(&[]);
        }
        match read(&self.terminal, &mut *bytes) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => Ok(&bytes[..count]),
            Err(Errno::INTR | Errno::AGAIN) => Ok(&[]),
            Err(errno) => Err(errno.into()),
        }
    }

    fn poll_terminal(&self, most: Option<Duration>) -> io::Result<PollResult> {
        let most = most.map(|most| Timespec { tv_sec: 0, tv_nsec: most.subsec_nanos().into() });
        let mut fds = [PollFd::new(&self.terminal, PollFlags::IN), PollFd::new(&self.stopped, PollFlags::IN)];
        loop {
            match poll(&mut fds, most.as_ref()) {
                Err(Errno::INTR) => continue,
                Err(errno) => return Err(errno.into()),
                Ok(0) => return Ok(PollResult::TimedOut),
                Ok(_) => {}
            }
            if !fds[1].revents().is_empty() {
                return Ok(PollResult::Stopped);
            }
            if fds[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            return Ok(PollResult::Bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    use crossbeam_channel::RecvTimeoutError;
    use crossterm::event::KeyCode;

    use super::*;

    /// Long enough that only a failure reaches it.
    const DEADLINE: Duration = Duration::from_secs(30);

    fn next_event(input: &Input) -> InputEvent {
        input.events.recv_timeout(DEADLINE).expect("it comes in time")
    }

    fn is_key(typed: &InputEvent, code: KeyCode) -> bool {
        matches!(typed, InputEvent::Event(Event::Key(key)) if key.code == code)
    }

    #[test]
    fn every_byte_of_a_burst_is_read() {
        let (mut terminal, ours) = UnixStream::pair().expect("a pair of sockets");
        let input = Input::read_from(ours).expect("it starts");
        let burst = b"\x1b[<65;10;5M".repeat(6_000);
        let write = move || {
            terminal.write_all(&burst).expect("it is read");
            terminal.write_all(b"q").expect("it is read");
            terminal
        };
        let writer = thread::Builder::new().name("terminal".into()).spawn(write).expect("a thread");
        for _ in 0..6_000 {
            assert!(matches!(next_event(&input), InputEvent::Event(Event::Mouse(_))));
        }
        assert!(is_key(&next_event(&input), KeyCode::Char('q')));
        let mut terminal = writer.join().expect("it ends");
        terminal.write_all(b"\x1b").expect("it is read");
        assert!(is_key(&next_event(&input), KeyCode::Esc), "without waiting for another key");
        drop(terminal);
        assert!(matches!(next_event(&input), InputEvent::Closed), "a terminal that hangs up is noticed");
    }

    #[test]
    fn bytes_that_were_read_before_come_first() {
        let (mut terminal, ours) = UnixStream::pair().expect("a pair of sockets");
        terminal.write_all(b"A").expect("there is room");
        let input = Input::read_after(b"q\x1b[".to_vec(), ours).expect("it starts");
        assert!(is_key(&next_event(&input), KeyCode::Char('q')));
        assert!(is_key(&next_event(&input), KeyCode::Up), "a sequence goes on where the other reader stopped");
    }

    #[test]
    fn paused_input_leaves_bytes_to_other_programs() {
        let (mut terminal, ours) = UnixStream::pair().expect("a pair of sockets");
        let other = ours.try_clone().expect("the same socket");
        let input = Input::read_from(ours).expect("it starts");
        let paused = input.pause();
        terminal.write_all(b"a").expect("there is room");
        let mut byte = [0];
        assert_eq!(read(&other, &mut byte).expect("it is there"), 1, "the other program reads");
        drop(paused);
        assert_eq!(byte, *b"a");
        terminal.write_all(b"b").expect("there is room");
        assert!(is_key(&next_event(&input), KeyCode::Char('b')));
    }

    #[test]
    fn reading_thread_ends_when_the_input_is_dropped() {
        let (terminal, ours) = UnixStream::pair().expect("a pair of sockets");
        let input = Input::read_from(ours).expect("it starts");
        let events = input.events.clone();
        drop(input);
        let ended = events.recv_timeout(DEADLINE).expect_err("nothing was typed");
        assert_eq!(ended, RecvTimeoutError::Disconnected, "the thread is gone");
        drop(terminal);
    }
}
