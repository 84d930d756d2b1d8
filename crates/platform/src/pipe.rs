//! Pipes with non-blocking reads and writes, and waits for them.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionread, read, write};
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};

/// The result of a read or write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transfer {
    /// Transferred this many bytes, at least 1.
    Bytes(usize),
    /// Nothing can be read or written now.
    WouldBlock,
    /// The other end is closed.
    Closed,
}

/// What a reader of a pipe would find now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PipeContent {
    Bytes,
    Nothing,
    /// The pipe is empty, and its other end is closed.
    EndOfStream,
}

/// Creates a pipe with this capacity in bytes, a power of two of pages. Its ends close on `exec`. Returns the read end
/// and the write end.
///
/// # Errors
/// If there are no descriptors left, or the user's memory for pipes is used up.
pub fn create_pipe(capacity: usize) -> io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
    fcntl_setpipe_size(&write, capacity)?;
    Ok((read, write))
}

/// Reads available bytes, as many as fit.
///
/// # Errors
/// If the descriptor is not a pipe.
pub fn read_some(from: impl AsFd, to: &mut [u8]) -> io::Result<Transfer> {
    match read(from, to) {
        Ok(0) => Ok(Transfer::Closed),
        other => transfer_result(other),
    }
}

/// Writes as many bytes as there is room for; at most a page is written in one piece or not at all.
///
/// # Errors
/// If the descriptor is not a pipe.
pub fn write_some(to: impl AsFd, bytes: &[u8]) -> io::Result<Transfer> {
    transfer_result(write(to, bytes))
}

fn transfer_result(result: Result<usize, Errno>) -> io::Result<Transfer> {
    match result {
        Ok(bytes) => Ok(Transfer::Bytes(bytes)),
        Err(Errno::AGAIN | Errno::INTR) => Ok(Transfer::WouldBlock),
        Err(Errno::PIPE) => Ok(Transfer::Closed),
        Err(e) => Err(e.into()),
    }
}

/// Returns how many bytes are in the pipe, given either end.
pub fn bytes_in_pipe(end: impl AsFd) -> u64 {
    ioctl_fionread(end).unwrap_or(0)
}

/// Blocks until the descriptor is readable or its other end is closed, for at most `limit`.
pub fn wait_until_readable(from: impl AsFd, limit: Option<Duration>) {
    poll_one(from, PollFlags::IN, limit);
}

/// Blocks until the descriptor is writable or its other end is closed, for at most `limit`.
pub fn wait_until_writable(to: impl AsFd, limit: Option<Duration>) {
    poll_one(to, PollFlags::OUT, limit);
}

fn poll_one(fd: impl AsFd, what: PollFlags, limit: Option<Duration>) {
    let _ = poll(&mut [PollFd::new(&fd, what)], limit.and_then(|limit| Timespec::try_from(limit).ok()).as_ref());
}

/// Returns what a reader would find now.
pub fn content_of_pipe(from: impl AsFd) -> PipeContent {
    let mut fds = [PollFd::new(&from, PollFlags::IN)];
    let _ = poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
    match fds[0].revents() {
        events if events.contains(PollFlags::IN) => PipeContent::Bytes,
        events if events.is_empty() => PipeContent::Nothing,
        _ => PipeContent::EndOfStream,
    }
}

/// Blocks until one of the descriptors is readable or its other end is closed, for at most `limit`.
pub fn wait_until_any_readable(from: &[impl AsFd], limit: Duration) {
    let mut fds: Vec<PollFd<'_>> = from.iter().map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
    let _ = poll(&mut fds, Timespec::try_from(limit).ok().as_ref());
}

/// Returns the indices of the descriptors that are readable or whose other end is closed. If `sleep`, blocks until
/// there is one.
pub fn readable_indices(from: &[impl AsFd], sleep: bool) -> Vec<usize> {
    let mut fds: Vec<PollFd<'_>> = from.iter().map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    let _ = poll(&mut fds, (!sleep).then_some(&at_once));
    fds.iter().enumerate().filter(|(_, fd)| !fd.revents().is_empty()).map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipe_has_the_requested_capacity() {
        let (read, write) = create_pipe(8_192).expect("a pipe");
        assert_eq!(write_some(&write, &[0; 10_000]).expect("a pipe"), Transfer::Bytes(8_192));
        assert_eq!(write_some(&write, &[0]).expect("a pipe"), Transfer::WouldBlock);
        assert_eq!((bytes_in_pipe(&read), bytes_in_pipe(&write)), (8_192, 8_192));
        assert_eq!(read_some(&read, &mut [0; 5_000]).expect("a pipe"), Transfer::Bytes(5_000));
        assert_eq!(bytes_in_pipe(&read), 3_192);
    }

    #[test]
    fn closed_other_end_is_reported_to_reader_and_writer() {
        let (read, write) = create_pipe(4_096).expect("a pipe");
        assert_eq!(read_some(&read, &mut [0; 9]).expect("a pipe"), Transfer::WouldBlock);
        drop(write);
        wait_until_readable(&read, None);
        assert_eq!(read_some(&read, &mut [0; 9]).expect("a pipe"), Transfer::Closed);
        let (read, write) = create_pipe(4_096).expect("a pipe");
        drop(read);
        wait_until_writable(&write, None);
        assert_eq!(write_some(&write, &[0; 9]).expect("a pipe"), Transfer::Closed);
    }

    #[test]
    fn content_is_told_without_taking_it() {
        let (read, write) = create_pipe(4_096).expect("a pipe");
        assert_eq!(content_of_pipe(&read), PipeContent::Nothing);
        assert_eq!(write_some(&write, &[0; 9]).expect("a pipe"), Transfer::Bytes(9));
        drop(write);
        for _ in 0..2 {
            assert_eq!(content_of_pipe(&read), PipeContent::Bytes);
        }
        assert_eq!(read_some(&read, &mut [0; 9]).expect("a pipe"), Transfer::Bytes(9));
        assert_eq!(content_of_pipe(&read), PipeContent::EndOfStream);
    }

    #[test]
    fn wait_for_several_pipes_ends_with_bytes_in_one_of_them_or_at_its_limit() {
        let pipes: Vec<_> = (0..3).map(|_| create_pipe(4_096).expect("a pipe")).collect();
        let reads: Vec<_> = pipes.iter().map(|(read, _)| read).collect();
        let begin = std::time::Instant::now();
        wait_until_any_readable(&reads, Duration::from_millis(20));
        assert!(begin.elapsed() >= Duration::from_millis(20));
        std::thread::scope(|scope| {
            scope.spawn(|| wait_until_any_readable(&reads, Duration::from_mins(1)));
            assert_eq!(write_some(&pipes[2].1, &[0; 9]).expect("a pipe"), Transfer::Bytes(9));
        });
        wait_until_any_readable(&[] as &[OwnedFd], Duration::from_millis(1));
    }

    #[test]
    fn only_the_readable_pipe_is_reported() {
        let pipes: Vec<_> = (0..3).map(|_| create_pipe(4_096).expect("a pipe")).collect();
        let reads: Vec<_> = pipes.iter().map(|(read, _)| read).collect();
        assert!(readable_indices(&reads, false).is_empty());
        assert_eq!(write_some(&pipes[1].1, &[0; 9]).expect("a pipe"), Transfer::Bytes(9));
        assert_eq!(readable_indices(&reads, true), [1]);
    }
}
