//! A lock that a worker holds, of any kind, and how it is released.

use super::any_mutex::MutexGrant;
use crate::recorder::Recorder;
use crate::shared::async_mutex::AsyncMutex;
use crate::shared::rwlock::Rwlock;
use crate::shared::semaphore::Semaphore;
use contend_platform::ThreadBound;
use contend_trace::ResourceId;

#[derive(Debug)]
pub enum HeldLock {
    /// A mutex of threads, which only the thread that locked it can unlock.
    Mutex(ThreadBound<MutexGrant<'static>>),
    /// A mutex of tasks.
    AsyncMutex(AsyncMutex<'static>),
    /// A mutex of tasks, locked again by its holder, which no other worker can notice.
    Reentered,
    /// Permits of a semaphore.
    Permits(Semaphore<'static>, u32),
    /// An rwlock, locked for reading or writing.
    Rwlock(Rwlock<'static>),
}

impl HeldLock {
    /// Releases the lock and records that.
    pub fn release(self, id: ResourceId, recorder: &mut Recorder<'_>) {
        match self {
            Self::Mutex(held) => {
                if let Some(held) = held.take() {
                    held.release(id, recorder);
                }
            }
            Self::AsyncMutex(mutex) => mutex.unlock(recorder),
            Self::Reentered => {}
            Self::Permits(semaphore, permits) => semaphore.release(permits, recorder),
            Self::Rwlock(rwlock) => rwlock.unlock(recorder),
        }
    }
}
