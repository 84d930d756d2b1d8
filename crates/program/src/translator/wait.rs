//! What lanes wait for.

use super::Translator;
use super::lane::{Doing, Hold, Wait, WaitKind};
use crate::id::Id;
use contend_trace::{EventKind, Stamp, State};

impl Translator {
    /// Ends whatever a lane waits for, without what it waited for.
    pub(super) fn make_running(&mut self, l: usize, at: Stamp) {
        match self.lanes[l].doing {
            Doing::Running => return,
            Doing::Waiting(Wait { kind: WaitKind::Lock, on: Some(on), .. }) => {
                self.emit(l, at, EventKind::WaitCancelled { on });
            }
            Doing::Idle(..) | Doing::Waiting(_) => self.emit(l, at, EventKind::Resumed),
        }
        self.lanes[l].doing = Doing::Running;
    }

    /// Begins a wait.
    pub(super) fn begin_wait(&mut self, l: usize, at: Stamp, wait: Wait) {
        self.make_running(l, at);
        let Wait { kind, on, is_timed, .. } = wait;
        match (kind, on) {
            (WaitKind::Lock, Some(lock)) => {
                let holds: Vec<Hold> = self.lanes[l].holds.iter().rev().take(255).rev().copied().collect();
                for hold in &holds {
                    self.emit(l, at, EventKind::Held { lock: hold.resource, grant: hold.grant });
                }
                let held_count = u8::try_from(holds.len()).unwrap_or(u8::MAX);
                self.emit(l, at, EventKind::LockWait { lock, held_count, timed: is_timed });
            }
            (WaitKind::Join, Some(life)) if !is_timed => self.emit(l, at, EventKind::Joins { life, nth: 1 }),
            _ => {
                if let (Some(lock), true) = (on, is_timed) {
                    self.emit(l, at, EventKind::TimedAttempt { lock });
                }
                let state = match kind {
                    WaitKind::Item => State::Empty,
                    WaitKind::Room => State::Full,
                    WaitKind::Call => State::Io,
                    _ => State::Signal,
                };
                self.emit(l, at, EventKind::Blocked { state, on });
            }
        }
        self.lanes[l].doing = Doing::Waiting(wait);
    }

    /// Returns what a lane waits for.
    pub(super) fn wait_of(&self, l: usize) -> Option<Wait> {
        match self.lanes[l].doing {
            Doing::Waiting(wait) => Some(wait),
            _ => None,
        }
    }

    /// Does something on behalf of a lane that waits: the wait ends and begins again at the same moment.
    pub(super) fn interrupt_wait(&mut self, l: usize, at: Stamp, what: impl FnOnce(&mut Self)) {
        let wait = self.wait_of(l);
        self.make_running(l, at);
        what(self);
        if let Some(wait) = wait {
            self.begin_wait(l, at, wait);
        }
    }

    /// Ends the wait of a lane that gave up.
    pub(super) fn give_up(&mut self, l: usize, at: Stamp, object: Id) {
        match self.wait_of(l).filter(|wait| wait.object == object) {
            Some(Wait { on: Some(lock), .. }) => {
                self.emit(l, at, EventKind::WaitTimedOut { lock });
                self.lanes[l].doing = Doing::Running;
            }
            _ => self.make_running(l, at),
        }
    }
}
