//! Which events may come when.

use super::lane::Doing;
use contend_trace::{EventKind as E, State};

/// Whether an event of this kind can come from a worker that does `doing`. What cannot is counted, and taken in as far as
/// it makes sense.
#[inline]
pub(super) fn is_legal(doing: &Doing, kind: &E) -> bool {
    match kind {
        E::Unknown { .. } => false,
        // A restarted worker begins again, whatever was known of its former life.
        // Who works with a dead one says in its place what became of its tasks.
        E::Began
        | E::Gap { .. }
        | E::Retried { .. }
        | E::GivenUp { .. }
        | E::Met { .. }
        | E::Resolved { .. }
        | E::Closed { .. } => true,
        _ => match doing.state {
            // Outside a life there is nothing else.
            State::Done | State::Crashed => false,
            // After lost events anything can be next.
            State::Gap => true,
            State::Running => in_running(kind),
            State::Lock => ends_wait(doing, kind),
            // Whatever it waited for, the wait ends now.
            State::Ready if ends_wait(doing, kind) => true,
            // A condition's wait ends with its mutex.
            State::Signal | State::Ready if matches!(kind, E::Held { .. } | E::Wait { .. } | E::Acquired { .. }) => {
                true
            }
            _ => ends_block(doing, kind),
        },
    }
}

fn in_running(kind: &E) -> bool {
    match kind {
        E::Resume | E::Ready | E::GaveUp { .. } | E::Heard { .. } | E::Refused { .. } => false,
        E::Block { state, .. } => is_blocking(*state),
        _ => true,
    }
}

fn ends_wait(doing: &Doing, kind: &E) -> bool {
    match kind {
        E::Acquired { lock, .. } | E::Passed { lock, .. } | E::GaveUp { lock } | E::OwnerDied { lock } => {
            doing.on == Some(*lock)
        }
        E::Ready | E::CpuTime(_) | E::Ended(_) => true,
        _ => false,
    }
}

fn ends_block(doing: &Doing, kind: &E) -> bool {
    match kind {
        // A queue's wait ends with the item itself.
        E::Put { queue, .. } | E::Took { queue, .. } | E::PutNth { queue, .. } | E::TookNth { queue, .. } => {
            doing.on == Some(*queue)
        }
        E::Sent { pipe, .. } | E::Received { pipe, .. } => doing.on == Some(*pipe),
        E::Refused { pipe, .. } => matches!(doing.state, State::Empty | State::Full) && doing.on == Some(*pipe),
        E::Read { on, .. } | E::Heard { on, .. } | E::GaveUp { lock: on } => {
            matches!(doing.state, State::Signal | State::Ready) && doing.on == Some(*on)
        }
        E::Resume | E::Ready | E::CpuTime(_) | E::Ended(_) => true,
        _ => false,
    }
}

/// Whether a worker can stop running for this state without a lock.
#[inline]
pub(super) fn is_blocking(state: State) -> bool {
    !matches!(state, State::Running | State::Lock | State::Done | State::Crashed | State::Gap)
}
