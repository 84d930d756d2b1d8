//! What a worker's step gives to others, and what it needs of them.

use super::clock::Clock;
use super::{Happens, Way};
use contend_trace::{EventKind, ResourceId, Stamp, State, WorkerId};

/// Queues with more room than this hardly make anybody wait for it.
const ROOM: u64 = 64;

/// A step that has to do with the order between workers.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Took a lock while it held others.
    Nested {
        lock: ResourceId,
        held: Vec<ResourceId>,
        at: Stamp,
    },
    Begin,
    /// The life is over.
    End,
    Event(EventKind),
}

impl Step {
    #[inline]
    pub(super) fn of(kind: &EventKind) -> Option<Self> {
        match kind {
            EventKind::Ended(_) => Some(Self::End),
            EventKind::PutNth { .. }
            | EventKind::TookNth { .. }
            | EventKind::Put { .. }
            | EventKind::Retried { .. }
            | EventKind::Signalled { .. }
            | EventKind::Heard { .. }
            | EventKind::SawSet { .. }
            | EventKind::Block { state: State::Signal, on: Some(_) }
            | EventKind::Posted { .. }
            | EventKind::Passed { .. }
            | EventKind::Acquired { .. }
            | EventKind::Released { .. }
            | EventKind::Sent { .. }
            | EventKind::Received { .. }
            | EventKind::Resolved { .. }
            | EventKind::Read { .. }
            | EventKind::Spawns { .. }
            | EventKind::SpawnedBy { .. }
            | EventKind::Joins { .. } => Some(Self::Event(*kind)),
            _ => None,
        }
    }
}

/// What has to come first.
type Needs = Result<Option<ResourceId>, ResourceId>;

impl Happens {
    /// Does a step, unless another worker's has to come first: through which resource that must come. What it gave.
    pub(super) fn pass(&mut self, w: WorkerId, step: &Step) -> Needs {
        match step {
            Step::Nested { lock, held, at } => {
                let clock = &mut self.tracks[w.index()].clock;
                let nth = clock.tick(w);
                let clock = clock.clone();
                self.orders.took(w, *lock, held, (*at, nth), |other, nth| clock.has_seen(other, nth));
                Ok(None)
            }
            Step::Begin => {
                self.tracks[w.index()].lives = true;
                Ok(None)
            }
            Step::End => Ok(self.end(w)),
            Step::Event(kind) => self.pass_event(w, *kind),
        }
    }

    fn pass_event(&mut self, w: WorkerId, kind: EventKind) -> Needs {
        match kind {
            EventKind::PutNth { queue, nth, .. } => self.put(w, queue, nth),
            EventKind::TookNth { queue, nth, .. } => self.took(w, queue, nth),
            // Items without numbers: nothing is known of who gave what to whom.
            EventKind::Put { queue, .. } => {
                if let Some(Way::Queue { .. }) = self.ways.get(queue.index()) {
                    self.lose();
                }
                Ok(None)
            }
            // Items that are taken twice and were put once.
            EventKind::Retried { .. } => {
                self.lose();
                Ok(None)
            }
            EventKind::Signalled { on, woken } => self.signalled(w, on, woken),
            EventKind::Heard { on, nth } => self.heard(w, on, nth),
            EventKind::SawSet { on, nth } => {
                let clock = match self.ways.get(on.index()) {
                    Some(Way::Signals { given, .. }) => given.up_to(nth).ok_or(on)?,
                    _ => return Ok(None),
                };
                self.follow(w, &clock);
                Ok(None)
            }
            EventKind::Block { on: Some(on), .. } => {
                if let Some(Way::Barrier(rounds)) = self.ways.get_mut(on.index()) {
                    rounds.come(&self.tracks[w.index()].clock);
                    return Ok(Some(on));
                }
                Ok(None)
            }
            EventKind::Posted { lock, .. } => Ok(self.gave_permit(w, lock)),
            EventKind::Passed { lock, grant } | EventKind::Acquired { lock, grant } => {
                self.has_turn(w, lock, grant.number())
            }
            EventKind::Released { lock, grant } => Ok(self.gave_turn(w, lock, grant.number())),
            EventKind::Sent { pipe, bytes, .. } => {
                if let Some(Way::Pipe { sent, .. }) = self.ways.get_mut(pipe.index()) {
                    sent.give(u64::from(bytes), &self.tracks[w.index()].clock);
                    return Ok(Some(pipe));
                }
                Ok(None)
            }
            EventKind::Received { pipe, bytes, .. } => self.received(w, pipe, bytes),
            EventKind::Resolved { on, nth, .. } => Ok(self.give(w, on, u64::from(nth))),
            EventKind::Read { on, nth, .. } => self.take(w, on, u64::from(nth)),
            EventKind::Spawns { life, nth } => Ok(self.give(w, life, nth)),
            EventKind::SpawnedBy { .. } => self.started(w),
            EventKind::Joins { life, nth } => {
                let clock = match self.ways.get(life.index()) {
                    Some(Way::Life { ends, .. }) => ends.see(nth).ok_or(life)?,
                    _ => return Ok(None),
                };
                self.follow(w, &clock);
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    /// What follows comes after this.
    fn follow(&mut self, w: WorkerId, clock: &Clock) {
        self.tracks[w.index()].clock.join(clock);
    }

    fn put(&mut self, w: WorkerId, on: ResourceId, nth: u32) -> Needs {
        let Some(Way::Queue { items, room, capacity }) = self.ways.get_mut(on.index()) else { return Ok(None) };
        let nth = items.whole(nth);
        if let Some(freed) = nth.checked_sub(*capacity).filter(|freed| *freed > 0 && *capacity <= ROOM) {
            let clock = room.take(freed).ok_or(on)?;
            self.tracks[w.index()].clock.join(&clock);
        }
        items.give(nth, &self.tracks[w.index()].clock);
        Ok(Some(on))
    }

    fn took(&mut self, w: WorkerId, on: ResourceId, nth: u32) -> Needs {
        let Some(Way::Queue { items, room, capacity }) = self.ways.get_mut(on.index()) else { return Ok(None) };
        let nth = items.whole(nth);
        let clock = items.take(nth).ok_or(on)?;
        self.tracks[w.index()].clock.join(&clock);
        if *capacity > ROOM {
            return Ok(None);
        }
        room.give(nth, &self.tracks[w.index()].clock);
        Ok(Some(on))
    }

    fn signalled(&mut self, w: WorkerId, on: ResourceId, woken: u32) -> Needs {
        let clock = &mut self.tracks[w.index()].clock;
        match self.ways.get_mut(on.index()) {
            Some(Way::Barrier(rounds)) => *clock = rounds.complete(woken, clock).ok_or(on)?,
            Some(Way::Signals { woken: all, given }) => {
                given.give(1, clock);
                all.give(u64::from(woken), clock);
            }
            _ => return Ok(None),
        }
        Ok(Some(on))
    }

    fn heard(&mut self, w: WorkerId, on: ResourceId, nth: u64) -> Needs {
        let clock = match self.ways.get(on.index()) {
            Some(Way::Barrier(rounds)) => rounds.over.up_to(nth).ok_or(on)?,
            Some(Way::Signals { woken, .. }) => woken.up_to(nth).ok_or(on)?,
            _ => return Ok(None),
        };
        self.follow(w, &clock);
        Ok(None)
    }

    fn gave_permit(&mut self, w: WorkerId, on: ResourceId) -> Option<ResourceId> {
        if let Some(Way::Posts { given, .. }) = self.ways.get_mut(on.index()) {
            given.give(1, &self.tracks[w.index()].clock);
            return Some(on);
        }
        None
    }

    /// Has a permit of a semaphore that is used as a signal, or a monitor's mutex.
    fn has_turn(&mut self, w: WorkerId, on: ResourceId, grant: u64) -> Needs {
        let clock = match self.ways.get_mut(on.index()) {
            Some(Way::Posts { had, given }) => given.up_to(grant.saturating_sub(*had)).ok_or(on)?,
            Some(Way::Turns { next, held }) => {
                let clock = if grant > 1 { next.take(grant).ok_or(on)? } else { Clock::default() };
                held.push((w, grant));
                clock
            }
            _ => return Ok(None),
        };
        self.follow(w, &clock);
        Ok(None)
    }

    fn gave_turn(&mut self, w: WorkerId, on: ResourceId, grant: u64) -> Option<ResourceId> {
        let clock = &self.tracks[w.index()].clock;
        match self.ways.get_mut(on.index()) {
            Some(Way::Posts { given, .. }) => given.give(1, clock),
            Some(Way::Turns { next, held }) => {
                held.retain(|hold| *hold != (w, grant));
                next.give(grant + 1, clock);
            }
            _ => return None,
        }
        Some(on)
    }

    fn received(&mut self, w: WorkerId, on: ResourceId, bytes: u32) -> Needs {
        let Some(Way::Pipe { sent, received }) = self.ways.get_mut(on.index()) else { return Ok(None) };
        let all = received.saturating_add(u64::from(bytes));
        let clock = sent.up_to(all).ok_or(on)?;
        *received = all;
        self.follow(w, &clock);
        Ok(None)
    }

    /// Gives the `nth` result, or start of a life.
    fn give(&mut self, w: WorkerId, on: ResourceId, nth: u64) -> Option<ResourceId> {
        let clock = &self.tracks[w.index()].clock;
        match self.ways.get_mut(on.index()) {
            Some(Way::Results(items)) => items.give(items.whole(nth as u32), clock),
            Some(Way::Life { starts, .. }) => starts.give(nth, clock),
            _ => return None,
        }
        Some(on)
    }

    fn take(&mut self, w: WorkerId, on: ResourceId, nth: u64) -> Needs {
        let Some(Way::Results(items)) = self.ways.get_mut(on.index()) else { return Ok(None) };
        let clock = items.take(items.whole(nth as u32)).ok_or(on)?;
        self.follow(w, &clock);
        Ok(None)
    }

    /// A life begins that another asked for.
    fn started(&mut self, w: WorkerId) -> Needs {
        let Some(on) = self.lives.get(w.index()).copied().flatten() else { return Ok(None) };
        let Some(Way::Life { starts, lives, .. }) = self.ways.get_mut(on.index()) else { return Ok(None) };
        let clock = starts.take(*lives + 1).ok_or(on)?;
        self.follow(w, &clock);
        Ok(None)
    }

    /// A life is over: that may be told twice, by the worker and by whoever finds it dead.
    fn end(&mut self, w: WorkerId) -> Option<ResourceId> {
        let track = &mut self.tracks[w.index()];
        if !std::mem::take(&mut track.lives) {
            return None;
        }
        let clock = track.clock.clone();
        // What a dead worker held goes to the next all the same.
        for way in &mut self.ways {
            if let Way::Turns { next, held } = way {
                held.iter().filter(|(owner, _)| *owner == w).for_each(|(_, grant)| next.give(grant + 1, &clock));
                held.retain(|(owner, _)| *owner != w);
            }
        }
        let on = self.lives.get(w.index()).copied().flatten()?;
        let Some(Way::Life { ends, lives, .. }) = self.ways.get_mut(on.index()) else { return None };
        *lives += 1;
        ends.give(*lives, &clock);
        Some(on)
    }
}
