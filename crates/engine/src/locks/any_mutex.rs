//! The mutexes that a scenario can compare, behind one interface. All are the real ones and wait without a limit unless
//! a timeout is given, so a deadlock on them is a real deadlock.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use spin::mutex::{SpinMutex, SpinMutexGuard, TicketMutex, TicketMutexGuard};

use crate::recorder::Recorder;
use contend_platform::{LockOutcome, ROBUST_MUTEX_WORDS, RobustMutex};
use contend_trace::{EventKind, Grant, LockKind, ResourceId};

/// A mutex that protects the number of its grants.
#[derive(Debug)]
pub enum AnyMutex<'a> {
    Std(Mutex<u64>),
    ParkingLot(parking_lot::Mutex<u64>),
    Fair(parking_lot::Mutex<u64>),
    Spin(SpinMutex<u64>),
    Ticket(TicketMutex<u64>),
    Reentrant(parking_lot::ReentrantMutex<Cell<u64>>),
    /// In the run memory, for several processes.
    Shared {
        mutex: RobustMutex<'a>,
        grants: &'a AtomicU64,
        kind: LockKind,
    },
}

/// A held lock. Dropping it unlocks.
#[derive(Debug)]
pub enum AnyMutexGuard<'l> {
    Std(std::sync::MutexGuard<'l, u64>),
    ParkingLot(parking_lot::MutexGuard<'l, u64>),
    Fair(Option<parking_lot::MutexGuard<'l, u64>>),
    Spin(SpinMutexGuard<'l, u64>),
    Ticket(TicketMutexGuard<'l, u64>),
    Reentrant(parking_lot::ReentrantMutexGuard<'l, Cell<u64>>),
    Shared { mutex: RobustMutex<'l>, is_robust: bool },
}

/// A held lock with the number of its grant.
#[derive(Debug)]
pub struct MutexGrant<'l> {
    /// Held until dropped.
    guard: AnyMutexGuard<'l>,
    pub grant: Grant,
    /// Whether the last owner died while holding the lock.
    pub is_orphaned: bool,
    /// Whether the holder locked it again, which no other worker can notice.
    is_reentry: bool,
}

impl<'a> AnyMutex<'a> {
    /// Returns a lock of this kind, in `cells` if it is shared by processes; `None` for the kinds that are no lock or
    /// belong to tasks.
    pub fn new(kind: LockKind, cells: &'a [AtomicU64; 16]) -> Option<Self> {
        Some(match kind {
            LockKind::Std => Self::Std(Mutex::new(0)),
            LockKind::ParkingLot => Self::ParkingLot(parking_lot::Mutex::new(0)),
            LockKind::Fair => Self::Fair(parking_lot::Mutex::new(0)),
            LockKind::Spin => Self::Spin(SpinMutex::new(0)),
            LockKind::Ticket => Self::Ticket(TicketMutex::new(0)),
            LockKind::Reentrant => Self::Reentrant(parking_lot::ReentrantMutex::new(Cell::new(0))),
            LockKind::NotRobust | LockKind::Robust | LockKind::RobustReentrant => {
                let mutex = cells.first_chunk::<ROBUST_MUTEX_WORDS>()?; // never fails: a resource has 16 words
                Self::Shared { mutex: RobustMutex::at(mutex), grants: &cells[15], kind }
            }
            // Tasks have `AsyncMutex`.
            LockKind::Off | LockKind::Async | LockKind::AsyncReentrant => return None,
        })
    }

    /// Initialises a shared lock. Called once, before any other process has the memory.
    pub fn init(&self) {
        match self {
            Self::Shared { mutex, kind: LockKind::NotRobust, .. } => mutex.init_not_robust(),
            Self::Shared { mutex, kind, .. } => mutex.init(kind.is_reentrant()),
            _ => {}
        }
    }

    /// Locks if the lock is free.
    #[inline]
    pub fn try_lock(&self) -> Option<MutexGrant<'_>> {
        let guard = match self {
            Self::Std(m) => match m.try_lock() {
                Ok(guard) => AnyMutexGuard::Std(guard),
                Err(TryLockError::Poisoned(p)) => AnyMutexGuard::Std(p.into_inner()),
                Err(TryLockError::WouldBlock) => return None,
            },
            Self::ParkingLot(m) => AnyMutexGuard::ParkingLot(m.try_lock()?),
            Self::Fair(m) => AnyMutexGuard::Fair(Some(m.try_lock()?)),
            Self::Spin(m) => AnyMutexGuard::Spin(m.try_lock()?),
            Self::Ticket(m) => AnyMutexGuard::Ticket(m.try_lock()?),
            Self::Reentrant(m) => AnyMutexGuard::Reentrant(m.try_lock()?),
            Self::Shared { mutex, .. } => return mutex.try_lock().map(|taken| self.shared_grant(*mutex, taken)),
        };
        Some(MutexGrant::count(guard))
    }

    /// Locks, waiting without a limit.
    pub fn lock(&self) -> MutexGrant<'_> {
        MutexGrant::count(match self {
            Self::Std(m) => AnyMutexGuard::Std(m.lock().unwrap_or_else(PoisonError::into_inner)),
            Self::ParkingLot(m) => AnyMutexGuard::ParkingLot(m.lock()),
            Self::Fair(m) => AnyMutexGuard::Fair(Some(m.lock())),
            Self::Spin(m) => AnyMutexGuard::Spin(m.lock()),
            Self::Ticket(m) => AnyMutexGuard::Ticket(m.lock()),
            Self::Reentrant(m) => AnyMutexGuard::Reentrant(m.lock()),
            Self::Shared { mutex, .. } => return self.shared_grant(*mutex, mutex.lock()),
        })
    }

    /// Locks, waiting for `limit` at most. Kinds without a timed wait try again every 50 µs, as programs do with them.
    pub fn lock_for(&self, limit: Duration) -> Option<MutexGrant<'_>> {
        match self {
            Self::ParkingLot(m) => m.try_lock_for(limit).map(|g| MutexGrant::count(AnyMutexGuard::ParkingLot(g))),
            Self::Fair(m) => m.try_lock_for(limit).map(|g| MutexGrant::count(AnyMutexGuard::Fair(Some(g)))),
            Self::Reentrant(m) => m.try_lock_for(limit).map(|g| MutexGrant::count(AnyMutexGuard::Reentrant(g))),
            Self::Shared { mutex, .. } => {
                let nanos = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
                mutex.try_lock_for(nanos).map(|taken| self.shared_grant(*mutex, taken))
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

    /// Locks again for the holder; `None` if this kind would deadlock.
    pub fn lock_reentrant(&self) -> Option<MutexGrant<'_>> {
        let guard = match self {
            Self::Reentrant(m) => AnyMutexGuard::Reentrant(m.lock()),
            Self::Shared { mutex, kind, .. } if kind.is_reentrant() => {
                mutex.lock();
                AnyMutexGuard::Shared { mutex: *mutex, is_robust: true }
            }
            _ => return None,
        };
        Some(MutexGrant { guard, grant: Grant(0), is_orphaned: false, is_reentry: true })
    }

    /// Locks and records that. A free lock is one event; a wait is recorded before it begins.
    #[inline]
    pub fn lock_recorded(&self, id: ResourceId, recorder: &mut Recorder<'_>) -> MutexGrant<'_> {
        let held = self.try_lock().unwrap_or_else(|| {
            recorder.wait_for_lock(id, false);
            self.lock()
        });
        held.record_grant(id, recorder)
    }

    /// Locks within `limit`, if possible, and records that.
    pub fn lock_recorded_for(
        &self,
        limit: Duration,
        id: ResourceId,
        recorder: &mut Recorder<'_>,
    ) -> Option<MutexGrant<'_>> {
        let held = self.try_lock();
        if held.is_some() {
            recorder.write(recorder.now(), EventKind::TimedAttempt { lock: id });
        }
        let held = held.or_else(|| {
            recorder.wait_for_lock(id, true);
            let held = self.lock_for(limit);
            if held.is_none() {
                recorder.write(recorder.now(), EventKind::WaitTimedOut { lock: id });
            }
            held
        });
        held.map(|held| held.record_grant(id, recorder))
    }

    /// Returns whether a worker holds it, in a process that no other thread uses: the copy that a fork made.
    pub fn is_locked(&self) -> bool {
        match self {
            Self::Std(m) => matches!(m.try_lock(), Err(TryLockError::WouldBlock)),
            Self::ParkingLot(m) | Self::Fair(m) => m.is_locked(),
            Self::Spin(m) => m.is_locked(),
            Self::Ticket(m) => m.is_locked(),
            Self::Reentrant(m) => m.is_locked(),
            Self::Shared { .. } => false, // a fork copies no shared memory
        }
    }

    fn shared_grant<'l>(&'l self, mutex: RobustMutex<'l>, taken: LockOutcome) -> MutexGrant<'l> {
        let Self::Shared { grants, kind, .. } = self else { unreachable!("the others are of one process") };
        let grant = grants.fetch_add(1, Ordering::Relaxed) + 1; // Relaxed: only the holder counts
        MutexGrant {
            guard: AnyMutexGuard::Shared { mutex, is_robust: kind.is_robust() },
            grant: Grant(grant),
            is_orphaned: taken == LockOutcome::OwnerDied,
            is_reentry: false,
        }
    }
}

impl<'l> MutexGrant<'l> {
    /// Counts the grant while holding the lock.
    #[inline]
    fn count(mut guard: AnyMutexGuard<'l>) -> Self {
        if let AnyMutexGuard::Reentrant(g) = &guard {
            g.set(g.get() + 1);
            let grant = Grant(g.get());
            return Self { guard, grant, is_orphaned: false, is_reentry: false };
        }
        let grants: &mut u64 = match &mut guard {
            AnyMutexGuard::Std(g) => g,
            AnyMutexGuard::ParkingLot(g) | AnyMutexGuard::Fair(Some(g)) => g,
            AnyMutexGuard::Spin(g) => g,
            AnyMutexGuard::Ticket(g) => g,
            AnyMutexGuard::Fair(None) | AnyMutexGuard::Reentrant(_) | AnyMutexGuard::Shared { .. } => {
                unreachable!("counted elsewhere or just made")
            }
        };
        *grants += 1;
        let grant = Grant(*grants);
        Self { guard, grant, is_orphaned: false, is_reentry: false }
    }
}

impl MutexGrant<'_> {
    #[inline]
    fn record_grant(self, id: ResourceId, recorder: &mut Recorder<'_>) -> Self {
        if self.is_orphaned {
            recorder.write(recorder.now(), EventKind::OwnerDied { lock: id });
        }
        recorder.record_acquired(id, self.grant);
        self
    }

    /// Unlocks and records that. The time stamp is taken inside the lock, the event written outside.
    #[inline]
    pub fn release(self, id: ResourceId, recorder: &mut Recorder<'_>) {
        if self.is_reentry {
            return;
        }
        let at = recorder.now();
        if let AnyMutexGuard::Shared { is_robust: false, .. } = self.guard {
            // Recorded first: a process that was killed in between would seem to hold the lock, which is free.
            recorder.record_released(at, id);
            return drop(self);
        }
        drop(self);
        recorder.record_released(at, id);
    }
}

impl Drop for AnyMutexGuard<'_> {
    fn drop(&mut self) {
        match self {
            Self::Fair(guard) => guard.take().map_or((), parking_lot::MutexGuard::unlock_fair),
            Self::Shared { mutex, .. } => mutex.unlock(),
            _ => {} // the guard inside unlocks
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_excludes_other_threads_and_counts_grants() {
        for kind in LockKind::NAMED.into_iter().chain([LockKind::Robust, LockKind::RobustReentrant]) {
            let cells = [const { AtomicU64::new(0) }; 16];
            let Some(lock) = AnyMutex::new(kind, &cells) else {
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
            assert_eq!(lock.lock_reentrant().is_some(), kind.is_reentrant(), "{kind:?}");
            if kind != LockKind::Robust && !kind.is_reentrant() {
                assert!(lock.try_lock().is_none(), "{kind:?} was granted twice");
            }
            drop(held);
            assert!(lock.try_lock().is_some());
        }
    }
}
