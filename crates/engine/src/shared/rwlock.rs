//! A lock that many readers, or one writer, can have, with a policy for who goes first.
//!
//! No reader waits for other readers alone: if it waits while readers are in, a writer waits before it, and it will not go
//! in before that one. A reader that could go in stays able to, whoever comes until it wakes. The proof that a deadlock is
//! one rests on this. A process that is killed while it waits or is in counts for ever, as with the rwlocks of systems.

use super::monitor::{Bell, Inside, Monitor};
use crate::recorder::Recorder;
use contend_trace::{EventKind, Grant, ResourceId, RwPolicy};

/// Readers that are in.
const READERS: usize = 0;
/// 1 while a writer is in.
const WRITER: usize = 1;
/// How often it was granted.
const GRANTS: usize = 2;
/// Writers that ever had to wait, and those of them that have gone in.
const WRITERS_CAME: usize = 3;
const WRITERS_WENT: usize = 4;
/// The same of readers.
const READERS_CAME: usize = 5;
const READERS_WENT: usize = 6;
/// Of readers that had to wait the first so many may go in, whatever writers come.
const LET_IN: usize = 7;
/// Rung when somebody who waits may go in.
const CHANGED: Bell = Bell(8);

#[derive(Debug, Clone, Copy)]
pub struct Rwlock<'a> {
    id: ResourceId,
    monitor: Monitor<'a>,
    policy: RwPolicy,
}

/// How many had come before one that waits.
#[derive(Debug, Clone, Copy)]
struct Before {
    writers: u64,
    readers: u64,
}

impl Before {
    fn now(inside: &Inside<'_>) -> Self {
        Self { writers: inside.get(WRITERS_CAME), readers: inside.get(READERS_CAME) }
    }
}

impl<'a> Rwlock<'a> {
    /// The rwlock in this monitor's words.
    pub const fn at(id: ResourceId, monitor: Monitor<'a>, policy: RwPolicy) -> Self {
        Self { id, monitor, policy }
    }

    /// Makes it usable: once, before any other process has the memory.
    pub fn init(self) {
        self.monitor.init();
    }

    /// Goes in as a reader.
    pub async fn read(self, pen: &mut Recorder<'_>) {
        let mut inside = self.monitor.enter();
        let before = Before::now(&inside);
        if !self.may_read(&inside, before) {
            let behind = if self.policy == RwPolicy::Readers { 0 } else { before.writers };
            self.tell(EventKind::Queued { lock: self.id, behind, shared: true }, before.readers, pen);
            add(&mut inside, READERS_CAME);
            while !self.may_read(&inside, before) {
                inside = inside.wait(CHANGED).await;
            }
            add(&mut inside, READERS_WENT);
        }
        add(&mut inside, READERS);
        self.have(inside, Grant::shared, pen);
    }

    /// Goes in as the writer.
    pub async fn write(self, pen: &mut Recorder<'_>) {
        let mut inside = self.monitor.enter();
        let before = Before::now(&inside);
        if !self.may_write(&inside, before) {
            let ask = EventKind::Queued { lock: self.id, behind: before.writers, shared: false };
            self.tell(ask, inside.get(LET_IN), pen);
            add(&mut inside, WRITERS_CAME);
            while !self.may_write(&inside, before) {
                inside = inside.wait(CHANGED).await;
            }
            add(&mut inside, WRITERS_WENT);
        }
        inside.set(WRITER, 1);
        self.have(inside, Grant, pen);
    }

    /// Leaves, as whatever it is in.
    pub fn leave(self, pen: &mut Recorder<'_>) {
        let mut inside = self.monitor.enter();
        let writer = inside.get(WRITER) > 0;
        if writer {
            inside.set(WRITER, 0);
            if inside.get(WRITERS_CAME) == inside.get(WRITERS_WENT) {
                inside.set(LET_IN, inside.get(READERS_CAME));
            }
        } else {
            inside.set(READERS, inside.get(READERS).saturating_sub(1));
        }
        let waiting = [(READERS_CAME, READERS_WENT), (WRITERS_CAME, WRITERS_WENT)];
        if inside.get(READERS) == 0 && waiting.iter().any(|(came, went)| inside.get(*came) > inside.get(*went)) {
            inside.wake_all(CHANGED);
        }
        let at = pen.now();
        drop(inside);
        pen.released(at, self.id);
    }

    /// Tells that it begins to wait. Where writers go first it matters which readers those that wait let in before them, and
    /// which reader one is.
    fn tell(self, ask: EventKind, count: u64, pen: &mut Recorder<'_>) {
        let asks = [ask, EventKind::Readers { lock: self.id, count }];
        let told = if self.policy == RwPolicy::Writers { 2 } else { 1 };
        pen.wait_for(&asks[..told], self.id, false);
    }

    fn may_read(self, inside: &Inside<'_>, before: Before) -> bool {
        let writers_first = match self.policy {
            RwPolicy::Readers => 0,
            RwPolicy::Writers => inside.get(WRITERS_CAME),
            RwPolicy::Fair => before.writers,
        };
        let in_turn = inside.get(WRITERS_WENT) >= writers_first || inside.get(LET_IN) > before.readers;
        inside.get(WRITER) == 0 && in_turn
    }

    fn may_write(self, inside: &Inside<'_>, before: Before) -> bool {
        let free = inside.get(WRITER) == 0 && inside.get(READERS) == 0;
        let in_turn = inside.get(WRITERS_WENT) >= before.writers && inside.get(READERS_WENT) >= before.readers;
        free && (self.policy != RwPolicy::Fair || in_turn)
    }

    fn have(self, mut inside: Inside<'_>, grant: impl Fn(u64) -> Grant, pen: &mut Recorder<'_>) {
        add(&mut inside, GRANTS);
        let (at, number) = (pen.now(), inside.get(GRANTS));
        drop(inside);
        pen.acquired_at(at, self.id, grant(number));
    }
}

fn add(inside: &mut Inside<'_>, place: usize) {
    inside.set(place, inside.get(place) + 1);
}
