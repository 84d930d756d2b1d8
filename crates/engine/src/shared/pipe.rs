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
use contend_platform::{Moved, ROBUST_WORDS, Robust, in_pipe, read_some, until_readable, until_writable, write_some};
use contend_trace::{EventKind, ResourceId, State};

/// The most that is written or read at once.
const PIECE: usize = 64 << 10;

/// What is written: nobody looks at it.
static BYTES: [u8; PIECE] = [0x5a; PIECE];

/// How often one who waits looks again although nobody woke it. Less than a page may have been read, which gives no room;
/// and whose turn it is may have changed. If so it says what it sees: see `Refused`.
const LOOKS_AGAIN: Duration = Duration::from_millis(50);

#[derive(Debug, Clone, Copy)]
pub struct Pipe<'a> {
    id: ResourceId,
    writers: Robust<'a>,
    readers: Robust<'a>,
    read: &'a AtomicU64,
    written: &'a AtomicU64,
}

/// What came of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Got {
    Whole,
    /// Nobody is left who could write.
    End,
    /// Nobody is left who could write the rest of the message.
    Cut,
}

/// Nobody is left who could read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread;

/// One end, for as long as a message takes.
struct Turn<'a>(Robust<'a>);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.unlock();
    }
}

/// One who sends or receives, and what it has said of its wait.
struct Visitor<'p, 'r> {
    pipe: ResourceId,
    state: State,
    waits: bool,
    /// Bytes written and read, as it last told them.
    told: Option<(Option<u64>, Option<u64>)>,
    pen: &'p mut Recorder<'r>,
}

impl Visitor<'_, '_> {
    /// It waits, and so many bytes were written and read when it looked.
    fn wait(&mut self, written: Option<u64>, read: Option<u64>) {
        if !std::mem::replace(&mut self.waits, true) {
            self.pen.block(self.state, Some(self.pipe));
        }
        if self.told.replace((written, read)) != Some((written, read)) {
            let at = self.pen.now();
            for (read, bytes) in [(false, written), (true, read)] {
                if let Some(bytes) = bytes {
                    self.pen.write(at, EventKind::Refused { pipe: self.pipe, read, bytes });
                }
            }
        }
    }

    /// It moved something.
    fn moved(&mut self, at: u64, what: EventKind) {
        self.pen.write(at, what);
        (self.waits, self.told) = (false, None);
    }

    /// It waits no more, and has moved nothing.
    fn leave(self) {
        if self.waits {
            self.pen.resume();
        }
    }
}

impl<'a> Pipe<'a> {
    /// What is shared of the pipe, in these words.
    pub fn at(id: ResourceId, cells: &'a [AtomicU64; 16]) -> Self {
        let (writers, rest) = cells.split_first_chunk::<ROBUST_WORDS>().expect("a resource has 16 words");
        let (readers, rest) = rest.split_first_chunk::<ROBUST_WORDS>().expect("a resource has 16 words");
        Self { id, writers: Robust::at(writers), readers: Robust::at(readers), read: &rest[0], written: &rest[1] }
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
    pub fn send(self, to: impl AsFd, bytes: usize, pen: &mut Recorder<'_>) -> Result<(), Unread> {
        let mut me = Visitor { pipe: self.id, state: State::Full, waits: false, told: None, pen };
        let turn = take_turn(self.writers, || me.wait(Some(self.written.load(Ordering::Acquire)), None));
        let mut left = bytes;
        while left > 0 {
            let read = self.read.load(Ordering::Acquire); // before the attempt: in vain it was after that
            match write_some(&to, &BYTES[..left.min(PIECE)]) {
                Ok(Moved::Some(n)) => {
                    left = left.saturating_sub(n);
                    self.written.fetch_add(n as u64, Ordering::AcqRel);
                    let at = me.pen.now(); // before the look: the newest event's depth is the true one
                    let (bytes, depth) = (n as u32, in_pipe(&to) as u32);
                    me.moved(at, EventKind::Sent { pipe: self.id, bytes, depth, whole: left == 0 });
                }
                Ok(Moved::Nothing) => {
                    me.wait(Some(self.written.load(Ordering::Acquire)), Some(read));
                    until_writable(&to, Some(LOOKS_AGAIN));
                }
                Ok(Moved::Over) | Err(_) => {
                    drop(turn);
                    me.leave();
                    return Err(Unread);
                }
            }
        }
        Ok(())
    }

    /// Reads a message of so many bytes, waiting for it.
    ///
    /// # Errors
    /// What the system says of a descriptor that is no pipe.
    pub fn receive(self, from: impl AsFd, bytes: usize, pen: &mut Recorder<'_>) -> io::Result<Got> {
        let mut me = Visitor { pipe: self.id, state: State::Empty, waits: false, told: None, pen };
        let turn = take_turn(self.readers, || me.wait(None, Some(self.read.load(Ordering::Acquire))));
        let mut room = vec![0; bytes.min(PIECE)];
        let mut left = bytes;
        while left > 0 {
            let fits = left.min(PIECE);
            match read_some(&from, &mut room[..fits])? {
                Moved::Some(n) => {
                    left = left.saturating_sub(n);
                    self.read.fetch_add(n as u64, Ordering::AcqRel);
                    let at = me.pen.now(); // as above
                    let (bytes, depth) = (n as u32, in_pipe(&from) as u32);
                    me.moved(at, EventKind::Received { pipe: self.id, bytes, depth, whole: left == 0 });
                }
                Moved::Nothing => {
                    let all = Some(self.read.load(Ordering::Acquire)); // nothing is in it: as many were written
                    me.wait(all, all);
                    until_readable(&from, None);
                }
                Moved::Over => {
                    drop(turn);
                    me.leave();
                    return Ok(if left == bytes { Got::End } else { Got::Cut });
                }
            }
        }
        Ok(Got::Whole)
    }
}

/// Takes one end, with `wait` before each look but the first. That its former owner died with it is no reason not to.
fn take_turn(end: Robust<'_>, mut wait: impl FnMut()) -> Turn<'_> {
    let mut had = end.try_lock();
    while had.is_none() {
        wait();
        had = end.lock_for(LOOKS_AGAIN.as_nanos() as u64);
    }
    Turn(end)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use contend_platform::pipe_of;
    use contend_trace::{Board, BoardSize, RingReader, RingWriter, WorkerId};

    const ID: ResourceId = ResourceId(0);

    fn board(workers: usize) -> Board {
        let board =
            Board::create(BoardSize { workers, active: workers, knobs: 0, resources: 1, extra: 0 }).expect("memory");
        Pipe::at(ID, board.resource(ID)).init();
        board
    }

    fn pen(board: &Board, worker: usize) -> Recorder<'_> {
        Recorder::new(RingWriter::new(board.ring(WorkerId::from(worker))), board.clock())
    }

    fn told(board: &Board, worker: usize) -> Vec<EventKind> {
        let mut events = Vec::new();
        RingReader::new(board.ring(WorkerId::from(worker))).drain(1_000, |record| events.push(record.kind()));
        events
    }

    #[test]
    fn what_fits_is_one_event() {
        let (board, (read, write)) = (board(2), pipe_of(4_096).expect("a pipe"));
        let pipe = Pipe::at(ID, board.resource(ID));
        assert_eq!(pipe.send(&write, 100, &mut pen(&board, 0)), Ok(()));
        assert_eq!(pipe.receive(&read, 100, &mut pen(&board, 1)).expect("a pipe"), Got::Whole);
        assert_eq!(told(&board, 0), [EventKind::Sent { pipe: ID, bytes: 100, depth: 100, whole: true }]);
        assert_eq!(told(&board, 1), [EventKind::Received { pipe: ID, bytes: 100, depth: 0, whole: true }]);
    }

    #[test]
    fn a_message_longer_than_the_pipe_goes_in_pieces_and_arrives_whole() {
        let (board, (read, write)) = (board(2), pipe_of(4_096).expect("a pipe"));
        let pipe = Pipe::at(ID, board.resource(ID));
        thread::scope(|scope| {
            scope.spawn(|| assert_eq!(pipe.send(&write, 20_000, &mut pen(&board, 0)), Ok(())));
            assert_eq!(pipe.receive(&read, 20_000, &mut pen(&board, 1)).expect("a pipe"), Got::Whole);
        });
        let pieces = |worker| -> Vec<(u32, bool)> {
            let piece = |kind: EventKind| match kind {
                EventKind::Sent { bytes, whole, .. } | EventKind::Received { bytes, whole, .. } => Some((bytes, whole)),
                _ => None,
            };
            told(&board, worker).into_iter().filter_map(piece).collect()
        };
        for worker in [0, 1] {
            let pieces = pieces(worker);
            assert_eq!(pieces.iter().map(|(bytes, _)| bytes).sum::<u32>(), 20_000);
            assert_eq!(pieces.iter().filter(|(_, whole)| *whole).count(), 1);
        }
    }

    #[test]
    fn who_is_left_alone_goes_on() {
        let (board, (read, write)) = (board(1), pipe_of(4_096).expect("a pipe"));
        let pipe = Pipe::at(ID, board.resource(ID));
        let mut pen = pen(&board, 0);
        assert_eq!(pipe.send(&write, 100, &mut pen), Ok(()));
        drop(write);
        assert_eq!(pipe.receive(&read, 60, &mut pen).expect("a pipe"), Got::Whole);
        assert_eq!(pipe.receive(&read, 60, &mut pen).expect("a pipe"), Got::Cut);
        assert_eq!(pipe.receive(&read, 60, &mut pen).expect("a pipe"), Got::End);
        let (read, write) = pipe_of(4_096).expect("a pipe");
        drop(read);
        assert_eq!(pipe.send(&write, 1, &mut pen), Err(Unread));
    }

    #[test]
    fn one_who_died_in_the_middle_of_a_message_hangs_nobody() {
        let (board, (read, write)) = (board(1), pipe_of(4_096).expect("a pipe"));
        let pipe = Pipe::at(ID, board.resource(ID));
        let dies = || std::mem::forget((take_turn(pipe.writers, || {}), take_turn(pipe.readers, || {})));
        thread::scope(|scope| scope.spawn(dies).join().expect("it does not panic"));
        let mut pen = pen(&board, 0);
        assert_eq!(pipe.send(&write, 100, &mut pen), Ok(()));
        assert_eq!(pipe.receive(&read, 100, &mut pen).expect("a pipe"), Got::Whole);
    }
}
