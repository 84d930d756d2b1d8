//! The locks that can be compared, behind one face. All are the real ones, and all wait without a limit unless asked:
//! a deadlock in here is a deadlock.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use spin::mutex::{SpinMutex, SpinMutexGuard, TicketMutex, TicketMutexGuard};

use super::recorder::Recorder;
use contend_platform::{ROBUST_WORDS, Robust, Taken};
use contend_trace::{EventKind, Grant, LockKind, ResourceId};

/// A mutex with the number of times it was granted as its content.
#[derive(Debug)]
pub enum Lock<'a> {
    Std(Mutex<u64>),
    ParkingLot(parking_lot::Mutex<u64>),
    Fair(parking_lot::Mutex<u64>),
    Spin(SpinMutex<u64>),
    Ticket(TicketMutex<u64>),
    Reentrant(parking_lot::ReentrantMutex<Cell<u64>>),
    Robust { mutex: Robust<'a>, grants: &'a AtomicU64, reentrant: bool },
}

/// A held lock. Dropping it gives it back.
#[derive(Debug)]
pub enum Guard<'l> {
    Std(std::sync::MutexGuard<'l, u64>),
    ParkingLot(parking_lot::MutexGuard<'l, u64>),
    Fair(Option<parking_lot::MutexGuard<'l, u64>>),
    Spin(SpinMutexGuard<'l, u64>),
    Ticket(TicketMutexGuard<'l, u64>),
    Reentrant(parking_lot::ReentrantMutexGuard<'l, Cell<u64>>),
    Robust { mutex: Robust<'l> },
}

/// What one gets with a lock.
#[derive(Debug)]
pub struct Held<'l> {
    /// Kept for its drop.
    _guard: Guard<'l>,
    pub grant: Grant,
    /// Its former owner died while holding it.
    pub orphaned: bool,
    /// Had once more by who had it already: nothing that anyone else could notice.
    again: bool,
}

impl<'a> Lock<'a> {
    /// A lock of this kind; `cells` is its place in shared memory, where it needs one. `None` for no lock at all.
    pub fn new(kind: LockKind, cells: &'a [AtomicU64; 16]) -> Option<Self> {
        Some(match kind {
            LockKind::Std => Self::Std(Mutex::new(0)),
            LockKind::ParkingLot => Self::ParkingLot(parking_lot::Mutex::new(0)),
            LockKind::Fair => Self::Fair(parking_lot::Mutex::new(0)),
            LockKind::Spin => Self::Spin(SpinMutex::new(0)),
            LockKind::Ticket => Self::Ticket(TicketMutex::new(0)),
            LockKind::Reentrant => Self::Reentrant(parking_lot::ReentrantMutex::new(Cell::new(0))),
            LockKind::Robust | LockKind::RobustReentrant => {
                let mutex = cells.first_chunk::<ROBUST_WORDS>()?; // always: a resource has 16 words
                Self::Robust { mutex: Robust::at(mutex), grants: &cells[15], reentrant: kind.is_reentrant() }
            }
            // Tasks have a mutex of their own.
            LockKind::Off | LockKind::Async | LockKind::AsyncReentrant => return None,
        })
    }

    /// Makes a shared lock usable: once, before any other process has the memory.
    pub fn init(&self) {
        if let Self::Robust { mutex, reentrant, .. } = self {
            mutex.init(*reentrant);
        }
    }

    /// Takes it if it is free.
    #[inline]
    pub fn try_lock(&self) -> Option<Held<'_>> {
        let guard = match self {
            Self::Std(m) => match m.try_lock() {
                Ok(guard) => Guard::Std(guard),
                Err(TryLockError::Poisoned(p)) => Guard::Std(p.into_inner()),
                Err(TryLockError::WouldBlock) => return None,
            },
            Self::ParkingLot(m) => Guard::ParkingLot(m.try_lock()?),
            Self::Fair(m) => Guard::Fair(Some(m.try_lock()?)),
            Self::Spin(m) => Guard::Spin(m.try_lock()?),
            Self::Ticket(m) => Guard::Ticket(m.try_lock()?),
            Self::Reentrant(m) => Guard::Reentrant(m.try_lock()?),
            Self::Robust { mutex, .. } => return mutex.try_lock().map(|taken| self.shared(*mutex, taken)),
        };
        Some(Held::count(guard))
    }

    /// Waits for it, without a limit.
    pub fn lock(&self) -> Held<'_> {
        Held::count(match self {
            Self::Std(m) => Guard::Std(m.lock().unwrap_or_else(PoisonError::into_inner)),
            Self::ParkingLot(m) => Guard::ParkingLot(m.lock()),
            Self::Fair(m) => Guard::Fair(Some(m.lock())),
            Self::Spin(m) => Guard::Spin(m.lock()),
            Self::Ticket(m) => Guard::Ticket(m.lock()),
            Self::Reentrant(m) => Guard::Reentrant(m.lock()),
            Self::Robust { mutex, .. } => return self.shared(*mutex, mutex.lock()),
        })
    }

    /// Waits for it for `limit` at most. Kinds that know no timed wait try again every 50 µs, as programs do with them.
    pub fn lock_for(&self, limit: Duration) -> Option<Held<'_>> {
        match self {
            Self::ParkingLot(m) => m.try_lock_for(limit).map(|g| Held::count(Guard::ParkingLot(g))),
            Self::Fair(m) => m.try_lock_for(limit).map(|g| Held::count(Guard::Fair(Some(g)))),
            Self::Reentrant(m) => m.try_lock_for(limit).map(|g| Held::count(Guard::Reentrant(g))),
            Self::Robust { mutex, .. } => {
                let nanos = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
                mutex.lock_for(nanos).map(|taken| self.shared(*mutex, taken))
            }
            Self::Std(_) | Self::Spin(_) | Self::Ticket(_) => {
                let until = Instant::now() + limit;
                loop {
                    if let Some(held) = self.try_lock() {
                        return Some(held);
                    }
                    if Instant::now() >= until {
                        return None;
                    }
                    std::thread::sleep(Duration::from_micros(50));
                }
            }
        }
    }

    /// Takes it once more, for who has it already; `None` if this kind would wait for ever.
    pub fn again(&self) -> Option<Held<'_>> {
        let guard = match self {
            Self::Reentrant(m) => Guard::Reentrant(m.lock()),
            Self::Robust { mutex, reentrant: true, .. } => {
                mutex.lock();
                Guard::Robust { mutex: *mutex }
            }
            _ => return None,
        };
        Some(Held { _guard: guard, grant: Grant(0), orphaned: false, again: true })
    }

    /// Takes it and records that. A free one is tried first and is one event; a wait is written before it begins.
    #[inline]
    pub fn take(&self, id: ResourceId, pen: &mut Recorder<'_>) -> Held<'_> {
        let held = self.try_lock().unwrap_or_else(|| {
            pen.wait(id, false);
            self.lock()
        });
        held.had(id, pen)
    }

    /// Takes it within `limit`, or not, and records that.
    pub fn take_within(&self, limit: Duration, id: ResourceId, pen: &mut Recorder<'_>) -> Option<Held<'_>> {
        let held = self.try_lock();
        if held.is_some() {
            pen.write(pen.now(), EventKind::Tried { lock: id });
        }
        let held = held.or_else(|| {
            pen.wait(id, true);
            let held = self.lock_for(limit);
            if held.is_none() {
                pen.write(pen.now(), EventKind::GaveUp { lock: id });
            }
            held
        });
        held.map(|held| held.had(id, pen))
    }

    fn shared<'l>(&'l self, mutex: Robust<'l>, taken: Taken) -> Held<'l> {
        let Self::Robust { grants, .. } = self else { unreachable!("only robust locks are shared") };
        let grant = grants.fetch_add(1, Ordering::Relaxed) + 1; // Relaxed: only the holder counts
        Held { _guard: Guard::Robust { mutex }, grant: Grant(grant), orphaned: taken == Taken::OwnerDied, again: false }
    }
}

impl<'l> Held<'l> {
    /// Counts the grant, inside the lock.
    #[inline]
    fn count(mut guard: Guard<'l>) -> Self {
        if let Guard::Reentrant(g) = &guard {
            g.set(g.get() + 1);
            let grant = Grant(g.get());
            return Self { _guard: guard, grant, orphaned: false, again: false };
        }
        let grants: &mut u64 = match &mut guard {
            Guard::Std(g) => g,
            Guard::ParkingLot(g) | Guard::Fair(Some(g)) => g,
            Guard::Spin(g) => g,
            Guard::Ticket(g) => g,
            Guard::Fair(None) | Guard::Reentrant(_) | Guard::Robust { .. } => {
                unreachable!("counted elsewhere or just made")
            }
        };
        *grants += 1;
        let grant = Grant(*grants);
        Self { _guard: guard, grant, orphaned: false, again: false }
    }
}

impl Held<'_> {
    #[inline]
    fn had(self, id: ResourceId, pen: &mut Recorder<'_>) -> Self {
        if self.orphaned {
            pen.write(pen.now(), EventKind::OwnerDied { lock: id });
        }
        pen.acquired(id, self.grant);
        self
    }

    /// Gives it back and records that. The stamp is taken inside the lock, the event written outside it.
    #[inline]
    pub fn give_back(self, id: ResourceId, pen: &mut Recorder<'_>) {
        if self.again {
            return;
        }
        let at = pen.now();
        drop(self);
        pen.released(at, id);
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        match self {
            Self::Fair(guard) => guard.take().map_or((), parking_lot::MutexGuard::unlock_fair),
            Self::Robust { mutex } => mutex.unlock(),
            _ => {} // the guard inside unlocks
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_excludes_and_counts() {
        for kind in LockKind::NAMED.into_iter().chain([LockKind::Robust, LockKind::RobustReentrant]) {
            let cells = [const { AtomicU64::new(0) }; 16];
            let Some(lock) = Lock::new(kind, &cells) else {
                assert_eq!(kind, LockKind::Off);
                continue;
            };
            lock.init();
            std::thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(|| {
                        for _ in 0..1_000 {
                            drop(lock.try_lock().unwrap_or_else(|| lock.lock()));
                        }
                    });
                }
            });
            let held = lock.lock_for(Duration::from_secs(1)).expect("free");
            assert_eq!(held.grant, Grant(3_001), "{kind:?}");
            assert_eq!(lock.again().is_some(), kind.is_reentrant(), "{kind:?}");
            if kind != LockKind::Robust && !kind.is_reentrant() {
                assert!(lock.try_lock().is_none(), "{kind:?} was given twice");
            }
            drop(held);
            assert!(lock.try_lock().is_some());
        }
    }
}
