//! Which events may come when.

use super::lane::Doing;
use crate::trace::{EventKind, State};

/// Whether an event of this kind can come from a worker that does `doing`. What cannot is counted, and taken in as far as
/// it makes sense.
#[inline]
pub(super) fn is_legal(doing: &Doing, kind: &EventKind) -> bool {
    use EventKind as E;
    let waits_for = |resource| doing.on == Some(resource);
    match (doing.state, kind) {
        (_, E::Unknown { .. }) => false,
        // A restarted worker begins again, whatever was known of its former life.
        (_, E::Began | E::Gap { .. } | E::Retried { .. }) => true,
        // Outside a life there is nothing else.
        (State::Done | State::Crashed, _) => false,
        // After lost events anything can be next.
        (State::Gap, _) => true,
        (State::Running | State::Ready, E::Resume | E::GaveUp { .. }) => doing.state == State::Ready,
        (State::Running, E::Block { state, .. }) => is_blocking(*state),
        (State::Running, _) => true,
        (_, E::Ended(_)) => true,
        (State::Lock, E::Acquired { lock, .. } | E::GaveUp { lock } | E::OwnerDied { lock }) => waits_for(*lock),
        (State::Lock, _) => false,
        (_, E::Resume) => true,
        // A queue's wait ends with the item itself.
        (_, E::Put { queue, .. } | E::Took { queue, .. }) => waits_for(*queue),
        // A condition's wait ends with its mutex.
        (State::Signal, E::Held { .. } | E::Wait { .. } | E::Acquired { .. }) => true,
        _ => false,
    }
}

/// Whether a worker can stop running for this state without a lock.
#[inline]
pub(super) fn is_blocking(state: State) -> bool {
    !matches!(state, State::Running | State::Lock | State::Done | State::Crashed | State::Gap)
}
