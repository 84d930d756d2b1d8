//! A bounded queue of items that are all alike. Stamps and depths are taken inside its monitor.

use super::monitor::{Bell, Inside, Monitor};
use crate::recorder::Recorder;
use contend_trace::{EventKind, ResourceId, State};

const DEPTH: usize = 0;
const CLOSED: usize = 1;
/// How many wait for an item, and for room: nobody is woken for nothing.
const TAKERS: usize = 2;
const PUTTERS: usize = 3;
const MORE: Bell = Bell(4);
const ROOM: Bell = Bell(5);
/// How many items were ever put, and taken.
const PUT: usize = 6;
const TAKEN: usize = 7;

#[derive(Debug, Clone, Copy)]
pub struct Queue<'a> {
    pub id: ResourceId,
    pub capacity: u32,
    pub monitor: Monitor<'a>,
}

/// The queue takes no more items, or gives no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

impl Queue<'_> {
    /// Puts an item, waiting for room.
    ///
    /// # Errors
    /// If the queue is closed, or closed meanwhile.
    pub async fn put(self, pen: &mut Recorder<'_>) -> Result<(), Closed> {
        let mut inside = self.monitor.enter();
        if self.is_full(&inside) {
            pen.wait_at(State::Full, self.id);
            while self.is_full(&inside) {
                inside = wait(inside, PUTTERS, ROOM).await;
            }
            pen.leave();
            if is_closed(&inside) {
                pen.resume();
            }
        }
        if is_closed(&inside) {
            return Err(Closed);
        }
        self.push(inside, pen);
        Ok(())
    }

    /// Puts an item if there is room now.
    ///
    /// # Errors
    /// If the queue is closed.
    pub fn try_put(self, pen: &mut Recorder<'_>) -> Result<bool, Closed> {
        let inside = self.monitor.enter();
        if is_closed(&inside) {
            return Err(Closed);
        }
        let room = !self.is_full(&inside);
        if room {
            self.push(inside, pen);
        }
        Ok(room)
    }

    /// Takes an item, waiting for one.
    ///
    /// # Errors
    /// If the queue is empty and closed, or closed meanwhile.
    pub async fn take(self, pen: &mut Recorder<'_>) -> Result<(), Closed> {
        let mut inside = self.monitor.enter();
        let empty = |inside: &Inside<'_>| inside.get(DEPTH) == 0;
        if empty(&inside) && !is_closed(&inside) {
            pen.wait_at(State::Empty, self.id);
            while empty(&inside) && !is_closed(&inside) {
                inside = wait(inside, TAKERS, MORE).await;
            }
            pen.leave();
            if empty(&inside) {
                pen.resume();
            }
        }
        if empty(&inside) {
            return Err(Closed);
        }
        self.pop(inside, pen);
        Ok(())
    }

    /// Takes an item if there is one now.
    pub fn try_take(self, pen: &mut Recorder<'_>) -> bool {
        let inside = self.monitor.enter();
        let some = inside.get(DEPTH) > 0;
        if some {
            self.pop(inside, pen);
        }
        some
    }

    /// No more items will be put.
    pub fn close(self, pen: &mut Recorder<'_>) {
        let mut inside = self.monitor.enter();
        inside.set(CLOSED, 1);
        inside.wake_all(MORE);
        inside.wake_all(ROOM);
        let at = pen.now();
        drop(inside);
        pen.write(at, EventKind::Closed { queue: self.id });
    }

    /// How many items are in it.
    pub fn depth(self) -> u64 {
        self.monitor.enter().get(DEPTH)
    }

    /// What it has not got now, as anybody can see from outside: items, or room. In a closed one nobody waits.
    pub fn lacks(self) -> Option<State> {
        match self.monitor.peek(DEPTH) {
            _ if self.monitor.peek(CLOSED) == 1 => None,
            0 => Some(State::Empty),
            depth if depth >= u64::from(self.capacity) => Some(State::Full),
            _ => None,
        }
    }

    /// Whether whoever puts must wait. A closed queue lets nobody wait.
    fn is_full(self, inside: &Inside<'_>) -> bool {
        inside.get(DEPTH) >= u64::from(self.capacity) && !is_closed(inside)
    }

    fn push(self, mut inside: Inside<'_>, pen: &mut Recorder<'_>) {
        let depth = inside.get(DEPTH) + 1;
        let nth = inside.get(PUT) + 1;
        inside.set(PUT, nth);
        inside.set(DEPTH, depth);
        if inside.get(TAKERS) > 0 {
            inside.wake_one(MORE);
        }
        let at = pen.now();
        drop(inside);
        pen.write(at, EventKind::PutNth { queue: self.id, depth: depth as u16, nth: nth as u32 });
    }

    fn pop(self, mut inside: Inside<'_>, pen: &mut Recorder<'_>) {
        let depth = inside.get(DEPTH).saturating_sub(1);
        let nth = inside.get(TAKEN) + 1;
        inside.set(TAKEN, nth);
        inside.set(DEPTH, depth);
        if inside.get(PUTTERS) > 0 {
            inside.wake_one(ROOM);
        }
        let at = pen.now();
        drop(inside);
        pen.write(at, EventKind::TookNth { queue: self.id, depth: depth as u16, nth: nth as u32 });
    }
}

fn is_closed(inside: &Inside<'_>) -> bool {
    inside.get(CLOSED) == 1
}

/// Waits for the bell, counted among those who do.
async fn wait(mut inside: Inside<'_>, who: usize, bell: Bell) -> Inside<'_> {
    inside.set(who, inside.get(who) + 1);
    let mut inside = inside.wait(bell).await;
    inside.set(who, inside.get(who).saturating_sub(1));
    inside
}
