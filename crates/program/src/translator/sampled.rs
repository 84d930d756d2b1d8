//! What the system says about a thread, where its own records do not.

use super::Translator;
use super::lane::Doing;
use super::lane::{Wait, WaitKind};
use crate::id::Id;
use crate::trace_record::Seen;
use contend_trace::{EventKind, Evidence, ResourceId, ResourceKind, Stamp, State};

/// The most lanes that are named as holders of the interpreter's lock; a wait for another one has no name.
const MAX_GIL_HOLDERS: usize = 64;

impl Translator {
    /// Applies a look at a lane. Its own records come first: a recorded wait is what it does, unless
    /// the system shows that the thread has got what it waited for and now waits for the interpreter's lock.
    pub(super) fn apply_seen(&mut self, at: Stamp, lane: Id, seen: Seen) {
        let Some(l) = self.lane_by_id.get(&lane).copied().filter(|l| self.lanes[*l].worker.is_some()) else { return };
        if self.lanes[l].has_ended || !self.lanes[l].has_begun || at < self.lanes[l].last_at {
            return;
        }
        let state = match seen {
            Seen::Running => None,
            Seen::Gil { .. } => Some(State::Gil),
            Seen::Sleep => Some(State::Sleep),
            Seen::Io => Some(State::Io),
            // A worker of a pool that is in no task waits for one, with a primitive that is not traced.
            Seen::Asleep if self.lanes[l].info.pool != Id::None && self.lanes[l].tasks.is_empty() => Some(State::Empty),
            Seen::Asleep if self.lanes[l].info.is_silent => Some(State::Signal),
            Seen::Asleep | Seen::Unknown => return,
        };
        match (self.lanes[l].doing, state) {
            (Doing::Waiting(wait @ Wait { is_granted: false, .. }), Some(State::Gil)) => self.grant(l, at, wait),
            (Doing::Waiting(_), _) | (Doing::Running, None) => {}
            (Doing::Running | Doing::Idle(..), state) => self.make_idle(l, at, state, seen),
        }
    }

    /// Puts a lane into a state that only the system tells; `None` is running.
    fn make_idle(&mut self, l: usize, at: Stamp, state: Option<State>, seen: Seen) {
        let on = match seen {
            Seen::Gil { holder } => self.lock_of_holder(holder),
            _ => None,
        };
        if let (Doing::Idle(now, now_on), Some(state)) = (self.lanes[l].doing, state)
            && now == state
            && now_on == on
        {
            return;
        }
        self.make_running(l, at);
        let Some(state) = state else { return };
        if let Some(lock) = on {
            // No verdict may rest on it: the interpreter hands its lock on by itself.
            self.emit(l, at, EventKind::TimedAttempt { lock });
        }
        self.emit(l, at, EventKind::Blocked { state, on });
        self.lanes[l].doing = Doing::Idle(state, on);
    }

    /// Returns the resource that stands for the interpreter's lock while a lane has it.
    fn lock_of_holder(&mut self, holder: Id) -> Option<ResourceId> {
        let l = self.lane_by_id.get(&holder).copied().filter(|l| self.lanes[*l].worker.is_some())?;
        if let Some(known) = self.gil_by_holder.get(&l) {
            return Some(*known);
        }
        if self.gil_by_holder.len() >= MAX_GIL_HOLDERS {
            return None;
        }
        let name = self.names.make(&format!("GIL held by {}", self.lanes[l].name));
        let lock = self.declare_resource(name, ResourceKind::Event, Evidence::Observed);
        self.gil_by_holder.insert(l, lock);
        Some(lock)
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
