//! The mutex of tasks: handed on in order of arrival. Whoever gives it back while somebody waits gives it to the first of
//! them, who has it from then on, however late its loop lets it go on.

use std::time::Instant;

use super::monitor::{Bell, Monitor};
use super::sleepers::Sleepers;
use crate::recorder::Recorder;
use contend_trace::{EventKind, Grant, ResourceId};

/// 1 while somebody has it.
const TAKEN: usize = 0;
/// How often it was granted.
const GRANTS: usize = 1;
/// Rung for the one who gets it.
const HANDED: Bell = Bell(2);

#[derive(Debug, Clone, Copy)]
pub struct Turns<'a> {
    id: ResourceId,
    monitor: Monitor<'a>,
    sleepers: &'a Sleepers,
    /// Whether who has it can take it again.
    pub reentrant: bool,
}

impl<'a> Turns<'a> {
    pub const fn at(id: ResourceId, monitor: Monitor<'a>, sleepers: &'a Sleepers, reentrant: bool) -> Self {
        Self { id, monitor: monitor.among(Some(sleepers)), sleepers, reentrant }
    }

    /// Takes it, or waits for its turn.
    pub async fn take(self, pen: &mut Recorder<'_>) {
        self.take_until(None, pen).await;
    }

    /// Takes it before the deadline, or not. Whether it has it.
    pub async fn take_until(self, deadline: Option<Instant>, pen: &mut Recorder<'_>) -> bool {
        let mut inside = self.monitor.enter();
        if inside.get(TAKEN) == 1 {
            pen.wait(self.id, deadline.is_some());
            let (again, handed) = inside.sleep(self.sleepers, HANDED, deadline).await;
            inside = again;
            if !handed {
                let at = pen.now();
                drop(inside);
                pen.write(at, EventKind::GaveUp { lock: self.id });
                return false;
            }
        } else {
            inside.set(TAKEN, 1);
            if deadline.is_some() {
                pen.write(pen.now(), EventKind::Tried { lock: self.id });
            }
        }
        let grant = inside.get(GRANTS) + 1;
        inside.set(GRANTS, grant);
        let at = pen.now();
        drop(inside);
        pen.acquired_at(at, self.id, Grant(grant));
        true
    }

    /// Gives it back.
    pub fn give_back(self, pen: &mut Recorder<'_>) {
        let mut inside = self.monitor.enter();
        if !inside.wake_one(HANDED) {
            inside.set(TAKEN, 0);
        }
        let at = pen.now();
        drop(inside);
        pen.released(at, self.id);
    }
}
