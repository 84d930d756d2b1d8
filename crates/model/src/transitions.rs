//! Valid events by the state of the worker that sends them.

use contend_trace::{EventKind as E, ResourceId, State};

/// Whether a worker in `state`, with `resource`, can send an event of this kind. Invalid events are counted as
/// anomalies, and applied as far as they make sense.
#[inline]
pub(super) fn is_valid_transition(state: State, resource: Option<ResourceId>, kind: &E) -> bool {
    match kind {
        kind if state == State::Running => is_valid_while_running(kind), // the most frequent state
        E::Unknown { .. } => false,
        // A restarted worker begins again, independent of its former life.
        E::LifeBegan | E::Gap { .. } => true,
        kind if kind.is_reported_by_others() => true,
        // Goes on beside whatever else the worker does.
        E::DataMoved { .. } => !matches!(state, State::Done | State::Crashed),
        _ => match state {
            // Outside a life nothing else is valid.
            State::Done | State::Crashed => false,
            // After lost events anything can follow.
            State::Gap => true,
            State::Lock => is_lock_wait_end(resource, kind),
            State::Ready if is_lock_wait_end(resource, kind) => true,
            // A wait for a condition ends with the condition's mutex.
            State::Signal | State::Ready
                if matches!(kind, E::Held { .. } | E::LockWait { .. } | E::Acquired { .. }) =>
            {
                true
            }
            _ => is_block_end(state, resource, kind),
        },
    }
}

fn is_valid_while_running(kind: &E) -> bool {
    match kind {
        E::Unknown { .. }
        | E::Resumed
        | E::BecameRunnable
        | E::WaitTimedOut { .. }
        | E::WaitCancelled { .. }
        | E::Woken { .. }
        | E::StillWaiting { .. } => false,
        E::Blocked { state, .. } => is_blocking_state(*state),
        _ => true,
    }
}

fn is_lock_wait_end(resource: Option<ResourceId>, kind: &E) -> bool {
    match kind {
        E::Acquired { lock, .. }
        | E::SemaphorePassed { lock, .. }
        | E::WaitTimedOut { lock }
        | E::WaitCancelled { on: lock }
        | E::OwnerDied { lock } => resource == Some(*lock),
        E::BecameRunnable | E::CpuTime(_) | E::LifeEnded(_) => true,
        _ => false,
    }
}

fn is_block_end(state: State, resource: Option<ResourceId>, kind: &E) -> bool {
    match kind {
        // A wait for a queue ends with the item itself.
        E::Put { queue, .. } | E::Took { queue, .. } | E::PutNth { queue, .. } | E::TookNth { queue, .. } => {
            resource == Some(*queue)
        }
        E::Sent { pipe, .. } | E::Received { pipe, .. } => resource == Some(*pipe),
        E::StillWaiting { pipe, .. } => matches!(state, State::Empty | State::Full) && resource == Some(*pipe),
        E::ResultRead { on, .. } | E::Woken { on, .. } => {
            matches!(state, State::Signal | State::Ready) && resource == Some(*on)
        }
        E::WaitTimedOut { lock: on } | E::WaitCancelled { on } => {
            matches!(state, State::Signal | State::Empty | State::Full | State::Ready) && resource == Some(*on)
        }
        E::Resumed | E::BecameRunnable | E::CpuTime(_) | E::LifeEnded(_) => true,
        _ => false,
    }
}

/// Whether a `Blocked` event can name this state. A wait for a lock has an event of its own.
#[inline]
pub(super) fn is_blocking_state(state: State) -> bool {
    !matches!(state, State::Running | State::Lock | State::Done | State::Crashed | State::Gap)
}
