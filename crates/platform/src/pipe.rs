//! The kernel's pipes, used without ever blocking in them but to wait.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionread, read, write};
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};

/// What came of reading or writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// So many bytes, one at least.
    Some(usize),
    /// Nothing can be read, or written, now.
    Nothing,
    /// Nobody has the other end any more.
    Over,
}

/// A pipe with room for so many bytes, a power of two of pages; no child inherits it by accident: (read end, write end).
///
/// # Errors
/// When there are no descriptors left, or the user has no more memory for pipes.
pub fn pipe_of(capacity: usize) -> io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
    fcntl_setpipe_size(&write, capacity)?;
    Ok((read, write))
}

/// Reads what is there, as far as it fits.
///
/// # Errors
/// What the system says of a descriptor that is no pipe.
pub fn read_some(from: impl AsFd, to: &mut [u8]) -> io::Result<Moved> {
    match read(from, to) {
        Ok(0) => Ok(Moved::Over),
        other => moved(other),
    }
}

/// Writes as much as there is room for; a page or less goes in one piece or not at all.
///
/// # Errors
/// What the system says of a descriptor that is no pipe.
pub fn write_some(to: impl AsFd, bytes: &[u8]) -> io::Result<Moved> {
    moved(write(to, bytes))
}

fn moved(result: Result<usize, Errno>) -> io::Result<Moved> {
    match result {
        Ok(bytes) => Ok(Moved::Some(bytes)),
        Err(Errno::AGAIN | Errno::INTR) => Ok(Moved::Nothing),
        Err(Errno::PIPE) => Ok(Moved::Over),
        Err(e) => Err(e.into()),
    }
}

/// How many bytes are in the pipe behind either end.
pub fn in_pipe(end: impl AsFd) -> u64 {
    ioctl_fionread(end).unwrap_or(0)
}

/// Sleeps until something can be read from the descriptor, or its other end is gone; for `limit` at most.
pub fn until_readable(from: impl AsFd, limit: Option<Duration>) {
    until(from, PollFlags::IN, limit);
}

/// Sleeps until something can be written to the descriptor, or its other end is gone; for `limit` at most.
pub fn until_writable(to: impl AsFd, limit: Option<Duration>) {
    until(to, PollFlags::OUT, limit);
}

fn until(fd: impl AsFd, what: PollFlags, limit: Option<Duration>) {
    let _ = poll(&mut [PollFd::new(&fd, what)], limit.and_then(|limit| Timespec::try_from(limit).ok()).as_ref());
}

/// The places of those from which something can be read, or whose other end is gone. Sleeps until there is one, or looks
/// once.
pub fn readable(from: &[impl AsFd], sleep: bool) -> Vec<usize> {
    let mut fds: Vec<PollFd<'_>> = from.iter().map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    let _ = poll(&mut fds, (!sleep).then_some(&at_once));
    fds.iter().enumerate().filter(|(_, fd)| !fd.revents().is_empty()).map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_holds_what_it_was_asked_to_and_no_more() {
        let (read, write) = pipe_of(8_192).expect("a pipe");
        assert_eq!(write_some(&write, &[0; 10_000]).expect("a pipe"), Moved::Some(8_192));
        assert_eq!(write_some(&write, &[0]).expect("a pipe"), Moved::Nothing);
        assert_eq!((in_pipe(&read), in_pipe(&write)), (8_192, 8_192));
        assert_eq!(read_some(&read, &mut [0; 5_000]).expect("a pipe"), Moved::Some(5_000));
        assert_eq!(in_pipe(&read), 3_192);
    }

    #[test]
    fn who_is_left_alone_is_told() {
        let (read, write) = pipe_of(4_096).expect("a pipe");
        assert_eq!(read_some(&read, &mut [0; 9]).expect("a pipe"), Moved::Nothing);
        drop(write);
        until_readable(&read, None);
        assert_eq!(read_some(&read, &mut [0; 9]).expect("a pipe"), Moved::Over);
        let (read, write) = pipe_of(4_096).expect("a pipe");
        drop(read);
        until_writable(&write, None);
        assert_eq!(write_some(&write, &[0; 9]).expect("a pipe"), Moved::Over);
    }

    #[test]
    fn of_many_the_one_that_has_something_is_told() {
        let pipes: Vec<_> = (0..3).map(|_| pipe_of(4_096).expect("a pipe")).collect();
        let reads: Vec<_> = pipes.iter().map(|(read, _)| read).collect();
        assert!(readable(&reads, false).is_empty());
        assert_eq!(write_some(&pipes[1].1, &[0; 9]).expect("a pipe"), Moved::Some(9));
        assert_eq!(readable(&reads, true), [1]);
    }
}
