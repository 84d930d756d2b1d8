//! A pipe of the kernel's, with whole messages.
//!
//! The kernel keeps messages of up to a page together and mixes longer ones of several writers; and of a message that one
//! reader has begun to read the next may get the rest. So whoever writes has the one end for the whole message, and whoever
//! reads the other, by robust mutexes in shared memory: who is killed in the middle hangs nobody.
//!
//! ```text
//! words 0-4 the writers' mutex | 5-9 the readers' mutex | 10 bytes ever read | 11 bytes ever written
//! ```

use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::recorder::Recorder;
use contend_platform::{
    ROBUST_MUTEX_WORDS, RobustMutex, Transfer, bytes_in_pipe, read_some, wait_until_readable, wait_until_writable,
    write_some,
};
use contend_trace::{EventKind, ResourceId, State};

/// The most that is written or read at once.
const CHUNK_BYTES: usize = 64 << 10;

/// What is written: nobody looks at it.
static FILLER: [u8; CHUNK_BYTES] = [0x5a; CHUNK_BYTES];

/// How often one who waits looks again although nobody woke it. Less than a page may have been read, which gives no room;
/// and whose turn it is may have changed. If so it says what it sees: see `Refused`.
const RECHECK_INTERVAL: Duration = Duration::from_millis(50);

#[derive(Debug, Clone, Copy)]
pub struct SharedPipe<'a> {
    id: ResourceId,
    writers: RobustMutex<'a>,
    readers: RobustMutex<'a>,
    read: &'a AtomicU64,
    written: &'a AtomicU64,
}

/// What came of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiveOutcome {
    Message,
    /// Nobody is left who could write.
    EndOfStream,
    /// Nobody is left who could write the rest of the message.
    Truncated,
}

/// Nobody is left who could read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoReaders;

/// One end, for as long as a message takes.
struct EndGuard<'a>(RobustMutex<'a>);

impl Drop for EndGuard<'_> {
    fn drop(&mut self) {
        self.0.unlock();
    }
}

/// One who sends or receives, and what it has said of its wait.
struct PipeUser<'p, 'r> {
    pipe: ResourceId,
    state: State,
    is_waiting: bool,
    /// Bytes written and read, as it last told them.
    last_reported: Option<(Option<u64>, Option<u64>)>,
    recorder: &'p mut Recorder<'r>,
}

impl PipeUser<'_, '_> {
    /// It waits, and so many bytes were written and read when it looked.
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

    /// It moved something.
    fn record_moved(&mut self, at: u64, what: EventKind) {
        self.recorder.write(at, what);
        (self.is_waiting, self.last_reported) = (false, None);
    }

    /// It waits no more, and has moved nothing.
    fn end_wait(self) {
        if self.is_waiting {
            self.recorder.resume();
        }
    }
}

impl<'a> SharedPipe<'a> {
    /// What is shared of the pipe, in these words.
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

    /// Makes it usable: once, before any other process has the memory.
    pub fn init(self) {
        self.writers.init(false);
        self.readers.init(false);
    }

    /// Writes a message of so many bytes, waiting for room.
    ///
    /// # Errors
    /// If nobody is left who could read it.
    pub fn send(self, to: impl AsFd, bytes: usize, recorder: &mut Recorder<'_>) -> Result<(), NoReaders> {
        let mut me = PipeUser { pipe: self.id, state: State::Full, is_waiting: false, last_reported: None, recorder };
        let turn = lock_end(self.writers, || me.record_wait(Some(self.written.load(Ordering::Acquire)), None));
        let mut left = bytes;
        while left > 0 {
            let read = self.read.load(Ordering::Acquire); // before the attempt: in vain it was after that
            match write_some(&to, &FILLER[..left.min(CHUNK_BYTES)]) {
                Ok(Transfer::Bytes(n)) => {
                    left = left.saturating_sub(n);
                    self.written.fetch_add(n as u64, Ordering::AcqRel);
                    let at = me.recorder.now(); // before the look: the newest event's depth is the true one
                    let (bytes, depth) = (n as u32, bytes_in_pipe(&to) as u32);
                    me.record_moved(at, EventKind::Sent { pipe: self.id, bytes, depth, whole: left == 0 });
                }
                Ok(Transfer::WouldBlock) => {
                    me.record_wait(Some(self.written.load(Ordering::Acquire)), Some(read));
                    wait_until_writable(&to, Some(RECHECK_INTERVAL));
                }
                Ok(Transfer::Closed) | Err(_) => {
                    drop(turn);
                    me.end_wait();
                    return Err(NoReaders);
                }
            }
        }
        Ok(())
    }

    /// Reads a message of so many bytes, waiting for it.
    ///
    /// # Errors
    /// What the system says of a descriptor that is no pipe.
    pub fn receive(self, from: impl AsFd, bytes: usize, recorder: &mut Recorder<'_>) -> io::Result<ReceiveOutcome> {
        let mut me = PipeUser { pipe: self.id, state: State::Empty, is_waiting: false, last_reported: None, recorder };
        let turn = lock_end(self.readers, || me.record_wait(None, Some(self.read.load(Ordering::Acquire))));
        let mut room = vec![0; bytes.min(CHUNK_BYTES)];
        let mut left = bytes;
        while left > 0 {
            let fits = left.min(CHUNK_BYTES);
            match read_some(&from, &mut room[..fits])? {
                Transfer::Bytes(n) => {
                    left = left.saturating_sub(n);
                    self.read.fetch_add(n as u64, Ordering::AcqRel);
                    let at = me.recorder.now(); // as above
                    let (bytes, depth) = (n as u32, bytes_in_pipe(&from) as u32);
                    me.record_moved(at, EventKind::Received { pipe: self.id, bytes, depth, whole: left == 0 });
                }
                Transfer::WouldBlock => {
                    let all = Some(self.read.load(Ordering::Acquire)); // nothing is in it: as many were written
                    me.record_wait(all, all);
                    wait_until_readable(&from, None);
                }
                Transfer::Closed => {
                    drop(turn);
                    me.end_wait();
                    return Ok(if left == bytes { ReceiveOutcome::EndOfStream } else { ReceiveOutcome::Truncated });
                }
            }
        }
        Ok(ReceiveOutcome::Message)
    }
}

/// Takes one end, with `wait` before each look but the first. That its former owner died with it is no reason not to.
fn lock_end(end: RobustMutex<'_>, mut wait: impl FnMut()) -> EndGuard<'_> {
    let mut had = end.try_lock();
    while had.is_none() {
        wait();
        had = end.try_lock_for(RECHECK_INTERVAL.as_nanos() as u64);
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
    fn what_fits_is_one_event() {
        let (memory, (read, write)) = (create_memory(2), create_pipe(4_096).expect("a pipe"));
        let pipe = SharedPipe::at(ID, memory.resource(ID));
        assert_eq!(pipe.send(&write, 100, &mut make_recorder(&memory, 0)), Ok(()));
        assert_eq!(pipe.receive(&read, 100, &mut make_recorder(&memory, 1)).expect("a pipe"), ReceiveOutcome::Message);
        assert_eq!(recorded_events(&memory, 0), [EventKind::Sent { pipe: ID, bytes: 100, depth: 100, whole: true }]);
        assert_eq!(recorded_events(&memory, 1), [EventKind::Received { pipe: ID, bytes: 100, depth: 0, whole: true }]);
    }

    #[test]
    fn a_message_longer_than_the_pipe_goes_in_pieces_and_arrives_whole() {
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
    fn who_is_left_alone_goes_on() {
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
    fn one_who_died_in_the_middle_of_a_message_hangs_nobody() {
        let (memory, (read, write)) = (create_memory(1), create_pipe(4_096).expect("a pipe"));
        let pipe = SharedPipe::at(ID, memory.resource(ID));
        let dies = || std::mem::forget((lock_end(pipe.writers, || {}), lock_end(pipe.readers, || {})));
        thread::scope(|scope| scope.spawn(dies).join().expect("it does not panic"));
        let mut recorder = make_recorder(&memory, 0);
        assert_eq!(pipe.send(&write, 100, &mut recorder), Ok(()));
        assert_eq!(pipe.receive(&read, 100, &mut recorder).expect("a pipe"), ReceiveOutcome::Message);
    }
}
