//! One alternative of a `select`: how a worker tries it, and what wakes the worker for it.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use crate::recorder::Recorder;
use crate::shared::event_flag::EventFlag;
use crate::shared::item_queue::{ItemQueue, QueueClosed, QueueSide};
use crate::shared::life::WorkerLife;
use crate::shared::pipe::{ReceiveAttempt, ReceiveOutcome, SharedPipe};
use contend_trace::{EventKind, ResourceId, State};

pub enum AlternativeWait {
    Queue(ItemQueue<'static>, QueueSide),
    /// An event flag, and how many times it had been set when the worker began to wait.
    Flag(EventFlag<'static>, Option<u64>),
    /// The life of another worker, and its number.
    Life(ResourceId, WorkerLife<'static>, u64),
    Pipe(PipeWait),
}

/// A message of a pipe as an alternative.
pub struct PipeWait {
    pub id: ResourceId,
    pub pipe: SharedPipe<'static>,
    pub from: Arc<OwnedFd>,
    /// Length of a message.
    pub bytes: usize,
    pub status: PipeStatus,
}

/// What the last attempt to receive found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PipeStatus {
    Empty,
    /// Another worker was receiving: what arrives may be for it.
    Busy,
    /// The pipe is at its end.
    Over,
}

/// The outcome of an attempt at an alternative.
pub enum AttemptOutcome {
    Ready,
    NotReady,
    /// It will never be ready.
    Over,
    /// The queue that the worker would put into is closed.
    QueueClosed(ItemQueue<'static>),
    /// The worker received a part of a message from this pipe; or the system failed, for this reason.
    MessageLost(ResourceId, String),
}

/// Ends the wait of a `select`, if it has begun. Called before another worker can see what the worker takes.
pub fn end_select_wait(recorder: &mut Recorder<'_>, is_waiting: bool) {
    if is_waiting {
        recorder.end_wait();
        recorder.resume();
    }
}

impl AlternativeWait {
    pub fn register(&mut self) {
        match self {
            Self::Queue(queue, side) => queue.begin_select(*side),
            Self::Flag(flag, seen) => *seen = Some(flag.begin_select()),
            Self::Life(..) | Self::Pipe(_) => {}
        }
    }

    pub fn unregister(&self) {
        match self {
            Self::Queue(queue, side) => queue.end_select(*side),
            Self::Flag(flag, _) => flag.end_select(),
            Self::Life(..) | Self::Pipe(_) => {}
        }
    }

    /// Takes what it waits for, if it is there.
    pub fn attempt(&mut self, recorder: &mut Recorder<'_>, is_waiting: bool) -> AttemptOutcome {
        let before = |recorder: &mut Recorder<'_>| end_select_wait(recorder, is_waiting);
        let is_ready = match self {
            Self::Queue(queue, QueueSide::Take) => match queue.take_if_there(recorder, before) {
                Ok(is_ready) => is_ready,
                Err(QueueClosed) => return AttemptOutcome::Over,
            },
            Self::Queue(queue, QueueSide::Put) => match queue.put_if_room(recorder, before) {
                Ok(is_ready) => is_ready,
                Err(QueueClosed) => return AttemptOutcome::QueueClosed(*queue),
            },
            Self::Flag(flag, seen) => flag.pass_if_set(*seen, recorder, before),
            Self::Life(_, life, nth) if life.current() == Some(*nth) => false,
            Self::Life(id, _, nth) => {
                before(recorder);
                if *nth > 0 {
                    let at = recorder.now();
                    recorder.write(at, EventKind::Joins { life: *id, nth: *nth });
                    recorder.write(at, EventKind::Resumed);
                }
                true
            }
            Self::Pipe(wait) => return wait.attempt(recorder, before),
        };
        if is_ready { AttemptOutcome::Ready } else { AttemptOutcome::NotReady }
    }

    /// Whether it will never be ready, as an attempt has found.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Pipe(wait) if wait.status == PipeStatus::Over)
    }

    pub fn state(&self) -> (State, ResourceId) {
        match self {
            Self::Queue(queue, QueueSide::Take) => (State::Empty, queue.id),
            Self::Queue(queue, QueueSide::Put) => (State::Full, queue.id),
            Self::Flag(flag, _) => (State::Signal, flag.0.id),
            Self::Life(id, ..) => (State::Signal, *id),
            Self::Pipe(wait) => (State::Empty, wait.id),
        }
    }

    pub fn event(&self) -> EventKind {
        let (state, on) = self.state();
        let nth = match self {
            Self::Queue(..) => 0,
            Self::Flag(_, seen) => seen.unwrap_or(0),
            Self::Life(_, _, nth) => *nth,
            Self::Pipe(wait) => wait.pipe.read_total(),
        };
        EventKind::Alternative { on, room: state == State::Full, nth }
    }
}

impl PipeWait {
    /// Receives a message if one has begun to arrive and no other worker receives.
    fn attempt(&mut self, recorder: &mut Recorder<'_>, before: impl FnOnce(&mut Recorder<'_>)) -> AttemptOutcome {
        if self.status == PipeStatus::Over {
            return AttemptOutcome::Over;
        }
        match self.pipe.receive_if_there(&self.from, self.bytes, recorder, before) {
            Ok(ReceiveAttempt::Received(ReceiveOutcome::Message)) => AttemptOutcome::Ready,
            Ok(ReceiveAttempt::Received(ReceiveOutcome::EndOfStream)) => {
                self.status = PipeStatus::Over;
                AttemptOutcome::Over
            }
            Ok(ReceiveAttempt::Received(ReceiveOutcome::Truncated)) => {
                AttemptOutcome::MessageLost(self.id, "but it ended in the middle of a message".into())
            }
            Ok(ReceiveAttempt::Empty) => {
                self.status = PipeStatus::Empty;
                AttemptOutcome::NotReady
            }
            Ok(ReceiveAttempt::Busy) => {
                self.status = PipeStatus::Busy;
                AttemptOutcome::NotReady
            }
            Err(e) => AttemptOutcome::MessageLost(self.id, e.to_string()),
        }
    }
}
