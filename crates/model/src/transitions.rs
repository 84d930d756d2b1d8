//! Which events may come when.

use super::lane::Activity;
use contend_trace::{EventKind as E, State};

/// Whether an event of this kind can come from a worker that does `doing`. What cannot is counted, and taken in as far as
/// it makes sense.
#[inline]
pub(super) fn is_valid_transition(doing: &Activity, kind: &E) -> bool {
    match kind {
        E::Unknown { .. } => false,
        // A restarted worker begins again, whatever was known of its former life.
        // Who works with a dead one says in its place what became of its tasks.
        E::LifeBegan
        | E::Gap { .. }
        | E::TaskRetried { .. }
        | E::TaskAbandoned { .. }
        | E::TaskDropped { .. }
        | E::ResultReady { .. }
        | E::Closed { .. } => true,
        _ => match doing.state {
            // Outside a life there is nothing else.
            State::Done | State::Crashed => false,
            // After lost events anything can be next.
            State::Gap => true,
            State::Running => is_valid_while_running(kind),
            State::Lock => is_wait_end(doing, kind),
            // Whatever it waited for, the wait ends now.
            State::Ready if is_wait_end(doing, kind) => true,
            // A condition's wait ends with its mutex.
            State::Signal | State::Ready
                if matches!(kind, E::Held { .. } | E::LockWait { .. } | E::Acquired { .. }) =>
            {
                true
            }
            _ => is_block_end(doing, kind),
        },
    }
}

fn is_valid_while_running(kind: &E) -> bool {
    match kind {
        E::Resumed | E::BecameRunnable | E::WaitTimedOut { .. } | E::Woken { .. } | E::StillWaiting { .. } => false,
        E::Blocked { state, .. } => is_blocking_state(*state),
        _ => true,
    }
}

fn is_wait_end(doing: &Activity, kind: &E) -> bool {
    match kind {
        E::Acquired { lock, .. }
        | E::SemaphorePassed { lock, .. }
        | E::WaitTimedOut { lock }
        | E::OwnerDied { lock } => doing.resource == Some(*lock),
        E::BecameRunnable | E::CpuTime(_) | E::LifeEnded(_) => true,
        _ => false,
    }
}

fn is_block_end(doing: &Activity, kind: &E) -> bool {
    match kind {
        // A queue's wait ends with the item itself.
        E::Put { queue, .. } | E::Took { queue, .. } | E::PutNth { queue, .. } | E::TookNth { queue, .. } => {
            doing.resource == Some(*queue)
        }
        E::Sent { pipe, .. } | E::Received { pipe, .. } => doing.resource == Some(*pipe),
        E::StillWaiting { pipe, .. } => {
            matches!(doing.state, State::Empty | State::Full) && doing.resource == Some(*pipe)
        }
        E::ResultRead { on, .. } | E::Woken { on, .. } | E::WaitTimedOut { lock: on } => {
            matches!(doing.state, State::Signal | State::Ready) && doing.resource == Some(*on)
        }
        E::Resumed | E::BecameRunnable | E::CpuTime(_) | E::LifeEnded(_) => true,
        _ => false,
    }
}

/// Whether a worker can stop running for this state without a lock.
#[inline]
pub(super) fn is_blocking_state(state: State) -> bool {
    !matches!(state, State::Running | State::Lock | State::Done | State::Crashed | State::Gap)
}
