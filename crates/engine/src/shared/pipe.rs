//! A kernel pipe that carries whole messages.
//!
//! The kernel keeps messages of up to a page together, but mixes longer ones of several writers, and lets one reader
//! take the rest of a message that another has begun to read. So a writer holds the write end for the whole message,
//! and a reader the read end, with robust mutexes in shared memory: a worker that is killed in between does not block
//! the others.
//!
//! ```text
//! words 0-4 the writers' mutex | 5-9 the readers' mutex | 10 total bytes read | 11 total bytes written
//! ```

use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::recorder::Recorder;
use contend_platform::{
    PipeContent, ROBUST_MUTEX_WORDS, RobustMutex, Transfer, bytes_in_pipe, content_of_pipe, read_some,
    wait_until_readable, wait_until_writable, write_some,
};
use contend_trace::{EventKind, ResourceId, State};

/// The most bytes that are written or read at once.
const CHUNK_BYTES: usize = 64 << 10;

/// The content of messages, which no worker uses.
static FILLER: [u8; CHUNK_BYTES] = [0x5a; CHUNK_BYTES];

/// How often a waiter checks again without a wake-up. A read of less than a page makes no room, and the holder of the
/// end may have changed; in both cases the waiter records the new byte totals.
const RECHECK_INTERVAL: Duration = Duration::from_millis(50);

#[derive(Debug, Clone, Copy)]
pub struct SharedPipe<'a> {
    id: ResourceId,
    writers: RobustMutex<'a>,
    readers: RobustMutex<'a>,
    read: &'a AtomicU64,
    written: &'a AtomicU64,
}

/// The outcome of receiving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiveOutcome {
    Message,
    /// All writers are gone.
    EndOfStream,
    /// All writers are gone, and the message is incomplete.
    Truncated,
}

/// The outcome of an attempt to receive without waiting for a message to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiveAttempt {
    Received(ReceiveOutcome),
    /// The pipe is empty, but not at its end.
    Empty,
    /// Another worker receives.
    Busy,
}

/// All readers are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoReaders;

/// Exclusive use of one end for one message.
struct EndGuard<'a>(RobustMutex<'a>);

impl Drop for EndGuard<'_> {
    fn drop(&mut self) {
        self.0.unlock();
    }
}

/// A worker that sends or receives, and what it has recorded about its wait.
struct PipeUser<'p, 'r> {
    pipe: ResourceId,
    state: State,
    is_waiting: bool,
    /// The totals of bytes written and read that it recorded last.
    last_reported: Option<(Option<u64>, Option<u64>)>,
    recorder: &'p mut Recorder<'r>,
}

impl PipeUser<'_, '_> {
    /// Records that the worker waits, with the totals of bytes written and read.
    fn record_wait(&mut self, written: Option<u64>, read: Option<u64>) {
        if !std::mem::replace(&mut self.is_waiting, true) {
            self.recorder.block(self.state, Some(self.pipe));
        }
        if self.last_reported.replace((written, read)) != Some((written, read)) {
            let at = self.recorder.now();
            for (read, bytes) in [(false, written), (true, read)] {
                if let Some(bytes) = bytes {
                    self.recorder.write(at, EventKind::StillWaiting { pipe: self.pipe, read, bytes });
                }
            }
        }
    }

    /// Records that the worker moved some bytes.
    fn record_moved(&mut self, at: u64, event: EventKind) {
        self.recorder.write(at, event);
        (self.is_waiting, self.last_reported) = (false, None);
    }

    /// Records the end of a wait after which the worker moved nothing.
    fn end_wait(self) {
        if self.is_waiting {
            self.recorder.resume();
        }
    }
}

impl<'a> SharedPipe<'a> {
    /// Returns the shared part of the pipe, in these words.
    pub fn at(id: ResourceId, cells: &'a [AtomicU64; 16]) -> Self {
        let (writers, rest) = cells.split_first_chunk::<ROBUST_MUTEX_WORDS>().expect("a resource has 16 words");
        let (readers, rest) = rest.split_first_chunk::<ROBUST_MUTEX_WORDS>().expect("a resource has 16 words");
        Self {
            id,
            writers: RobustMutex::at(writers),
            readers: RobustMutex::at(readers),
            read: &rest[0],
            written: &rest[1],
        }
    }

    /// Initialises the mutexes. Called once, before any other process has the memory.
    pub fn init(self) {
        self.writers.init(false);
        self.readers.init(false);
    }

    /// Sends a message of `bytes` bytes, waiting for room.
    ///
    /// # Errors
    /// If all readers are gone.
    pub fn send(self, to: impl AsFd, bytes: usize, recorder: &mut Recorder<'_>) -> Result<(), NoReaders> {
        let mut user = PipeUser { pipe: self.id, state: State::Full, is_waiting: false, last_reported: None, recorder };
        let end = lock_end(self.writers, || user.record_wait(Some(self.written.load(Ordering::Acquire)), None));
        let mut left = bytes;
        while left > 0 {
            let read = self.read.load(Ordering::Acquire); // before the attempt: if it fails, it failed after this total
            match write_some(&to, &FILLER[..left.min(CHUNK_BYTES)]) {
                Ok(Transfer::Bytes(n)) => {
                    left = left.saturating_sub(n);
                    self.written.fetch_add(n as u64, Ordering::AcqRel);
                    let at = user.recorder.now(); // before reading the depth: the newest event has the true depth
                    let (bytes, depth) = (n as u32, bytes_in_pipe(&to) as u32);
                    user.record_moved(at, EventKind::Sent { pipe: self.id, bytes, depth, whole: left == 0 });
                }
                Ok(Transfer::WouldBlock) => {
                    user.record_wait(Some(self.written.load(Ordering::Acquire)), Some(read));
                    wait_until_writable(&to, Some(RECHECK_INTERVAL));
                }
                Ok(Transfer::Closed) | Err(_) => {
                    drop(end);
                    user.end_wait();
                    return Err(NoReaders);
                }
            }
        }
        Ok(())
    }

    /// Receives a message of `bytes` bytes, waiting for it.
    ///
    /// # Errors
    /// If the descriptor is not a pipe.
    pub fn receive(self, from: impl AsFd, bytes: usize, recorder: &mut Recorder<'_>) -> io::Result<ReceiveOutcome> {
        let mut user = self.reader(recorder);
        let _end = lock_end(self.readers, || user.record_wait(None, Some(self.read_total())));
        self.receive_rest(from, bytes, user)
    }

    /// Receives a message if one has begun to arrive and no other worker receives; calls `before` before it takes the
    /// first byte. Waits only for the rest of a message.
    ///
    /// # Errors
    /// If the descriptor is not a pipe.
    pub fn receive_if_there(
        self,
        from: impl AsFd,
        bytes: usize,
        recorder: &mut Recorder<'_>,
        before: impl FnOnce(&mut Recorder<'_>),
    ) -> io::Result<ReceiveAttempt> {
        if self.readers.try_lock().is_none() {
            return Ok(ReceiveAttempt::Busy);
        }
        let _end = EndGuard(self.readers);
        match content_of_pipe(&from) {
            PipeContent::Nothing => Ok(ReceiveAttempt::Empty),
            PipeContent::EndOfStream => Ok(ReceiveAttempt::Received(ReceiveOutcome::EndOfStream)),
            PipeContent::Bytes => {
                before(recorder);
                let user = self.reader(recorder);
                self.receive_rest(from, bytes, user).map(ReceiveAttempt::Received)
            }
        }
    }

    /// Returns the number of bytes that were ever read.
    pub fn read_total(self) -> u64 {
        self.read.load(Ordering::Acquire)
    }

    const fn reader<'p, 'r>(self, recorder: &'p mut Recorder<'r>) -> PipeUser<'p, 'r> {
        PipeUser { pipe: self.id, state: State::Empty, is_waiting: false, last_reported: None, recorder }
    }

    /// Receives a message as the only reader.
    fn receive_rest(self, from: impl AsFd, bytes: usize, mut user: PipeUser<'_, '_>) -> io::Result<ReceiveOutcome> {
        let mut buffer = vec![0; bytes.min(CHUNK_BYTES)];
        let mut left = bytes;
        while left > 0 {
            let len = left.min(CHUNK_BYTES);
            match read_some(&from, &mut buffer[..len])? {
                Transfer::Bytes(n) => {
                    left = left.saturating_sub(n);
                    self.read.fetch_add(n as u64, Ordering::AcqRel);
                    let at = user.recorder.now(); // as above
                    let (bytes, depth) = (n as u32, bytes_in_pipe(&from) as u32);
                    user.record_moved(at, EventKind::Received { pipe: self.id, bytes, depth, whole: left == 0 });
                }
                Transfer::WouldBlock => {
                    let total = Some(self.read_total()); // the pipe is empty: as many were written
                    user.record_wait(total, total);
                    wait_until_readable(&from, None);
                }
                Transfer::Closed => {
                    user.end_wait();
                    return Ok(if left == bytes { ReceiveOutcome::EndOfStream } else { ReceiveOutcome::Truncated });
                }
            }
        }
        Ok(ReceiveOutcome::Message)
    }
}

/// Locks one end, even if its last owner died. Calls `wait` before each attempt but the first.
fn lock_end(end: RobustMutex<'_>, mut wait: impl FnMut()) -> EndGuard<'_> {
    let mut outcome = end.try_lock();
    while outcome.is_none() {
        wait();
        outcome = end.try_lock_for(RECHECK_INTERVAL.as_nanos() as u64);
    }
    EndGuard(end)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use contend_platform::create_pipe;
    use contend_trace::{RingReader, RingWriter, RunMemory, RunMemorySize, WorkerId};

    const ID: ResourceId = ResourceId(0);

    fn create_memory(workers: usize) -> RunMemory {
        let memory = RunMemory::create(RunMemorySize { workers, active: workers, knobs: 0, resources: 1, extra: 0 })
            .expect("memory");
        SharedPipe::at(ID, memory.resource(ID)).init();
        memory
    }

    fn make_recorder(memory: &RunMemory, worker: usize) -> Recorder<'_> {
        Recorder::new(RingWriter::new(memory.ring(WorkerId::from(worker))), memory.clock())
    }

    fn recorded_events(memory: &RunMemory, worker: usize) -> Vec<EventKind> {
        let mut events = Vec::new();
        RingReader::new(memory.ring(WorkerId::from(worker))).drain(1_000, |record| events.push(record.kind()));
        events
    }

    #[test]
    fn message_that_fits_is_one_event() {
        let (memory, (read, write)) = (create_memory(2), create_pipe(4_096).expect("a pipe"));
        let pipe = SharedPipe::at(ID, memory.resource(ID));
        assert_eq!(pipe.send(&write, 100, &mut make_recorder(&memory, 0)), Ok(()));
        assert_eq!(pipe.receive(&read, 100, &mut make_recorder(&memory, 1)).expect("a pipe"), ReceiveOutcome::Message);
        assert_eq!(recorded_events(&memory, 0), [EventKind::Sent { pipe: ID, bytes: 100, depth: 100, whole: true }]);
        assert_eq!(recorded_events(&memory, 1), [EventKind::Received { pipe: ID, bytes: 100, depth: 0, whole: true }]);
    }

    #[test]
    fn message_longer_than_the_pipe_is_sent_in_pieces_and_received_whole() {
        let (memory, (read, write)) = (create_memory(2), create_pipe(4_096).expect("a pipe"));
        let pipe = SharedPipe::at(ID, memory.resource(ID));
        thread::scope(|scope| {
            scope.spawn(|| assert_eq!(pipe.send(&write, 20_000, &mut make_recorder(&memory, 0)), Ok(())));
            assert_eq!(
                pipe.receive(&read, 20_000, &mut make_recorder(&memory, 1)).expect("a pipe"),
                ReceiveOutcome::Message
            );
        });
        let pieces = |worker| -> Vec<(u32, bool)> {
            let piece = |kind: EventKind| match kind {
                EventKind::Sent { bytes, whole, .. } | EventKind::Received { bytes, whole, .. } => Some((bytes, whole)),
                _ => None,
            };
            recorded_events(&memory, worker).into_iter().filter_map(piece).collect()
        };
        for worker in [0, 1] {
            let pieces = pieces(worker);
            assert_eq!(pieces.iter().map(|(bytes, _)| bytes).sum::<u32>(), 20_000);
            assert_eq!(pieces.iter().filter(|(_, whole)| *whole).count(), 1);
        }
    }

    #[test]
    fn worker_without_peers_gets_an_error_or_the_end_of_the_stream() {
        let (memory, (read, write)) = (create_memory(1), create_pipe(4_096).expect("a pipe"));
        let pipe = SharedPipe::at(ID, memory.resource(ID));
        let mut recorder = make_recorder(&memory, 0);
        assert_eq!(pipe.send(&write, 100, &mut recorder), Ok(()));
        drop(write);
        assert_eq!(pipe.receive(&read, 60, &mut recorder).expect("a pipe"), ReceiveOutcome::Message);
        assert_eq!(pipe.receive(&read, 60, &mut recorder).expect("a pipe"), ReceiveOutcome::Truncated);
        assert_eq!(pipe.receive(&read, 60, &mut recorder).expect("a pipe"), ReceiveOutcome::EndOfStream);
        let (read, write) = create_pipe(4_096).expect("a pipe");
        drop(read);
        assert_eq!(pipe.send(&write, 1, &mut recorder), Err(NoReaders));
    }

    #[test]
    fn death_in_the_middle_of_a_message_does_not_block_others() {
        let (memory, (read, write)) = (create_memory(1), create_pipe(4_096).expect("a pipe"));
        let pipe = SharedPipe::at(ID, memory.resource(ID));
        let die = || std::mem::forget((lock_end(pipe.writers, || {}), lock_end(pipe.readers, || {})));
        thread::scope(|scope| scope.spawn(die).join().expect("it does not panic"));
        let mut recorder = make_recorder(&memory, 0);
        assert_eq!(pipe.send(&write, 100, &mut recorder), Ok(()));
        assert_eq!(pipe.receive(&read, 100, &mut recorder).expect("a pipe"), ReceiveOutcome::Message);
    }
}
