//! What the system says about a thread, where its own records do not.

use super::Translator;
use super::lane::{Doing, Wait, WaitKind};
use crate::told::{Id, Seen};
use contend_trace::{EventKind, Stamp, State};

impl Translator {
    /// Applies what was seen of a lane. Its own records come first: a wait that it told about is what it does, unless
    /// the system shows that the thread has got what it waited for and now waits for the interpreter's lock.
    pub(super) fn apply_seen(&mut self, at: Stamp, lane: Id, seen: Seen) {
        let Some(l) = self.lane_by_id.get(&lane).copied().filter(|l| self.lanes[*l].worker.is_some()) else { return };
        if self.lanes[l].has_ended || !self.lanes[l].has_begun || at < self.lanes[l].last_at {
            return;
        }
        let state = match seen {
            Seen::Running => None,
            Seen::Gil => Some(State::Gil),
            Seen::Sleep => Some(State::Sleep),
            Seen::Io => Some(State::Io),
            // A worker of a pool that is in no task waits for one, with a primitive that is not traced.
            Seen::Futex if self.lanes[l].info.pool != Id::None && self.lanes[l].tasks.is_empty() => Some(State::Empty),
            Seen::Futex | Seen::Unknown => return,
        };
        match (self.lanes[l].doing, state) {
            (Doing::Waiting(wait @ Wait { is_granted: false, .. }), Some(State::Gil)) => self.grant(l, at, wait),
            (Doing::Waiting(_), _) | (Doing::Running, None) => {}
            (Doing::Idle(now), Some(state)) if now == state => {}
            (Doing::Running | Doing::Idle(_), state) => {
                self.make_running(l, at);
                if let Some(state) = state {
                    self.emit(l, at, EventKind::Blocked { state, on: None });
                    self.lanes[l].doing = Doing::Idle(state);
                }
            }
        }
    }

    /// Records that a wait is over, and that only the interpreter's lock keeps the thread from going on.
    fn grant(&mut self, l: usize, at: Stamp, wait: Wait) {
        if wait.kind == WaitKind::Call || wait.on.is_none() {
            return;
        }
        self.emit(l, at, EventKind::BecameRunnable);
        self.lanes[l].doing = Doing::Waiting(Wait { is_granted: true, ..wait });
    }
}
